// Names of categories and fields.
#include "scheduler/score/fields.h"

#include <array>
#include <iterator>
#include <utility>

namespace assay {
namespace {

constexpr const char* kCategoryNames[] = {"process_creation",
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
                                          "yara",
                                          "auditd",
                                          "log",
                                          "image",
                                          "container_escape",
                                          "memory",
                                          "evasion",
                                          "persistence_check",
                                          "stdio_pipe",
                                          "beacon",
                                          "change"};
static_assert(std::size(kCategoryNames) == kCategoryCount);

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

constexpr std::pair<std::string_view, Category> kOtherNames[] = {
    {"dns", Category::dns_query}, {"resource", Category::run}, {"host_guard", Category::guard}};

// As Sigma's generic category `dns` and others call them.
constexpr std::pair<std::string_view, Field> kOtherFields[] = {
    {"record_type", Field::QueryType}, {"query", Field::QueryName}, {"answer", Field::QueryResults}};

}  // namespace

const char* to_string(Category category) { return kCategoryNames[static_cast<size_t>(category)]; }

std::optional<Category> category_of(std::string_view name) {
  for (const auto& [other, category] : kOtherNames)
    if (name == other) return category;
  for (size_t i = 0; i < kCategoryCount; ++i)
    if (name == kCategoryNames[i]) return static_cast<Category>(i);
  return std::nullopt;
}

std::string_view field_name(Field field) { return shown(kFieldNames[static_cast<size_t>(field)]); }

std::optional<Field> field_of(std::string_view name) {
  for (const auto& [other, field] : kOtherFields)
    if (name == other) return field;
  for (size_t i = 0; i < kFieldCount; ++i)
    if (name == shown(kFieldNames[i])) return static_cast<Field>(i);
  return std::nullopt;
}

}  // namespace assay
