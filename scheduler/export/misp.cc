// A MISP event of one report (draft-dulaunoy-misp-core-format): indicators as attributes, files and
// connections as objects of MISP's own templates, findings as text. What is not suspicious is context: to_ids
// is false.
#include <set>

#include "common/digest.h"
#include "common/text.h"
#include "scheduler/export/export.h"
#include "scheduler/export/indicators.h"
#include "scheduler/export/json_text.h"
#include "scheduler/export/outside.h"
#include "scheduler/export/scan_times.h"
#include "scheduler/export/uuid.h"
#include "scheduler/score/attack.h"

namespace assay {
namespace {

constexpr size_t kMaxAttributes = 2000, kMaxObjects = 1000, kMaxFindings = 200, kMaxText = 2000;
// "Inherit": who may see the event may see this.
constexpr const char* kInherit = "5";

// Of MISP's published object templates.
struct Template {
  const char *name, *meta_category, *description, *uuid, *version;
};
constexpr Template kFile = {"file", "file", "File object describing a file with meta-information",
                            "688c46fb-5edb-40a3-8273-1af7923e2215", "25"};
constexpr Template kConnection = {"network-connection", "network", "A local or remote network connection.",
                                  "af16764b-f8e5-4603-9de1-de34d272f80b", "7"};

const char* threat_level(Verdict verdict) {
  switch (verdict) {
    case Verdict::malicious:
      return "1";  // high
    case Verdict::suspicious:
      return "2";
    case Verdict::clean:
      return "3";  // low
    case Verdict::inconclusive:
      break;
  }
  return "4";  // undefined
}

class MispEvent {
 public:
  explicit MispEvent(const Report& report) : report_(report), times_(scan_times(report)) {}
  std::string text();

 private:
  std::string uuid(const std::string& subject) const {
    return uuid5(kAssayUuids, report_.header.scan_id + " misp " + subject);
  }
  std::string seconds() const { return std::to_string(times_.end_ns / 1'000'000'000); }
  std::string first_seen() const {
    std::string text = utc_text(times_.start_ns);  // ends with milliseconds and Z
    return text.substr(0, text.size() - 1) + "000+00:00";
  }
  Json attribute(const std::string& subject, const char* type, const char* category, const std::string& value,
                 bool to_ids, const std::string& comment) const;
  Json object(const Template& of, const std::string& subject, const std::string& comment) const;
  void fill(Json& object, const char* relation, const char* type, const char* category,
            const std::string& value, bool to_ids = false) const;
  static Json tag(const std::string& name) { return {{"name", name}}; }
  static Json techniques(const std::vector<Technique>& techniques);
  Json tags() const;
  void add_image();
  void add_indicator(const Indicator& one);
  void add_file(const Indicator& one);
  void add_connections();
  void add_findings();
  void add_left_out();

  const Report& report_;
  const ScanTimes times_;
  Json attributes_ = Json::array(), objects_ = Json::array();
  uint64_t left_out_ = 0;
};

Json MispEvent::attribute(const std::string& subject, const char* type, const char* category,
                          const std::string& value, bool to_ids, const std::string& comment) const {
  return {{"uuid", uuid(subject)},    {"type", type},
          {"category", category},     {"value", value},
          {"to_ids", to_ids},         {"comment", still_printable(comment, kMaxText)},
          {"timestamp", seconds()},   {"first_seen", first_seen()},
          {"distribution", kInherit}, {"disable_correlation", false},
          {"deleted", false}};
}

Json MispEvent::object(const Template& of, const std::string& subject, const std::string& comment) const {
  return {{"uuid", uuid("object " + subject)},
          {"name", of.name},
          {"meta-category", of.meta_category},
          {"description", of.description},
          {"template_uuid", of.uuid},
          {"template_version", of.version},
          {"timestamp", seconds()},
          {"first_seen", first_seen()},
          {"distribution", kInherit},
          {"comment", still_printable(comment, kMaxText)},
          {"deleted", false},
          {"Attribute", Json::array()}};
}

void MispEvent::fill(Json& object, const char* relation, const char* type, const char* category,
                     const std::string& value, bool to_ids) const {
  if (value.empty()) return;
  std::string subject = object["uuid"].get<std::string>() + " " + relation;
  Json one = attribute(subject, type, category, value, to_ids, "");
  one["object_relation"] = relation;
  object["Attribute"].push_back(std::move(one));
}

// As MISP's galaxy of ATT&CK names them.
Json MispEvent::techniques(const std::vector<Technique>& techniques) {
  Json out = Json::array();
  std::set<std::string> seen;
  for (const Technique& technique : techniques) {
    std::string name(technique_name(technique.id));
    if (!name.empty() && seen.insert(technique.id).second)
      out.push_back(tag("misp-galaxy:mitre-attack-pattern=\"" + name + " - " + technique.id + "\""));
  }
  return out;
}

Json MispEvent::tags() const {
  Json out = Json::array(
      {tag("tlp:amber"), tag(std::string("assay:verdict=\"") + to_string(report_.verdict) + "\"")});
  std::vector<Technique> all;
  for (const Finding& finding : report_.findings)
    all.insert(all.end(), finding.techniques.begin(), finding.techniques.end());
  for (Json& one : techniques(all)) out.push_back(std::move(one));
  return out;
}

// The image by its manifest: a file that others may hold, and no sign of anything by itself.
void MispEvent::add_image() {
  std::string ref = still_printable(report_.header.job.ref, 1024);
  if (auto digest = Digest::parse(report_.header.image.digest))
    attributes_.push_back(attribute("image", "sha256", "External analysis", digest->hex(), false,
                                    "manifest of the scanned image " + ref));
  if (!ref.empty())
    attributes_.push_back(attribute("reference", "text", "External analysis", ref, false,
                                    "the scanned image, as it was asked for"));
}

void MispEvent::add_indicator(const Indicator& one) {
  if (one.kind == Indicator::Kind::file) return add_file(one);
  if (attributes_.size() >= kMaxAttributes) {
    ++left_out_;
    return;
  }
  bool address = one.kind == Indicator::Kind::ipv4 || one.kind == Indicator::Kind::ipv6;
  bool port = address && one.port > 0 && one.port <= 0xffff;
  const char* type = one.kind == Indicator::Kind::domain ? "domain"
                     : one.kind == Indicator::Kind::url  ? "url"
                     : port                              ? "ip-dst|port"
                                                         : "ip-dst";
  std::string value = port ? one.value + "|" + std::to_string(one.port) : one.value;
  Json added = attribute(std::string(to_string(one.kind)) + " " + one.value, type, "Network activity", value,
                         one.suspicious, one.context);
  if (Json named = techniques(one.techniques); !named.empty()) added["Tag"] = std::move(named);
  attributes_.push_back(std::move(added));
}

void MispEvent::add_file(const Indicator& one) {
  if (objects_.size() >= kMaxObjects || !Digest::parse("sha256:" + one.value)) {
    ++left_out_;
    return;
  }
  Json file = object(kFile, "file " + one.value, one.context);
  std::string path = still_printable(one.path, kMaxText);
  fill(file, "sha256", "sha256", "Payload delivery", one.value, one.suspicious);
  fill(file, "filename", "filename", "Payload delivery", path.substr(path.rfind('/') + 1));
  fill(file, "fullpath", "text", "Other", path);
  if (one.size_bytes > 0)
    fill(file, "size-in-bytes", "size-in-bytes", "Other", std::to_string(one.size_bytes));
  for (const FileChange& seen : report_.files) {
    if (seen.sha256 != one.value) continue;
    fill(file, "mimetype", "mime-type", "Artifacts dropped", still_printable(seen.mime, 200));
    fill(file, "tlsh", "tlsh", "Payload delivery", still_printable(seen.similarity, 100));
    break;
  }
  objects_.push_back(std::move(file));
}

// Whom it spoke to, where another network could meet them.
void MispEvent::add_connections() {
  size_t number = 0;
  for (const NetworkPeer& peer : report_.network) {
    ++number;
    std::string name = public_domain(peer.name);
    bool address = public_address(peer.addr);
    bool packets = peer.proto == "tcp" || peer.proto == "udp";
    if ((name.empty() && !address) || !packets || peer.port > 0xffff) continue;
    if (objects_.size() >= kMaxObjects) {
      ++left_out_;
      continue;
    }
    Json one = object(kConnection, "connection " + std::to_string(number),
                      peer.flows == 0 ? "tried" : std::to_string(peer.flows) + " flows");
    if (address) fill(one, "ip-dst", "ip-dst", "Network activity", peer.addr);
    fill(one, "hostname-dst", "hostname", "Network activity", name);
    fill(one, "dst-port", "port", "Network activity", std::to_string(peer.port));
    fill(one, "layer3-protocol", "text", "Other", "IP");
    fill(one, "layer4-protocol", "text", "Other", peer.proto == "tcp" ? "TCP" : "UDP");
    fill(one, "layer7-protocol", "text", "Other", still_printable(peer.app, 200));
    fill(one, "src-bytes-count", "size-in-bytes", "Other", std::to_string(peer.bytes_out));
    fill(one, "dst-bytes-count", "size-in-bytes", "Other", std::to_string(peer.bytes_in));
    objects_.push_back(std::move(one));
  }
}

void MispEvent::add_findings() {
  size_t number = 0;
  for (const Finding& finding : report_.findings) {
    if (++number > kMaxFindings || attributes_.size() >= kMaxAttributes) {
      ++left_out_;
      continue;
    }
    std::string comment = finding.description;
    if (!finding.evidence.empty()) comment += (comment.empty() ? "" : " ") + finding.evidence[0].text;
    Json one = attribute("finding " + std::to_string(number), "text", "External analysis",
                         still_printable(finding.level, 40) + ": " + still_printable(finding.title, 500),
                         false, comment);
    one["disable_correlation"] = true;  // rules' titles are the same in every event
    if (Json named = techniques(finding.techniques); !named.empty()) one["Tag"] = std::move(named);
    attributes_.push_back(std::move(one));
  }
}

void MispEvent::add_left_out() {
  std::string comment;
  for (const std::string& reason : report_.completeness.reasons)
    comment += (comment.empty() ? "not complete: " : "; ") + reason;
  if (!report_.shortfall.empty()) comment += (comment.empty() ? "" : "; ") + report_.shortfall;
  uint64_t left_out = left_out_ + report_.network_left_out + report_.files_left_out;
  if (left_out > 0)
    comment += (comment.empty() ? "" : "; ") + ("left out beyond the bounds: " + std::to_string(left_out));
  if (comment.empty()) return;
  Json one =
      attribute("limits", "text", "External analysis", "What this analysis does not cover", false, comment);
  one["disable_correlation"] = true;
  attributes_.push_back(std::move(one));
}

std::string MispEvent::text() {
  add_image();
  for (const Indicator& one : indicators_of(report_)) add_indicator(one);
  add_connections();
  add_findings();
  add_left_out();
  Json event{
      {"uuid", uuid("event")},
      {"info", std::string("Assay: ") + to_string(report_.verdict) + ", score " +
                   std::to_string(report_.score) + ": " + still_printable(report_.header.job.ref, 1024)},
      {"date", utc_text(times_.start_ns).substr(0, 10)},
      {"threat_level_id", threat_level(report_.verdict)},
      {"analysis", "2"},      // completed
      {"distribution", "0"},  // this organisation only, until someone decides
      {"published", false},
      {"timestamp", seconds()},
      {"Orgc", {{"uuid", uuid5(kAssayUuids, "organisation")}, {"name", "Assay"}}},
      {"Tag", tags()},
      {"attribute_count", std::to_string(attributes_.size())},
      {"Attribute", std::move(attributes_)},
      {"Object", std::move(objects_)}};
  return json_text({{"Event", std::move(event)}});
}

}  // namespace

std::string misp_event(const Report& report) { return MispEvent(report).text(); }

}  // namespace assay
