// Program: all detection rules of a set, compiled into one. Equal predicates of different rules are one; a
// field is looked through for what all its texts need in one scan (pattern_set.h); a rule is looked at only
// when one of the predicates that it cannot do without holds. Says exactly what Detection::matches says of
// each rule. Built by program_build.cc and program_gates.cc from rule.h's rules, run by Findings.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/result.h"
#include "scheduler/score/pattern_set.h"
#include "scheduler/score/record.h"

namespace assay {

struct Item;
struct Rule;
struct Value;

class Program {
 public:
  static constexpr size_t kMaxPredicates = 200'000, kMaxNodes = 4'000'000;
  using ByCategory = std::array<std::vector<size_t>, kCategoryCount>;

  Program() = default;  // of no rules
  /// Borrows the rules' items and values: `rules` stays where it is for the program's life.
  static Result<Program> compile(const std::vector<Rule>& rules, const ByCategory& by_category);
  /// One that asks Detection::matches of every rule: what a program is held against, and timed beside.
  static Program reference(const std::vector<Rule>& rules, const ByCategory& by_category);

  /// One line of figures: predicates, patterns, bytes.
  std::string describe() const;
  class Run;

 private:
  friend class ProgramBuilder;
  friend class ProgramGates;
  // A record's columns are its fields, and one more of all its values, for keywords.
  static constexpr size_t kColumns = kFieldCount + 1;
  static constexpr uint32_t kNever = UINT32_MAX, kAlways = UINT32_MAX - 1;

  struct Predicate {
    enum class Kind : uint8_t {
      text,     // the same, and a scan of the column says when it is worth asking
      value,    // a value of the column matches `value`
      present,  // the column has a value
      item      // asked whole
    };
    Kind kind;
    uint16_t column = 0;
    const Value* value = nullptr;
    const Item* item = nullptr;
  };
  struct Node {
    enum class Op : uint8_t { predicate, negation, all, any, count, detection };
    Op op;
    uint32_t first = 0, children = 0;  // in children_; of a predicate or detection: `first` is its number
    uint32_t needed = 0;               // count
  };
  struct Column {
    std::vector<uint32_t> texts;  // its predicates of Kind::text
    std::unordered_map<std::string, std::vector<uint32_t>>
        equals;                                // by folded text: those that want it whole
    size_t longest = 0;                        // of `equals`
    std::optional<PatternSet> patterns;        // needles of the others
    std::vector<std::vector<uint32_t>> needs;  // by needle: whose it is
  };
  // What decides which rules of a category are looked at.
  struct Gates {
    std::vector<uint16_t> columns;  // scanned for every record that has them
    std::vector<uint32_t> asked;    // predicates of other kinds that gates are made of
    std::vector<uint32_t> always;   // rules without a gate
    std::vector<uint32_t> from;     // by predicate: where its rules begin in `rules`; empty: no gates
    std::vector<uint32_t> rules;
  };

  static void make_gates(const Program& program, const std::vector<size_t>& rules, Gates& gates);

  std::vector<Predicate> predicates_;
  std::vector<Node> nodes_;
  std::vector<uint32_t> children_;  // numbers of nodes, or kNever and kAlways
  std::vector<uint32_t> roots_;     // by rule
  std::array<Column, kColumns> columns_;
  std::array<Gates, kCategoryCount> gates_;
  const std::vector<Rule>* rules_ = nullptr;  // of a reference
  PatternScratch scratch_;                    // what each run's is a copy of
};

/// A program at work on the records of one scan. Remembers what it found in values that come again and again:
/// images, command lines, users.
class Program::Run {
 public:
  static constexpr size_t kRemembered = 128, kMaxRememberedBytes = 512;  // values a column; of one value

  explicit Run(const Program& program) : program_(program), truth_(program.predicates_.size()) {}

  /// The rules that match, in ascending order of index; valid until the next call.
  const std::vector<uint32_t>& matching(const Record& record);

 private:
  struct Remembered {
    std::string value;
    std::vector<uint32_t> hits;
  };
  struct Truth {
    uint64_t record = 0;  // the number of the record that `holds` is about
    bool holds = false;
  };

  static bool present(const Record& record, uint16_t column);
  void scan(const Record& record, uint16_t column, const Gates* gates);
  const std::vector<uint32_t>& hits_of(const Record::Entry& entry, uint16_t column);
  void find(const Record::Entry& entry, const Column& column, std::vector<uint32_t>& hits);
  bool look_for_needles(const Record::Entry& entry, const Column& column, std::vector<uint32_t>& hits);
  bool holds(const Record& record, uint32_t predicate);
  static bool ask(const Record& record, const Predicate& predicate);
  bool eval(const Record& record, uint32_t node);
  void consider(const Gates& gates, uint32_t predicate);

  const Program& program_;
  PatternScratch scratch_;
  bool copied_ = false;  // scratch_ was asked for
  uint64_t record_ = 0;
  std::vector<Truth> truth_;
  std::array<uint64_t, kColumns> scanned_{};  // by column: the last record's number
  std::array<std::vector<Remembered>, kColumns> memory_;
  std::vector<uint32_t> found_, needles_, candidates_, matching_;
};

}  // namespace assay
