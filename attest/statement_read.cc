// Statements as they come out of an envelope whose signature was verified. Whose key it is may be known, and
// what it says still be wrong: every type is checked.
#include <algorithm>
#include <limits>

#include "attest/dsse.h"
#include "attest/statement.h"
#include "attest/strict_json.h"
#include "common/digest.h"
#include "common/rfc3339.h"

namespace assay::attest {
namespace {

constexpr size_t kMaxSubjects = 1000, kMaxTests = 1000;

constexpr TestResult kResults[] = {TestResult::passed, TestResult::warned, TestResult::failed};

// Fields of one object; keeps the first that is wrong.
class Part {
 public:
  Part(const Json* value, std::string name) : value_(value), name_(std::move(name)) {
    if (!value_) wrong("", "is missing");
  }
  std::string text(const char* key) {
    const Json* found = value_ ? part_of(*value_, key, Json::value_t::string) : nullptr;
    if (!found) return wrong(key, "is no text"), "";
    return found->get<std::string>();
  }
  int64_t time(const char* key) {
    auto seconds = parse_rfc3339(text(key));
    if (!seconds) return wrong(key, "is no time"), 0;
    return *seconds;
  }
  const Json* object(const char* key) {
    return value_ ? part_of(*value_, key, Json::value_t::object) : nullptr;
  }
  bool flag(const char* key) {
    const Json* found = value_ ? part_of(*value_, key, Json::value_t::boolean) : nullptr;
    if (!found) return wrong(key, "is neither true nor false"), false;
    return found->get<bool>();
  }
  int number(const char* key, int least, int most) {
    auto found = value_ ? value_->find(key) : Json::const_iterator();
    if (!value_ || found == value_->end() || !found->is_number_integer() || *found < least || *found > most)
      return wrong(key, "is no number from " + std::to_string(least) + " to " + std::to_string(most)), 0;
    return found->get<int>();
  }
  std::vector<std::string> texts(const char* key) {
    std::vector<std::string> out;
    const Json* list = value_ ? part_of(*value_, key, Json::value_t::array) : nullptr;
    if (!list) return out;
    for (const Json& one : *list)
      if (out.size() < kMaxTests && one.is_string()) out.push_back(one.get<std::string>());
    return out;
  }
  void wrong(const std::string& key, const std::string& what) {
    if (error_.empty()) error_ = name_ + (key.empty() ? "" : ": '" + key + "'") + " " + what;
  }
  Status status() const { return error_.empty() ? Status() : Status(Error{Errc::corrupt, error_}); }

 private:
  const Json* value_;  // lives in the caller's document
  std::string name_, error_;
};

Result<std::vector<std::string>> subjects_of(const Json& statement, const std::string& name) {
  const Json* subjects = part_of(statement, "subject", Json::value_t::array);
  if (!subjects || subjects->empty()) return Error{Errc::corrupt, name + " has no subject"};
  if (subjects->size() > kMaxSubjects)
    return Error{Errc::limit, name + " has more than " + std::to_string(kMaxSubjects) + " subjects"};
  std::vector<std::string> out;
  for (const Json& subject : *subjects) {
    const Json* digests = subject.is_object() ? part_of(subject, "digest", Json::value_t::object) : nullptr;
    auto digest = Digest::parse("sha256:" + (digests ? text_of(*digests, "sha256") : std::string()));
    if (digest) out.push_back(digest->str());
  }
  return out;
}

Status read_result(const Json& predicate, Statement& out, const std::string& name) {
  std::string word = text_of(predicate, "result");
  for (TestResult result : kResults)
    if (word == to_string(result)) {
      out.result = result;
      return Status();
    }
  return Error{Errc::corrupt, name + ": its result is neither PASSED, WARNED nor FAILED"};
}

Status read_verdict(const Json& predicate, Statement& out, const std::string& name) {
  ASSAY_CHECK(read_result(predicate, out, name));
  Part top(&predicate, name + ": its predicate");
  out.failed_tests = top.texts("failedTests");
  out.warned_tests = top.texts("warnedTests");
  Part own(top.object("assayVerdict"), name + ": its verdict");
  if (own.text("schema") != kVerdictSchema) own.wrong("schema", std::string("is not ") + kVerdictSchema);
  auto verdict = parse_verdict(own.text("verdict"));
  if (!verdict) own.wrong("verdict", "is none");
  out.verdict = verdict.value_or(Verdict::inconclusive);
  out.score = own.number("score", 0, 100);
  out.rules = own.text("rules");
  out.report_sha256 = own.text("reportSha256");
  out.attested_s = own.time("attestedOn");
  Part scan(own.object("scan"), name + ": its scan");
  out.scan_id = scan.text("id");
  out.persona = scan.text("persona");
  out.started_s = scan.time("startedOn");
  Part complete(own.object("completeness"), name + ": its completeness");
  out.complete = complete.flag("complete");
  if (const Json* policy = own.object("policy")) {
    Part inner(policy, name + ": its policy");
    out.policy = inner.text("name");
    out.policy_sha256 = inner.text("sha256");
    ASSAY_CHECK(inner.status());
  }
  ASSAY_CHECK(own.status());
  ASSAY_CHECK(scan.status());
  out.says_verdict = true;
  return complete.status();
}

}  // namespace

const char* to_string(TestResult result) {
  return result == TestResult::passed ? "PASSED" : result == TestResult::warned ? "WARNED" : "FAILED";
}

bool Statement::about(const std::string& digest) const {
  return std::find(digests.begin(), digests.end(), digest) != digests.end();
}

Result<Statement> parse_statement(std::string_view json, const std::string& name) {
  ASSAY_TRY(Json value, parse_strict(json, kMaxEnvelopeBytes, name));
  if (text_of(value, "_type") != kStatementType)
    return Error{Errc::corrupt,
                 name + " is no in-toto Statement v1 but '" + printable(text_of(value, "_type"), 100) + "'"};
  Statement out;
  out.predicate_type = text_of(value, "predicateType");
  if (out.predicate_type.empty()) return Error{Errc::corrupt, name + " does not say its predicateType"};
  ASSAY_TRY(out.digests, subjects_of(value, name));
  const Json* predicate = part_of(value, "predicate", Json::value_t::object);
  if (out.predicate_type != kTestResultType || !predicate || !predicate->contains("assayVerdict")) return out;
  ASSAY_CHECK(read_verdict(*predicate, out, name));
  return out;
}

}  // namespace assay::attest
