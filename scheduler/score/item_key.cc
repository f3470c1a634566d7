// Keys and the combinations of modifiers that mean something (Sigma's appendix of modifiers).
#include "scheduler/score/item_key.h"

#include <iterator>

#include "common/text.h"

namespace assay {
namespace {

using Key = ItemKey;

// How a value is held against a field; a key has one of them at most.
constexpr std::string_view kMatching[] = {"contains", "startswith", "endswith", "re", "cidr",
                                          "exists",   "gt",         "gte",      "lt", "lte"};
constexpr std::string_view kTransforming[] = {"windash", "wide",   "utf16le",     "utf16be",
                                              "utf16",   "base64", "base64offset"};
constexpr std::string_view kOthers[] = {"all", "cased", "neq", "expand", "fieldref"};

template <size_t N>
bool among(const std::string_view (&list)[N], std::string_view word) {
  return std::find(std::begin(list), std::end(list), word) != std::end(list);
}

Error wrong(const std::string& what) { return {Errc::invalid, what}; }

Result<Key> split_key(const std::string& text) {
  Key key;
  size_t from = 0;
  for (size_t i = 0;; ++i) {
    size_t bar = text.find('|', from);
    std::string part = text.substr(from, bar == std::string::npos ? bar : bar - from);
    if (i == 0)
      key.field = part;
    else if (!among(kMatching, part) && !among(kTransforming, part) && !among(kDateParts, part) &&
             !among(kRegexFlags, part) && !among(kOthers, part))
      return wrong("unknown modifier '" + printable(part, 50) + "'");
    else if (key.has(part))
      return wrong("modifier '" + part + "' stands twice");
    else
      key.modifiers.push_back(part);
    if (bar == std::string::npos) return key;
    from = bar + 1;
  }
}

template <size_t N>
Status one_of(const Key& key, const std::string_view (&list)[N]) {
  std::string first;
  for (const auto& modifier : key.modifiers) {
    if (!among(list, modifier)) continue;
    if (!first.empty()) return wrong("modifiers '" + first + "' and '" + modifier + "' exclude each other");
    first = modifier;
  }
  return {};
}

Status check_combination(const Key& key) {
  static constexpr std::string_view kUtf16[] = {"wide", "utf16le", "utf16be", "utf16"};
  static constexpr std::string_view kBase64[] = {"base64", "base64offset"};
  ASSAY_CHECK(one_of(key, kMatching));
  ASSAY_CHECK(one_of(key, kUtf16));
  ASSAY_CHECK(one_of(key, kBase64));
  ASSAY_CHECK(one_of(key, kDateParts));
  std::string flag = key.first(kRegexFlags), encoded = key.first(kTransforming), part = key.first(kDateParts);
  if (!flag.empty() && !key.has("re")) return wrong("modifier '" + flag + "' belongs behind 're'");
  std::string kind = key.first(kMatching);
  bool text = kind.empty() || kind == "contains" || kind == "startswith" || kind == "endswith";
  auto clash = [](const std::string& a, const std::string& b) {
    return wrong("modifiers '" + a + "' and '" + b + "' exclude each other");
  };
  if (!encoded.empty() && !text) return clash(encoded, kind);
  if (!part.empty() && (kind == "re" || kind == "cidr" || kind == "exists" || (text && !kind.empty())))
    return clash(part, kind);
  for (const char* other : {"expand", "fieldref", "cased"})
    if (!part.empty() && key.has(other)) return clash(part, other);
  if (!part.empty() && !encoded.empty()) return clash(part, encoded);
  if (kind == "exists")
    for (const char* other : {"neq", "all", "cased", "expand"})
      if (key.has(other)) return clash(kind, other);
  if (key.has("fieldref")) {
    if (!text) return clash("fieldref", kind);
    if (!encoded.empty()) return clash("fieldref", encoded);
    if (key.has("expand")) return clash("fieldref", "expand");
  }
  if (key.field.empty())
    for (const char* other : {"exists", "fieldref"})
      if (key.has(other)) return wrong(std::string("modifier '") + other + "' needs a field");
  return {};
}

}  // namespace

Result<ItemKey> ItemKey::parse(const std::string& text) {
  ASSAY_TRY(auto key, split_key(text));
  ASSAY_CHECK(check_combination(key));
  return key;
}

}  // namespace assay
