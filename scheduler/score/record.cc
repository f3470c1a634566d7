// Names of categories and fields, and the record's small store.
#include "scheduler/score/record.h"

#include <algorithm>

namespace assay {
namespace {

constexpr const char* kCategoryNames[kCategoryCount] = {"process_creation",
                                                        "file_event",
                                                        "file_access",
                                                        "file_change",
                                                        "file_delete",
                                                        "file_rename",
                                                        "network_connection",
                                                        "dns_query",
                                                        "proxy",
                                                        "syscall",
                                                        "payload",
                                                        "flow",
                                                        "tls",
                                                        "host_name",
                                                        "unix_socket",
                                                        "network_listen",
                                                        "socket",
                                                        "stdio_socket",
                                                        "setid",
                                                        "output",
                                                        "file_left",
                                                        "usage",
                                                        "run",
                                                        "canary",
                                                        "honeytoken",
                                                        "guard",
                                                        "refused",
                                                        "yara"};

constexpr std::array<std::string_view, kFieldCount> kFieldNames = {
#define ASSAY_FIELD(name) #name,
    ASSAY_FIELDS(ASSAY_FIELD)
#undef ASSAY_FIELD
};

// Sigma's proxy fields have a dash, which an enumerator cannot.
std::string_view shown(std::string_view enumerator) {
  if (enumerator == "c_uri") return "c-uri";
  if (enumerator == "cs_host") return "cs-host";
  if (enumerator == "cs_method") return "cs-method";
  return enumerator;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

}  // namespace

const char* to_string(Category category) { return kCategoryNames[static_cast<size_t>(category)]; }

std::optional<Category> category_of(std::string_view name) {
  for (size_t i = 0; i < kCategoryCount; ++i)
    if (name == kCategoryNames[i]) return static_cast<Category>(i);
  return std::nullopt;
}

std::string_view field_name(Field field) { return shown(kFieldNames[static_cast<size_t>(field)]); }

std::optional<Field> field_of(std::string_view name) {
  for (size_t i = 0; i < kFieldCount; ++i)
    if (name == shown(kFieldNames[i])) return static_cast<Field>(i);
  return std::nullopt;
}

const std::string& Record::Entry::folded() const {
  if (!lowered) {
    lower.assign(value);
    std::transform(lower.begin(), lower.end(), lower.begin(), assay::lower);
    lowered = true;
  }
  return lower;
}

void Record::borrow(Field field, std::string_view value) {
  if (value.empty() || entries_.size() >= kMaxEntries) return;
  auto& first = first_[static_cast<size_t>(field)];
  if (first == kNone) first = static_cast<uint16_t>(entries_.size());
  entries_.push_back({field, value, {}, false});
}

void Record::own(Field field, std::string value) {
  owned_.push_back(std::move(value));
  borrow(field, owned_.back());
}

std::string_view Record::get(Field field) const {
  auto index = first_[static_cast<size_t>(field)];
  return index == kNone ? std::string_view() : entries_[index].value;
}

}  // namespace assay
