// Rules, taxonomy and artifacts of a SARIF run.
#include "scheduler/export/sarif_parts.h"

#include <algorithm>

#include "common/text.h"
#include "common/version.h"
#include "scheduler/score/attack.h"

namespace assay::sarif {
namespace {

constexpr const char* kTaxonomy = "MITRE ATT&CK";
// A version 5 UUID of the taxonomy's address, so that all runs mean the same.
constexpr const char* kTaxonomyGuid = "fa27b731-55f7-59a5-97ab-144ce9783e25";
constexpr const char* kGuestBase = "GUEST";

// What URIs keep as it is (RFC 3986, unreserved, and the slash). A colon would make a scheme of what is
// before it.
std::string uri_path(std::string_view path) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  while (path.starts_with('/')) path.remove_prefix(1);
  std::string out;
  for (char c : path) {
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                 std::string_view("/-._~").find(c) != std::string_view::npos;
    auto byte = static_cast<uint8_t>(c);
    out += plain ? std::string(1, c) : std::string("%") + kHex[byte >> 4] + kHex[byte & 15];
  }
  return out;
}

// "Name of a mining pool" as an identifier: "NameOfMiningPool". One letter is no word of such.
std::string pascal_case(std::string_view title) {
  std::string out, word;
  auto end_word = [&] {
    if (word.size() > 1 || (!word.empty() && word[0] < 'A')) out += word;
    word.clear();
  };
  for (char c : title) {
    bool lower = c >= 'a' && c <= 'z';
    if (lower || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
      word += lower && word.empty() ? static_cast<char>(c - 'a' + 'A') : c;
    else if (c != '\'')
      end_word();
  }
  end_word();
  return out;
}

// What code hosts sort by: CVSS's bands, of which a level takes the upper half.
const char* severity_of(std::string_view level) {
  if (level == "critical") return "9.5";
  if (level == "high") return "8.0";
  if (level == "medium") return "5.5";
  return level == "low" ? "2.5" : "0.5";
}

std::string technique_url(std::string_view id) {
  std::string path(id);
  std::replace(path.begin(), path.end(), '.', '/');
  return "https://attack.mitre.org/techniques/" + path + "/";
}

std::string help_of(const Finding& finding) {
  std::string out = finding.description.empty() ? finding.title : finding.description;
  for (const Technique& technique : finding.techniques)
    out += " ATT&CK " + technique.id + " " + std::string(technique_name(technique.id)) + " (" +
           technique.tactic + ").";
  return out;
}

// How often such a finding is right, in the words of code hosts.
const char* precision_of(const Finding& finding) {
  if (finding.proof) return "very-high";
  return finding.weight >= 0.5 ? "high" : finding.weight >= 0.15 ? "medium" : "low";
}

Json notice(const char* id, const char* name, const char* text) {
  Json said = {{"text", text}};
  return {{"id", id}, {"name", name}, {"shortDescription", said}, {"fullDescription", said}, {"help", said}};
}

Json notices() {
  return {notice("incomplete", "NotAllWasSeen", "The scan did not see everything that the image did."),
          notice("shortfall", "HardlyRan", "The image hardly ran: the scan says too little about it.")};
}

}  // namespace

Json message(std::string_view text) {
  std::string out;
  for (char c : still_printable(text)) {
    bool link = c == '(' && out.ends_with(']');
    bool place = c >= '0' && c <= '9' && out.ends_with('{');
    if (link || place) out += ' ';
    out += c;
  }
  return {{"text", out}};
}

const char* level_of(std::string_view level) {
  if (level == "critical" || level == "high") return "error";
  return level == "medium" ? "warning" : "note";
}

std::string image_uri(std::string_view ref) {
  for (std::string_view transport : {"oci-archive:", "docker-archive:", "oci:", "docker://"})
    if (ref.starts_with(transport)) ref.remove_prefix(transport.size());
  std::string uri = uri_path(ref);
  return uri.empty() ? "image" : uri;
}

Rules::Rules(const Report& report) {
  for (const Finding& finding : report.findings) {
    if (!rule_index_.try_emplace(finding.rule_id, rules_.size()).second) continue;
    rules_.push_back(&finding);
    for (const Technique& technique : finding.techniques)
      if (technique_index_.try_emplace(technique.id, techniques_.size()).second)
        techniques_.push_back(technique.id);
  }
}

Json Rules::taxon(const std::string& technique) const {
  return {{"id", technique},
          {"index", technique_index_.at(technique)},
          {"toolComponent", {{"name", kTaxonomy}, {"guid", kTaxonomyGuid}, {"index", 0}}}};
}

Json Rules::taxa_of(const Finding& finding) const {
  Json out = Json::array();
  for (const Technique& technique : finding.techniques)
    if (Json one = taxon(technique.id); std::find(out.begin(), out.end(), one) == out.end())
      out.push_back(std::move(one));
  return out;
}

Json Rules::driver() const {
  Json rules = Json::array();
  for (const Finding* finding : rules_) {
    Json tags = {"security"}, relations = Json::array();
    if (!finding->category.empty()) tags.push_back(finding->category);
    for (const Json& taxon : taxa_of(*finding)) {
      tags.push_back("external/attack/" + taxon["id"].get<std::string>());
      relations.push_back({{"target", taxon}, {"kinds", {"relevant"}}});
    }
    rules.push_back(
        {{"id", finding->rule_id},
         {"name", pascal_case(finding->title)},
         {"shortDescription", message(finding->title)},
         {"fullDescription", message(finding->description.empty() ? finding->title : finding->description)},
         {"help", message(help_of(*finding))},
         {"defaultConfiguration", {{"level", level_of(finding->level)}}},
         {"relationships", std::move(relations)},
         {"properties",
          {{"tags", std::move(tags)},
           {"security-severity", severity_of(finding->level)},
           {"precision", precision_of(*finding)},
           {"weight", finding->weight}}}});
  }
  return {{"name", "Assay"},
          {"version", kVersion},
          {"semanticVersion", kVersion},
          {"rules", std::move(rules)},
          {"notifications", notices()},
          {"supportedTaxonomies", {{{"name", kTaxonomy}, {"guid", kTaxonomyGuid}, {"index", 0}}}}};
}

Json Rules::taxonomies() const {
  Json taxa = Json::array();
  for (const std::string& id : techniques_) {
    std::string name(technique_name(id));
    taxa.push_back({{"id", id},
                    {"name", name.empty() ? id : name},
                    {"shortDescription", message(name.empty() ? id : name)},
                    {"helpUri", technique_url(id)}});
  }
  return {{{"name", kTaxonomy},
           {"version", kAttackVersion},
           {"guid", kTaxonomyGuid},
           {"organization", "MITRE"},
           {"informationUri", "https://attack.mitre.org/"},
           {"shortDescription", {{"text", "Techniques that attackers use, and what they use them for."}}},
           {"isComprehensive", false},
           {"taxa", std::move(taxa)}}};
}

Json artifacts(const Report& report) {
  Json image = {{"location", {{"uri", image_uri(report.header.job.ref)}, {"index", 0}}},
                {"description", message(report.header.job.ref)},
                {"roles", {"analysisTarget"}}};
  const std::string& digest = report.header.image.digest;
  if (digest.starts_with("sha256:")) image["hashes"] = {{"sha-256", digest.substr(7)}};
  Json out = {std::move(image)};
  for (const FileChange& file : report.files) {
    if (file.sha256.empty()) continue;
    Json one = {
        {"location", {{"uri", uri_path(file.path)}, {"uriBaseId", kGuestBase}, {"index", out.size()}}},
        {"description", message(file.path)},
        {"length", file.size_bytes},
        {"roles", {file.origin == "changed" ? "modified" : "added"}},
        {"hashes", {{"sha-256", file.sha256}}}};
    if (!file.mime.empty()) one["mimeType"] = file.mime;
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace assay::sarif
