// json_fields: JSON from the network or a user's file, read with bounds, and its fields with their types
// checked: the first wrong one is told by name. For .cc files only.
#pragma once

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "common/result.h"
#include "common/submission.h"

namespace assay::cli {

// Sorted by key: an ordered_json takes quadratic time to read an object of many keys.
using Json = nlohmann::json;

/// nlohmann parses any depth, and writing it out again recurses: no answer or manifest of ours is deeper.
inline constexpr int kMaxJsonDepth = 16;

/// An object. Errc::corrupt names `what` ("the answer of URL", "manifest x.json").
Result<Json> parse_object(std::string_view text, const std::string& what);

/// Fields of one object. A field that is missing or null has its default; one of the wrong type is an error,
/// kept until status().
class Fields {
 public:
  /// `object` is borrowed. Anything but an object is an error at once.
  Fields(const Json& object, std::string what);

  std::string text(const char* name);
  bool flag(const char* name);
  double real(const char* name);
  /// None when it is missing or null.
  std::optional<double> maybe_real(const char* name) {
    return has(name) ? std::optional<double>(real(name)) : std::nullopt;
  }
  std::optional<uint64_t> maybe_number(const char* name) {
    return has(name) ? std::optional<uint64_t>(number<uint64_t>(name)) : std::nullopt;
  }
  /// Whole and within the bounds of T.
  template <class T = int64_t>
  T number(const char* name) {
    static_assert(std::is_integral_v<T>);
    const Json* value = find(name);
    if (value == nullptr) return 0;
    if (value->is_number_unsigned() &&
        value->template get<uint64_t>() <= uint64_t(std::numeric_limits<T>::max()))
      return static_cast<T>(value->template get<uint64_t>());
    if (value->is_number_integer() && !value->is_number_unsigned() &&
        value->template get<int64_t>() >= int64_t(std::numeric_limits<T>::min()))
      return static_cast<T>(value->template get<int64_t>());  // negative, so not above the upper bound
    wrong(name, "a whole number in range");
    return 0;
  }
  Labels labels(const char* name);
  /// The object or list under the name, or null.
  const Json* object(const char* name);
  const Json* list(const char* name);
  bool has(const char* name) const;

  /// Keeps the first complaint.
  void wrong(const char* name, const std::string& expected);
  Status status() const { return error_ ? Status(*error_) : Status(); }

 private:
  const Json* find(const char* name) const;

  const Json& object_;
  std::string what_;
  std::optional<Error> error_;
};

/// {"NAME": [...]}, every item read by `read`; a list that is missing is an error.
template <class T>
Result<std::vector<T>> list_of(const Json& object, const char* name, Result<T> (*read)(const Json&)) {
  Fields fields(object, "the server's answer");
  const Json* list = fields.list(name);
  if (list == nullptr) fields.wrong(name, "a list");
  ASSAY_CHECK(fields.status());
  std::vector<T> out;
  for (const Json& item : *list) {
    ASSAY_TRY(T value, read(item));
    out.push_back(std::move(value));
  }
  return out;
}
template <class T>
Result<std::vector<T>> list_of(std::string_view text, const char* name, Result<T> (*read)(const Json&)) {
  ASSAY_TRY(Json json, parse_object(text, "the server's answer"));
  return list_of<T>(json, name, read);
}

/// The same value with every string made fit to show (printable()), as one indented text.
std::string shown_json(const Json& json);
/// Of an answer: what the server said, all of it.
Result<std::string> shown_answer(std::string_view body);

}  // namespace assay::cli
