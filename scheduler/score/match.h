// match: one field of a rule against a record: Sigma's values, wildcards and modifiers (sigma-specification,
// "Sigma Rules Specification" v2, and its appendix of modifiers). Compiled once; matching is linear in the
// text, since the text is hostile.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/addresses.h"
#include "common/result.h"
#include "scheduler/score/record.h"
#include "scheduler/score/rule_spot.h"
#include "scheduler/score/rules.h"
#include "scheduler/score/yaml.h"

namespace re2 {
class RE2;
}

namespace assay {

/// A text with wildcards: * any run of bytes, ? one byte.
struct Glob {
  static constexpr uint16_t kAny = 256, kOne = 257;
  std::vector<uint16_t> tokens;  // bytes, kAny, kOne
  bool matches(std::string_view text) const;
};

struct Cidr {
  IpAddress base;
  unsigned prefix = 0;
  static Result<Cidr> parse(const std::string& text);
  bool contains(std::string_view address_text) const;
};

/// One value of a field, with the operation that its modifiers chose.
struct Value {
  enum class Op {
    equals,
    contains,
    startswith,
    endswith,
    glob,
    re,
    cidr,
    missing,
    exists,
    absent,
    gt,
    gte,
    lt,
    lte,
    eq,       // as numbers
    fieldref  // Item::matches holds it against the record: see `compare` and `other`
  };
  /// |minute, |hour...: that part of a date (YYYY-MM-DD, then maybe Thh:mm:ss) is compared, not the text.
  enum class Part { whole, minute, hour, day, week, month, year };
  Op op = Op::equals;
  Part part = Part::whole;
  bool cased = false;
  uint32_t written = 0;  // which of the rule's values this is a form of: |windash and others make several
  std::string text;      // folded unless cased
  Glob glob;
  std::shared_ptr<const re2::RE2> regex;
  Cidr cidr;
  double number = 0;
  Op compare = Op::equals;     // fieldref: equals, contains, startswith or endswith...
  Field other = Field::Image;  // ... a value of this field

  /// Never for a fieldref, missing or absent: those need the record.
  bool matches(const Record::Entry& entry) const;
};

/// `Field|modifiers: value(s)`.
struct Item {
  std::string key;       // as written
  int line = 0;          // in its file
  bool keyword = false;  // no field: any value of the record
  bool known = true;     // false: a field that no record has
  Field field = Field::Image;
  bool all = false;      // every written value must match in one of its forms, not just one
  bool negated = false;  // |neq
  std::string
      unanswerable;  // why no record can answer it, whatever its category: "placeholder %z% has no values"
  std::vector<Value> values;

  /// The error names the modifier, expression or value that is wrong.
  static Result<Item> compile(const std::string& key, const yaml::Node& node, const Spot& spot,
                              const Placeholders& placeholders);
  bool matches(const Record& record) const;
};

}  // namespace assay
