// From a rule's `Field|modifier|...: value` to an Item. What Sigma has and we lack is refused by name, never
// guessed.
#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "common/text.h"
#include "scheduler/score/match.h"

namespace assay {
namespace {

constexpr size_t kMaxValues = 2000;
constexpr int64_t kMaxRegexMemory = 1 << 20;
const std::set<std::string_view> kModifiers = {
    "contains", "startswith", "endswith", "all", "re", "i",   "m",   "s",      "cidr",        "cased",
    "windash",  "exists",     "gt",       "gte", "lt", "lte", "neq", "base64", "base64offset"};

// The key taken apart.
struct Key {
  std::string field;
  std::vector<std::string> modifiers;
  bool has(std::string_view name) const {
    return std::find(modifiers.begin(), modifiers.end(), name) != modifiers.end();
  }
};

Error wrong(const std::string& key, const std::string& what) {
  return {Errc::invalid, "'" + printable(key, 100) + "': " + what};
}

Result<Key> split_key(const std::string& text) {
  Key key;
  size_t from = 0;
  for (size_t i = 0;; ++i) {
    size_t bar = text.find('|', from);
    std::string part = text.substr(from, bar == std::string::npos ? bar : bar - from);
    if (i == 0) {
      key.field = part;
    } else if (!kModifiers.contains(part)) {
      return wrong(text, "unknown modifier '" + printable(part, 50) + "'");
    } else {
      key.modifiers.push_back(part);
    }
    if (bar == std::string::npos) return key;
    from = bar + 1;
  }
}

std::string fold(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

// Sigma's escapes: \* \? \\ are the characters themselves; any other backslash is one.
std::vector<uint16_t> tokens_of(const std::string& text) {
  std::vector<uint16_t> out;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '\\' && i + 1 < text.size() && (text[i + 1] == '*' || text[i + 1] == '?' || text[i + 1] == '\\'))
      c = text[++i];
    else if (c == '*') {
      if (out.empty() || out.back() != Glob::kAny) out.push_back(Glob::kAny);
      continue;
    } else if (c == '?') {
      out.push_back(Glob::kOne);
      continue;
    }
    out.push_back(static_cast<uint8_t>(c));
  }
  return out;
}

std::vector<uint16_t> literal(const std::string& bytes) {
  std::vector<uint16_t> out;
  for (char c : bytes) out.push_back(static_cast<uint8_t>(c));
  return out;
}

// The quickest operation that means the same as the wildcards.
Value value_of(std::vector<uint16_t> tokens, bool cased) {
  bool head = !tokens.empty() && tokens.front() == Glob::kAny;
  bool tail = tokens.size() > 1 && tokens.back() == Glob::kAny;
  size_t wild =
      static_cast<size_t>(std::count_if(tokens.begin(), tokens.end(), [](uint16_t t) { return t > 255; }));
  Value value;
  value.cased = cased;
  if (wild > static_cast<size_t>(head) + static_cast<size_t>(tail)) {
    value.op = Value::Op::glob;
    for (auto& token : tokens)
      if (!cased && token >= 'A' && token <= 'Z') token = static_cast<uint16_t>(token + 32);
    value.glob.tokens = std::move(tokens);
    return value;
  }
  for (uint16_t token : tokens)
    if (token <= 255) value.text.push_back(static_cast<char>(token));
  if (!cased) value.text = fold(value.text);
  value.op = head ? (tail || value.text.empty() ? Value::Op::contains : Value::Op::endswith)
                  : (tail ? Value::Op::startswith : Value::Op::equals);
  return value;
}

std::string base64(const std::string& bytes) {
  static constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    for (size_t j = 0; j < 3; ++j)
      group = group << 8 | (i + j < bytes.size() ? static_cast<uint8_t>(bytes[i + j]) : 0u);
    for (size_t j = 0; j < 4; ++j)
      out.push_back(i + j <= bytes.size() ? kAlphabet[group >> (18 - 6 * j) & 63] : '=');
  }
  return out;
}

// The part of the encoding that does not depend on what stands around the text, for each of its three
// positions.
std::vector<std::string> base64_offsets(const std::string& bytes) {
  static constexpr size_t kStart[] = {0, 2, 3}, kEnd[] = {0, 3, 2};
  std::vector<std::string> out;
  for (size_t offset = 0; offset < 3; ++offset) {
    std::string whole = base64(std::string(offset, ' ') + bytes);
    size_t cut = kEnd[(bytes.size() + offset) % 3];
    if (whole.size() > kStart[offset] + cut)
      out.push_back(whole.substr(kStart[offset], whole.size() - cut - kStart[offset]));
  }
  return out;
}

// |windash: an option may be written with any of these.
std::vector<std::string> windash(const std::string& text) {
  static const char* const kDashes[] = {"-", "/", "\xe2\x80\x93", "\xe2\x80\x94", "\xe2\x80\x95"};
  std::vector<std::string> out;
  for (const char* dash : kDashes) {
    std::string variant;
    for (size_t i = 0; i < text.size(); ++i) {
      bool option = (text[i] == '-' || text[i] == '/') && (i == 0 || text[i - 1] == ' ');
      variant += option ? std::string(dash) : std::string(1, text[i]);
    }
    if (std::find(out.begin(), out.end(), variant) == out.end()) out.push_back(variant);
  }
  return out;
}

Result<Value> regex_value(const std::string& text, const Key& key) {
  re2::RE2::Options options(re2::RE2::Latin1);  // bytes: the text need not be UTF-8
  options.set_log_errors(false);
  options.set_max_mem(kMaxRegexMemory);
  std::string flags;
  for (const char* flag : {"i", "m", "s"})
    if (key.has(flag)) flags += flag;
  Value value;
  value.op = Value::Op::re;
  value.regex = std::make_shared<re2::RE2>(flags.empty() ? text : "(?" + flags + ")" + text, options);
  if (!value.regex->ok())
    return Error{Errc::invalid,
                 "expression '" + printable(text, 100) + "': " + printable(value.regex->error(), 100)};
  return value;
}

Result<Value> numeric_value(const std::string& text, Value::Op op) {
  Value value;
  value.op = op;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value.number);
  if (error != std::errc() || end != text.data() + text.size())
    return Error{Errc::invalid, "'" + printable(text, 50) + "' is not a number"};
  return value;
}

// Modifiers that are about text; one value of the rule may become several (windash, base64offset).
std::vector<Value> text_values(const std::string& text, const Key& key) {
  std::vector<Value> out;
  for (const auto& variant : key.has("windash") ? windash(text) : std::vector<std::string>{text}) {
    std::vector<std::vector<uint16_t>> forms;
    if (key.has("base64"))
      forms.push_back(literal(base64(variant)));
    else if (key.has("base64offset")) {
      for (const auto& form : base64_offsets(variant)) forms.push_back(literal(form));
    } else {
      forms.push_back(tokens_of(variant));
    }
    for (auto& tokens : forms) {
      bool encoded = key.has("base64") || key.has("base64offset");
      bool contains =
          key.has("contains") || (key.field.empty() && !key.has("startswith") && !key.has("endswith"));
      if (contains || key.has("endswith")) tokens.insert(tokens.begin(), Glob::kAny);
      if (contains || key.has("startswith")) tokens.push_back(Glob::kAny);
      out.push_back(value_of(std::move(tokens), key.has("cased") || encoded));
    }
  }
  return out;
}

Result<std::vector<Value>> compile_value(const yaml::Node& node, const Key& key) {
  Value value;
  if (node.is_null()) {
    if (!key.modifiers.empty() && !key.has("neq")) return Error{Errc::invalid, "a modifier needs a value"};
    value.op = Value::Op::missing;
    return std::vector<Value>{value};
  }
  if (!node.is_scalar())
    return Error{Errc::invalid,
                 std::string("a value is ") + yaml::to_string(node.kind) + ", not a text or number"};
  const std::string& text = node.scalar;
  if (text.empty() && !key.field.empty() &&
      key.modifiers.empty()) {  // '' is an empty field; records leave those out
    value.op = Value::Op::missing;
    return std::vector<Value>{value};
  }
  if (key.has("exists")) {
    if (text != "true" && text != "false" && text != "yes" && text != "no")
      return Error{Errc::invalid, "exists takes true or false"};
    value.op = text == "true" || text == "yes" ? Value::Op::exists : Value::Op::absent;
    return std::vector<Value>{value};
  }
  auto one = [](Result<Value> result) -> Result<std::vector<Value>> {
    if (!result) return result.error();
    return std::vector<Value>{std::move(*result)};
  };
  if (key.has("re")) return one(regex_value(text, key));
  if (key.has("gt")) return one(numeric_value(text, Value::Op::gt));
  if (key.has("gte")) return one(numeric_value(text, Value::Op::gte));
  if (key.has("lt")) return one(numeric_value(text, Value::Op::lt));
  if (key.has("lte")) return one(numeric_value(text, Value::Op::lte));
  if (key.has("cidr")) {
    ASSAY_TRY(value.cidr, Cidr::parse(text));
    value.op = Value::Op::cidr;
    return std::vector<Value>{value};
  }
  return text_values(text, key);
}

Status check_combination(const Key& key) {
  static const char* const kExclusive[] = {"contains", "startswith", "endswith", "re", "cidr",
                                           "exists",   "gt",         "gte",      "lt", "lte"};
  std::string first;
  for (const char* name : kExclusive) {
    if (!key.has(name)) continue;
    if (!first.empty())
      return Error{Errc::invalid, "modifiers '" + first + "' and '" + name + "' exclude each other"};
    first = name;
  }
  for (const char* flag : {"i", "m", "s"})
    if (key.has(flag) && !key.has("re"))
      return Error{Errc::invalid, std::string("modifier '") + flag + "' belongs behind 're'"};
  // Variants of one value are alternatives, which "every value" cannot express.
  if (key.has("all") && (key.has("windash") || key.has("base64offset")))
    return Error{Errc::unsupported, "'all' together with 'windash' or 'base64offset'"};
  return {};
}

}  // namespace

Result<Item> Item::compile(const std::string& key_text, const yaml::Node& node) {
  ASSAY_TRY(auto key, split_key(key_text));
  if (auto status = check_combination(key); !status) return wrong(key_text, status.error().what);
  Item item;
  item.keyword = key.field.empty();
  auto field = field_of(key.field);
  item.known = field.has_value();
  item.field = field.value_or(Field::Image);
  item.all = key.has("all");
  item.negated = key.has("neq");
  auto add = [&](const yaml::Node& one) -> Status {
    auto values = compile_value(one, key);
    if (!values) return wrong(key_text, values.error().what);
    for (auto& value : *values) item.values.push_back(std::move(value));
    if (item.values.size() > kMaxValues)
      return wrong(key_text, "more than " + std::to_string(kMaxValues) + " values");
    return {};
  };
  if (node.is_list()) {
    for (const auto& one : node.items) ASSAY_CHECK(add(one));
    if (item.values.empty()) return wrong(key_text, "an empty list");
  } else {
    ASSAY_CHECK(add(node));
  }
  return item;
}

}  // namespace assay
