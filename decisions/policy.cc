// The outermost keys of a policy, in the order in which docs/policy.md tells of them.
#include "decisions/policy.h"

#include <algorithm>

#include "common/digest.h"
#include "common/fd.h"
#include "common/text.h"
#include "decisions/policy_parts.h"

namespace assay::decisions {
namespace {

constexpr std::string_view kSchema = "assay.policy/1";
static_assert(kMaxPolicyBytes <= yaml::kMaxTextBytes);

Status read_head(const yaml::Node& root, const Place& place, Policy& policy) {
  for (std::string_view key : {"schema", "name"})
    if (root.find(key) == nullptr)
      return place.error(root.line, "lacks the key " + std::string(key) +
                                        (key == "schema" ? ": " + std::string(kSchema) : ""));
  const yaml::Node& schema = *root.find("schema");
  ASSAY_TRY(std::string version, read_text(schema, place.in("schema")));
  if (version != kSchema)
    return place.in("schema").error(
        schema.line, quoted(version) + " is not " + std::string(kSchema) + ", which is read here");
  const yaml::Node& name = *root.find("name");
  ASSAY_TRY(policy.name, read_text(name, place.in("name")));
  bool ok = policy.name.size() <= 64 && policy.name[0] != '-' &&
            std::all_of(policy.name.begin(), policy.name.end(), [](char c) {
              return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                     c == '_' || c == '-';
            });
  if (!ok)
    return place.in("name").error(name.line, quoted(policy.name) +
                                                 " is not 1 to 64 of letters, digits, '.', '_' and '-', the "
                                                 "first none of '-'");
  return Status();
}

Status read_section(const std::string& key, const yaml::Node& node, const Place& place, Policy& to) {
  if (key == "fail") return read_asks(node, place, Outcome::fail, to);
  if (key == "warn") return read_asks(node, place, Outcome::warn, to);
  if (key == "require") return read_requirements(node, place, to);
  if (key == "allow") return read_allowed(node, place, to);
  if (key == "changes") return read_changes(node, place, to);
  if (key == "waivers") return read_waivers(node, place, to);
  if (key != "inconclusive" && key != "unscanned") return Status();
  ASSAY_TRY((key == "inconclusive" ? to.inconclusive : to.unscanned), read_outcome(node, place));
  return Status();
}

bool asks(const Policy& p) {
  return p.fail_verdict || p.warn_verdict || p.fail_score || p.warn_score || !p.categories.empty() ||
         !p.techniques.empty() || !p.rules.empty() || !p.levels.empty() || p.allowed_domains ||
         p.allowed_ports || p.allowed_users || !p.changes.empty() || p.least_coverage || p.oldest_s ||
         p.complete_trace || p.comparison;
}

// A star at the beginning of a plain scalar is YAML's alias.
Error with_hint(Error error) {
  if (error.what.find("alias") != std::string::npos || error.what.find("anchor") != std::string::npos)
    error.what += " (a text that begins with * stands in quotes: \"*.example.org\")";
  return error;
}

}  // namespace

const char* to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::pass:
      return "pass";
    case Outcome::warn:
      return "warn";
    case Outcome::fail:
      return "fail";
  }
  return "fail";
}

Result<Policy> parse_policy(std::string_view text, const std::string& name) {
  Place place{printable(name, 200), ""};
  auto documents = yaml::parse(std::string(text), place.source);
  if (!documents) return with_hint(documents.error());
  if (documents->size() != 1)
    return place.error(0, documents->empty() ? "is empty" : "is more than one YAML document");
  const yaml::Node& root = documents->front();
  ASSAY_CHECK(check_map(root, place,
                        {"schema", "name", "fail", "warn", "inconclusive", "unscanned", "require", "allow",
                         "changes", "waivers"}));
  Policy policy;
  policy.sha256 = Digest::of(text).hex();
  ASSAY_CHECK(read_head(root, place, policy));
  for (const auto& [key, node] : root.entries) ASSAY_CHECK(read_section(key, node, place.in(key), policy));
  if (!asks(policy))
    return place.error(root.line,
                       "asks for nothing; give at least one of fail, warn, require, allow, changes");
  return policy;
}

Result<Policy> read_policy(const std::string& path) {
  auto text = read_file(path, kMaxPolicyBytes);
  if (!text) return text.error().context("policy");
  return parse_policy(*text, path);
}

}  // namespace assay::decisions
