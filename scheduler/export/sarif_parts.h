// sarif_parts: the pieces of a SARIF run that results refer to: rules, taxonomy, files. Sections named are
// those of the OASIS standard, SARIF 2.1.0. Only sarif*.cc and decisions/decision_sarif.cc include it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "scheduler/export/json_text.h"
#include "scheduler/score/report.h"

namespace assay::sarif {

inline constexpr const char kSchema[] =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Text of a message (3.11): from hostile text nothing becomes a link ("[x](y)") or a placeholder ("{0}").
Json message(std::string_view text);
/// error, warning or note (3.27.10).
const char* level_of(std::string_view sigma_level);

/// The image as a path: GitHub wants one for every result, relative, and shows it. Without transport and
/// leading slashes: "nginx%3A1.27", "build/images/miner.tar".
std::string image_uri(std::string_view ref);

/// Of the findings, each once, in their order.
class Rules {
 public:
  explicit Rules(const Report& report);
  Json driver() const;      // 3.19: the tool, its rules and what it notifies of
  Json taxonomies() const;  // 3.14.8: ATT&CK, as far as it is named
  size_t index_of(const std::string& rule_id) const { return rule_index_.at(rule_id); }
  Json taxa_of(const Finding& finding) const;  // references, 3.27.8

 private:
  Json taxon(const std::string& technique) const;

  std::vector<const Finding*> rules_;
  std::map<std::string, size_t> rule_index_;
  std::vector<std::string> techniques_;
  std::map<std::string, size_t> technique_index_;
};

/// 3.14.15: the image first, then what the guest left: regular files with a digest.
Json artifacts(const Report& report);

}  // namespace assay::sarif
