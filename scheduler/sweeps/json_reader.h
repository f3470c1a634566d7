// Fields: a JSON object read field by field, as users and files write it: types are checked, what is not
// known is refused by name, and so is what is given twice. Internal to spec and records; nlohmann's types
// stay here.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "common/text.h"

namespace assay::sweeps {

using Json = nlohmann::ordered_json;

/// An object without a key twice in one place. Errc::invalid.
Result<Json> parse_object(std::string_view text, const std::string& what);
/// Never throws: bytes that are no UTF-8 become U+FFFD.
std::string dump(const Json& json);

/// The first wrong field ends the reading: finish() tells of it, and of fields that nobody asked for.
class Fields {
 public:
  /// `place` begins messages: "profile." or nothing. `object` is borrowed.
  Fields(const Json& object, std::string place) : object_(object), place_(std::move(place)) {}

  // What is not there, or null, leaves `to` alone.
  bool text(const char* name, std::string& to);
  bool flag(const char* name, bool& to);
  bool number(const char* name, uint64_t& to, uint64_t most);
  bool signed_number(const char* name, int64_t& to);
  bool texts(const char* name, std::vector<std::string>& to, size_t most, size_t most_bytes);
  /// The field's value, of whatever type, or nothing.
  const Json* take(const char* name);
  void fail(const std::string& name, const std::string& rule);
  bool ok() const { return good_; }
  Status finish() const;

 private:
  const Json& object_;
  std::string place_;
  std::set<std::string> asked_;
  bool good_ = true;
  std::string wrong_;
};

}  // namespace assay::sweeps
