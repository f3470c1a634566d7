// From a rule's `Field|modifier|...: value` to an Item. What Sigma does not have is refused by name, never
// guessed.
#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include "common/ascii.h"
#include "common/text.h"
#include "scheduler/score/item_key.h"
#include "scheduler/score/match.h"
#include "scheduler/score/value_forms.h"

namespace assay {
namespace {

using Key = ItemKey;

constexpr size_t kMaxValues = 5000, kMaxExpressions = 500, kMaxValueBytes = 4 << 20;
constexpr int64_t kMaxRegexMemory = 1 << 20;

Error wrong(const std::string& what) { return {Errc::invalid, what}; }

// The quickest operation that means the same as the wildcards.
Value value_of(Tokens tokens, bool cased) {
  bool head = !tokens.empty() && tokens.front() == Glob::kAny;
  bool tail = tokens.size() > 1 && tokens.back() == Glob::kAny;
  auto wild =
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
  if (!cased) value.text = ascii_lower(value.text);
  value.op = head   ? (tail || value.text.empty() ? Value::Op::contains : Value::Op::endswith)
             : tail ? Value::Op::startswith
                    : Value::Op::equals;
  return value;
}

Result<Value> regex_value(const std::string& text, const Key& key) {
  re2::RE2::Options options(re2::RE2::Latin1);  // bytes: the text need not be UTF-8
  options.set_log_errors(false);
  options.set_max_mem(kMaxRegexMemory);
  std::string flags;
  for (auto flag : kRegexFlags)
    if (key.has(flag)) flags += flag;
  Value value;
  value.op = Value::Op::re;
  value.cased = !key.has("i");
  value.text = flags.empty() ? text : "(?" + flags + ")" + text;
  value.regex = std::make_shared<re2::RE2>(value.text, options);
  if (!value.regex->ok())
    return wrong("expression '" + printable(text, 100) + "': " + printable(value.regex->error(), 100));
  return value;
}

Result<Value> numeric_value(const std::string& text, const Key& key) {
  static const std::pair<const char*, Value::Op> kOps[] = {
      {"gt", Value::Op::gt}, {"gte", Value::Op::gte}, {"lt", Value::Op::lt}, {"lte", Value::Op::lte}};
  Value value;
  value.op = Value::Op::eq;
  for (const auto& [name, op] : kOps)
    if (key.has(name)) value.op = op;
  for (size_t i = 0; i < std::size(kDateParts); ++i)
    if (key.has(kDateParts[i])) value.part = static_cast<Value::Part>(i + 1);
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value.number);
  if (error != std::errc() || end != text.data() + text.size())
    return wrong("'" + printable(text, 50) + "' is not a number");
  return value;
}

Result<Value> existence_value(const std::string& text) {
  Value value;
  std::string word = ascii_lower(text);
  if (word != "true" && word != "false" && word != "yes" && word != "no")
    return wrong("exists takes true or false, not '" + printable(text, 50) + "'");
  value.op = word == "true" || word == "yes" ? Value::Op::exists : Value::Op::absent;
  return value;
}

Value reference_value(const std::string& text, const Key& key) {
  Value value;
  value.op = Value::Op::fieldref;
  value.cased = key.has("cased");
  value.text = text;
  value.other = field_of(text).value_or(Field::Image);
  if (key.has("contains")) value.compare = Value::Op::contains;
  if (key.has("startswith")) value.compare = Value::Op::startswith;
  if (key.has("endswith")) value.compare = Value::Op::endswith;
  return value;
}

// Modifiers that are about text; one value of the rule may become several.
Result<std::vector<Value>> text_values(const std::string& text, const Key& key) {
  auto modifiers = key.modifiers;
  bool anchored = key.has("startswith") || key.has("endswith") || key.has("contains");
  if (key.field.empty() && !anchored) modifiers.push_back("contains");
  ASSAY_TRY(auto forms, forms_of(text, modifiers));
  bool encoded = key.has("base64") || key.has("base64offset");
  std::vector<Value> out;
  for (auto& form : forms) out.push_back(value_of(std::move(form), key.has("cased") || encoded));
  return out;
}

// Builds the item's values one written value after the other, within the bounds.
class ItemCompiler {
 public:
  ItemCompiler(Item& item, const Key& key, const Placeholders& placeholders)
      : item_(item), key_(key), placeholders_(placeholders) {}

  Status add(const yaml::Node& node, bool listed) {
    if (node.is_null()) {
      if (listed) return wrong("null stands in a list; give it a selection of its own");
      if (key_.field.empty()) return wrong("a keyword is nothing");
      return add_missing();
    }
    if (!node.is_scalar())
      return wrong(std::string("a value is ") + yaml::to_string(node.kind) + ", not a text or number");
    bool plain = std::all_of(key_.modifiers.begin(), key_.modifiers.end(), [](const auto& modifier) {
      return modifier == "neq" || modifier == "all" || modifier == "cased";
    });
    // '' is an empty field; records leave those out.
    if (node.scalar.empty() && plain && !key_.field.empty()) return add_missing();
    if (!key_.has("expand")) return add_text(node.scalar);
    ASSAY_TRY(auto expanded, expand(node.scalar, placeholders_));
    if (!expanded.missing.empty()) {
      item_.unanswerable = "placeholder %" + printable(expanded.missing, 50) + "% has no values";
      return {};
    }
    for (const auto& text : expanded.texts) ASSAY_CHECK(add_text(text));
    return {};
  }
  void next() { ++written_; }

 private:
  Status add_missing() {
    for (const auto& modifier : key_.modifiers)
      if (modifier != "neq" && modifier != "all" && modifier != "cased")
        return wrong("modifier '" + modifier + "' needs a value");
    Value value;
    value.op = Value::Op::missing;
    return push(std::move(value));
  }

  Status add_text(const std::string& text) {
    auto one = [&](Result<Value> value) -> Status {
      if (!value) return value.error();
      return push(std::move(*value));
    };
    if (key_.has("exists")) return one(existence_value(text));
    if (key_.has("fieldref")) {
      if (text.empty()) return wrong("fieldref needs the name of a field");
      if (!field_of(text)) item_.unanswerable = "field " + printable(text, 50) + " is one that no event has";
      return one(reference_value(text, key_));
    }
    if (key_.has("re")) {
      if (++expressions_ > kMaxExpressions)
        return Error{Errc::limit, "more than " + std::to_string(kMaxExpressions) + " expressions"};
      return one(regex_value(text, key_));
    }
    bool numeric = key_.has("gt") || key_.has("gte") || key_.has("lt") || key_.has("lte");
    if (numeric || !key_.first(kDateParts).empty()) return one(numeric_value(text, key_));
    if (key_.has("cidr")) {
      Value value;
      value.op = Value::Op::cidr;
      ASSAY_TRY(value.cidr, Cidr::parse(text));
      return push(std::move(value));
    }
    auto values = text_values(text, key_);
    if (!values) return Error{values.error().code, "'" + printable(text, 50) + "': " + values.error().what};
    for (auto& value : *values) ASSAY_CHECK(push(std::move(value)));
    return {};
  }

  Status push(Value value) {
    value.written = written_;
    bytes_ += value.text.size() + 2 * value.glob.tokens.size();
    item_.values.push_back(std::move(value));
    if (item_.values.size() > kMaxValues)
      return Error{Errc::limit, "more than " + std::to_string(kMaxValues) + " values"};
    if (bytes_ > kMaxValueBytes)
      return Error{Errc::limit, "values of more than " + std::to_string(kMaxValueBytes) + " bytes"};
    return {};
  }

  Item& item_;
  const Key& key_;
  const Placeholders& placeholders_;
  uint32_t written_ = 0;
  size_t expressions_ = 0, bytes_ = 0;
};

}  // namespace

Result<Item> Item::compile(const std::string& key_text, const yaml::Node& node, const Spot& outer,
                           const Placeholders& placeholders) {
  Spot spot = key_text.empty() ? outer : outer.in("'" + printable(key_text, 100) + "'");
  auto key = Key::parse(key_text);
  if (!key) return spot.error(node.line, key.error().what);
  Item item;
  item.key = key_text;
  item.line = node.line;
  item.keyword = key->field.empty();
  auto field = field_of(key->field);
  item.known = item.keyword || field.has_value();
  item.field = field.value_or(Field::Image);
  item.all = key->has("all");
  item.negated = key->has("neq");
  ItemCompiler compiler(item, *key, placeholders);
  if (!node.is_list()) {
    if (auto status = compiler.add(node, false); !status)
      return spot.error(node.line, status.error().what, status.error().code);
    return item;
  }
  if (node.items.empty()) return spot.error(node.line, "an empty list");
  for (const auto& one : node.items) {
    if (auto status = compiler.add(one, true); !status)
      return spot.error(one.line, status.error().what, status.error().code);
    compiler.next();
  }
  return item;
}

}  // namespace assay
