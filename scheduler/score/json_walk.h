// json_walk: plain structs as JSON and back, by their walk() (report_walk.h says what that is): the keys
// stand once for writer and reader. Reading takes hostile bytes: types and ranges are checked, nothing
// throws. For .cc files only.
#pragma once

#include <chrono>
#include <concepts>
#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "common/text.h"

namespace assay::json_walk {

using Json = nlohmann::ordered_json;

/// Enumerations by their names, for both directions: `kAll` of a specialisation lists the values.
template <class E>
struct Names;

struct Writer {
  Json out = Json::object();

  template <class T>
  void operator()(const char* name, T& value) {
    out[name] = write(value);
  }
  template <class T>
  void added(const char* name, T& value) {
    (*this)(name, value);
  }
  template <class T>
  static Json write(T& value) {
    if constexpr (std::is_same_v<T, std::string>) {
      return still_printable(value);
    } else if constexpr (std::is_same_v<T, std::chrono::milliseconds>) {
      return value.count();
    } else if constexpr (std::is_enum_v<T>) {
      return to_string(value);
    } else if constexpr (std::is_arithmetic_v<T>) {
      return value;
    } else {
      Writer inner;
      walk(inner, value);
      return std::move(inner.out);
    }
  }
  template <class T>
  static Json write(std::vector<T>& list) {
    Json out = Json::array();
    for (auto& item : list) out.push_back(write(item));
    return out;
  }
};

// The first wrong key stops it; what() is where.
struct Reader {
  const Json& in;
  std::string path;
  std::string& wrong;

  template <class T>
  void operator()(const char* name, T& value) {
    if (!wrong.empty()) return;
    auto found = in.find(name);
    std::string here = path.empty() ? name : path + "." + name;
    if (found == in.end())
      wrong = here + " is missing";
    else
      read(*found, here, value);
  }
  template <class T>
  void added(const char* name, T& value) {
    if (in.contains(name)) (*this)(name, value);
  }
  void fail(const std::string& where) {
    if (wrong.empty()) wrong = where + " has the wrong type or is out of range";
  }
  template <class T>
  void read(const Json& json, const std::string& where, T& value) {
    if constexpr (std::is_same_v<T, std::string>) {
      if (!json.is_string()) return fail(where);
      value = still_printable(json.get_ref<const std::string&>());
    } else if constexpr (std::is_same_v<T, bool>) {
      if (!json.is_boolean()) return fail(where);
      value = json.get<bool>();
    } else if constexpr (std::is_same_v<T, double>) {
      if (!json.is_number()) return fail(where);
      value = json.get<double>();
    } else if constexpr (std::is_same_v<T, std::chrono::milliseconds>) {
      int64_t count = 0;
      read(json, where, count);
      value = std::chrono::milliseconds(count);
    } else if constexpr (std::is_enum_v<T>) {
      for (T one : Names<T>::kAll)
        if (json.is_string() && json.get_ref<const std::string&>() == to_string(one)) {
          value = one;
          return;
        }
      fail(where);
    } else if constexpr (std::integral<T>) {
      if (!json.is_number_integer()) return fail(where);
      bool fits = json.is_number_unsigned() ? std::in_range<T>(json.get<uint64_t>())
                                            : std::in_range<T>(json.get<int64_t>());
      if (!fits) return fail(where);
      value = json.is_number_unsigned() ? static_cast<T>(json.get<uint64_t>())
                                        : static_cast<T>(json.get<int64_t>());
    } else {
      if (!json.is_object()) return fail(where);
      Reader inner{json, where, wrong};
      walk(inner, value);
    }
  }
  template <class T>
  void read(const Json& json, const std::string& where, std::vector<T>& list) {
    if (!json.is_array()) return fail(where);
    list.clear();
    for (const auto& item : json) {
      T value{};
      read(item, where + "[" + std::to_string(list.size()) + "]", value);
      if (!wrong.empty()) return;
      list.push_back(std::move(value));
    }
  }
};

}  // namespace assay::json_walk
