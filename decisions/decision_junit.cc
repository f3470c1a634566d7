// Decisions as JUnit XML, as CI servers read it (Jenkins' and Surefire's schema): a suite an image, a case a
// check. What is waived is a skipped case; a warning passes, and says so in its output.
#include <pugixml.hpp>

#include "common/text.h"
#include "decisions/form_parts.h"
#include "scheduler/export/json_text.h"

namespace assay::decisions {
namespace {

struct Counts {
  uint64_t tests = 0, failures = 0, errors = 0, skipped = 0;
  void operator+=(const Counts& more) {
    tests += more.tests;
    failures += more.failures;
    errors += more.errors;
    skipped += more.skipped;
  }
};

struct Writer : pugi::xml_writer {
  std::string text;
  void write(const void* data, size_t size) override { text.append(static_cast<const char*>(data), size); }
};

// Anything that is no character of XML 1.0 (2.2) would make the whole file unreadable.
void set(pugi::xml_node node, const char* name, const std::string& value) {
  node.append_attribute(name) = still_printable(value).c_str();
}

void set(pugi::xml_node node, const char* name, uint64_t value) { set(node, name, std::to_string(value)); }

std::string lines_of(const std::vector<const Reason*>& reasons) {
  std::string out;
  for (const Reason* reason : reasons) out += (out.empty() ? "" : "\n") + still_printable(told(*reason));
  return out;
}

std::string first_of(const std::vector<const Reason*>& reasons) {
  std::string out = reasons.front()->text;
  return reasons.size() == 1 ? out : out + " And " + std::to_string(reasons.size() - 1) + " more.";
}

void add_result(pugi::xml_node suite, const char* kind, const std::string& type,
                const std::vector<const Reason*>& reasons) {
  pugi::xml_node node = suite.append_child(kind);
  set(node, "message", first_of(reasons));
  if (!type.empty()) set(node, "type", type);
  node.text() = lines_of(reasons).c_str();
}

void add_case(pugi::xml_node suite, const Decision& decision, const CheckResult& result, Counts& counts) {
  pugi::xml_node node = suite.append_child("testcase");
  const Check& check = *result.check;
  set(node, "name", check.asked.empty() ? check.name : check.name + ": " + check.asked);
  set(node, "classname", "assay." + decision.policy + "." + check.name);
  node.append_attribute("time") = "0";
  ++counts.tests;
  std::vector<const Reason*> rest = result.warns;
  if (!result.fails.empty()) {
    bool error = check.name == "unscanned";
    ++(error ? counts.errors : counts.failures);
    add_result(node, error ? "error" : "failure", check.name, result.fails);
    rest.insert(rest.end(), result.waived.begin(), result.waived.end());
  } else if (!result.waived.empty()) {
    ++counts.skipped;
    add_result(node, "skipped", "", result.waived);
  }
  if (!rest.empty()) node.append_child("system-out").text() = lines_of(rest).c_str();
}

Counts add_suite(pugi::xml_node root, const Decision& decision) {
  pugi::xml_node suite = root.append_child("testsuite");
  pugi::xml_node properties = suite.append_child("properties");
  auto property = [&](const char* name, const std::string& value) {
    pugi::xml_node node = properties.append_child("property");
    set(node, "name", name);
    set(node, "value", value);
  };
  property("assay.outcome", to_string(decision.outcome));
  property("assay.policy", decision.policy);
  property("assay.policy_sha256", decision.policy_sha256);
  property("assay.digest", decision.digest);
  property("assay.scan_id", decision.scan_id);
  property("assay.verdict", decision.verdict);
  property("assay.score", std::to_string(decision.score));
  std::vector<Check> more;
  Counts counts;
  for (const CheckResult& result : results_of(decision, more)) add_case(suite, decision, result, counts);
  set(suite, "name", decision.ref);
  set(suite, "tests", counts.tests);
  set(suite, "failures", counts.failures);
  set(suite, "errors", counts.errors);
  set(suite, "skipped", counts.skipped);
  suite.append_attribute("time") = "0";
  suite.append_attribute("timestamp") = utc_text(decision.decided_s * 1'000'000'000).substr(0, 19).c_str();
  return counts;
}

}  // namespace

std::string decisions_junit(std::span<const Decision> decisions) {
  pugi::xml_document document;
  pugi::xml_node declaration = document.append_child(pugi::node_declaration);
  declaration.append_attribute("version") = "1.0";
  declaration.append_attribute("encoding") = "UTF-8";
  pugi::xml_node root = document.append_child("testsuites");
  Counts counts;
  for (const Decision& decision : decisions) counts += add_suite(root, decision);
  set(root, "name", "assay");
  set(root, "tests", counts.tests);
  set(root, "failures", counts.failures);
  set(root, "errors", counts.errors);
  root.append_attribute("time") = "0";
  Writer writer;
  document.save(writer, "  ", pugi::format_default, pugi::encoding_utf8);
  return std::move(writer.text);
}

}  // namespace assay::decisions
