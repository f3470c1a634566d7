// allow and changes: whom an image may talk to, where it may listen, as whom it may run, and what of that may
// be new.
#include <array>

#include "common/text.h"
#include "decisions/patterns.h"
#include "decisions/policy_parts.h"

namespace assay::decisions {
namespace {

constexpr std::array<std::string_view, 7> kKinds = {"finding",    "domain",    "peer", "listener",
                                                    "executable", "file_area", "user"};

using Look = Status (*)(std::string_view);

Status check_port(std::string_view text) {
  auto range = PortRange::parse(text);
  return range ? Status() : Status(range.error());
}

Status check_user(std::string_view text) {
  auto range = UserRange::parse(text);
  return range ? Status() : Status(range.error());
}

// An empty list allows nothing, which is worth saying; so it may be one, here alone.
Result<std::vector<std::string>> read_patterns(const yaml::Node& node, const Place& place, Look look) {
  if (node.is_list() && node.items.empty()) return std::vector<std::string>();
  ASSAY_TRY(auto texts, read_texts(node, place));
  for (size_t i = 0; i < texts.size(); ++i)
    if (Status right = look(texts[i]); !right)
      return place.at(i).error(node.items[i].line, right.error().what);
  return texts;
}

}  // namespace

Status read_allowed(const yaml::Node& node, const Place& place, Policy& to) {
  ASSAY_CHECK(check_map(node, place, {"domains", "ports", "users", "otherwise"}));
  for (const auto& [key, value] : node.entries) {
    Place at = place.in(key);
    if (key == "domains") {
      ASSAY_TRY(to.allowed_domains, read_patterns(value, at, check_destination));
    } else if (key == "ports") {
      ASSAY_TRY(to.allowed_ports, read_patterns(value, at, check_port));
    } else if (key == "users") {
      ASSAY_TRY(to.allowed_users, read_patterns(value, at, check_user));
    } else {
      ASSAY_TRY(to.not_allowed, read_outcome(value, at));
    }
  }
  if (!to.allowed_domains && !to.allowed_ports && !to.allowed_users)
    return place.error(node.line, "allows nothing by name; give domains, ports or users");
  return Status();
}

Status read_changes(const yaml::Node& node, const Place& place, Policy& to) {
  ASSAY_CHECK(
      check_map(node, place, {kKinds[0], kKinds[1], kKinds[2], kKinds[3], kKinds[4], kKinds[5], kKinds[6]}));
  for (const auto& [key, value] : node.entries) {
    ASSAY_TRY(to.changes[key], read_outcome(value, place.in(key)));
  }
  return Status();
}

}  // namespace assay::decisions
