// docs/openapi.yaml as a test reads it: a value held against a schema of that file.
#pragma once

#include <yaml-cpp/yaml.h>

#include <nlohmann/json.hpp>
#include <regex>
#include <string>

namespace assay {

class Openapi {
 public:
  using Json = nlohmann::json;
  explicit Openapi(const std::string& file) : root_(YAML::LoadFile(file)) {}
  const YAML::Node& root() const { return root_; }

  /// Follows "$ref": "#/a/b".
  YAML::Node resolved(const YAML::Node& node) const {
    if (!node.IsMap() || !node["$ref"]) return node;
    std::string path = node["$ref"].as<std::string>().substr(2) + "/";
    YAML::Node at = YAML::Clone(root_);
    for (size_t begin = 0, end; (end = path.find('/', begin)) != std::string::npos; begin = end + 1)
      at.reset(at[path.substr(begin, end - begin)]);
    return at;
  }

  /// What of `value` breaks `schema`, or "". Knows the words that the file uses.
  std::string check(const YAML::Node& written, const Json& value, const std::string& place = "") const {
    YAML::Node schema = resolved(written);
    if (!schema.IsDefined() || !schema.IsMap()) return place + ": no such schema";
    for (const auto& part : schema["allOf"])
      if (auto wrong = check(part, value, place); !wrong.empty()) return wrong;
    if (value.is_null()) {
      bool ok = !schema["type"] || (schema["nullable"] && schema["nullable"].as<bool>());
      return ok ? "" : place + " is null";
    }
    if (auto wrong = check_type(schema, value); !wrong.empty()) return place + " " + wrong;
    for (const auto& name : schema["required"])
      if (!value.contains(name.as<std::string>())) return place + " lacks " + name.as<std::string>();
    for (const auto& property : schema["properties"]) {
      auto name = property.first.as<std::string>();
      if (!value.contains(name)) continue;
      if (auto wrong = check(property.second, value[name], place + "." + name); !wrong.empty()) return wrong;
    }
    for (size_t i = 0; schema["items"] && i < value.size(); ++i)
      if (auto wrong = check(schema["items"], value[i], place + "[" + std::to_string(i) + "]");
          !wrong.empty())
        return wrong;
    return "";
  }

 private:
  static std::string check_type(const YAML::Node& schema, const Json& value) {
    std::string type = schema["type"] ? schema["type"].as<std::string>() : "";
    bool ok = type.empty() || (type == "object" && value.is_object()) ||
              (type == "array" && value.is_array()) || (type == "string" && value.is_string()) ||
              (type == "integer" && value.is_number_integer()) || (type == "number" && value.is_number()) ||
              (type == "boolean" && value.is_boolean());
    if (!ok) return "is no " + type + " but " + value.dump();
    if (schema["pattern"] &&
        !std::regex_match(value.get<std::string>(), std::regex(schema["pattern"].as<std::string>())))
      return value.dump() + " does not match";
    if (!schema["enum"]) return "";
    for (const auto& word : schema["enum"])
      if (value == word.as<std::string>()) return "";
    return value.dump() + " is none of the values";
  }

  YAML::Node root_;
};

}  // namespace assay
