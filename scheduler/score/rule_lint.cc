// Sigma's optional fields, and tags against the table of ATT&CK.
#include "scheduler/score/rule_lint.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "common/ascii.h"
#include "common/text.h"
#include "common/words.h"
#include "scheduler/score/attack.h"
#include "scheduler/score/fields.h"

namespace assay {
namespace {

// Of Sigma's appendix of tags; those of `attack` are looked at one by one.
constexpr std::string_view kNamespaces[] = {"car", "cve", "d3fend", "detection", "stp", "tlp"};

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// "t1059" or "t1059.004".
bool looks_like_technique(std::string_view tag) {
  return tag.size() > 1 && tag[0] == 't' && is_number(tag.substr(1, tag.find('.') - 1));
}

// Groups, software and campaigns: "g0032", "s0154", "c0001".
bool is_other_id(std::string_view tag) {
  return tag.size() > 1 && (tag[0] == 'g' || tag[0] == 's' || tag[0] == 'c') && is_number(tag.substr(1));
}

struct Tags {
  std::vector<std::string> tactics, techniques, unknown;  // techniques: "T1059.004"
};

Tags sorted_out(const yaml::Node& tags) {
  Tags out;
  for (const auto& node : tags.items) {
    std::string tag = ascii_lower(node.scalar);
    std::string space = tag.substr(0, tag.find('.'));
    std::string rest = space.size() == tag.size() ? "" : tag.substr(space.size() + 1);
    std::string tactic = rest;
    std::replace(tactic.begin(), tactic.end(), '_', '-');
    bool known = std::find(std::begin(kNamespaces), std::end(kNamespaces), space) != std::end(kNamespaces);
    if (space != "attack") {
      if (!known || rest.empty()) out.unknown.push_back(node.scalar);
    } else if (looks_like_technique(rest)) {
      out.techniques.push_back("T" + rest.substr(1));
    } else if (is_tactic(tactic)) {
      out.tactics.push_back(tactic);
    } else if (!is_other_id(rest)) {
      out.unknown.push_back(node.scalar);
    }
  }
  return out;
}

void lint_tags(const yaml::Node& list, std::vector<std::string>& out) {
  Tags tags = sorted_out(list);
  for (const auto& tag : tags.unknown) out.push_back("unknown tag '" + printable(tag, 60) + "'");
  for (const auto& id : tags.techniques) {
    const AttackTechnique* technique = find_technique(id);
    if (technique == nullptr) {
      out.push_back("technique " + printable(id, 20) + " is not in our table of ATT&CK");
      continue;
    }
    auto fits = [&](const std::string& tactic) { return belongs_to(*technique, tactic); };
    if (std::any_of(tags.tactics.begin(), tags.tactics.end(), fits)) continue;
    out.push_back("technique " + id + " " + std::string(technique->name) + " belongs to " +
                  std::string(technique->tactics) + ", but the tags name " +
                  (tags.tactics.empty() ? "no tactic" : joined(tags.tactics, ", ")));
  }
}

// The names of fields in a selection, wherever they stand in it.
void gather_fields(const yaml::Node& selection, std::set<std::string>& out) {
  for (const auto& [key, value] : selection.entries) out.insert(key.substr(0, key.find('|')));
  for (const auto& item : selection.items) gather_fields(item, out);
}

// A field that no event has counts as missing: a slip of the pen would go unnoticed.
void lint_fields(const yaml::Node& document, std::vector<std::string>& out) {
  const auto* source = document.find("logsource");
  const auto* detection = document.find("detection");
  if (source == nullptr || detection == nullptr) return;
  std::string kind = source->text("category").empty() ? source->text("service") : source->text("category");
  auto category = category_of(kind);
  if (!category) return;  // it is not evaluated, and that is told
  std::set<std::string> fields;
  for (const auto& [name, selection] : detection->entries)
    if (name != "condition") gather_fields(selection, fields);
  for (const auto& name : fields) {
    if (name.empty()) continue;  // keywords
    auto field = field_of(name);
    if (!field)
      out.push_back("field '" + printable(name, 50) + "' is none of ours: it counts as missing");
    else if (!has_field(*category, *field))
      out.push_back("events of " + printable(kind, 50) + " have no field '" + name +
                    "': it counts as missing");
  }
}

}  // namespace

std::vector<std::string> lint_rule(const yaml::Node& document) {
  std::vector<std::string> out;
  if (document.text("description").empty()) out.push_back("no description");
  if (document.find("filter") != nullptr) return out;  // it only narrows other rules
  if (const auto* tags = document.find("tags"); tags != nullptr) lint_tags(*tags, out);
  if (const auto* known = document.find("falsepositives"); known == nullptr || known->is_null())
    out.push_back("no falsepositives");
  lint_fields(document, out);
  if (document.find("level") == nullptr) out.push_back("no level: medium is taken");
  return out;
}

}  // namespace assay
