// One pass over names, peers, requests, downloads, files and processes. What was simulated, private or this
// run's alone is left out (outside.h).
#include "scheduler/export/indicators.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "common/interpreter.h"
#include "common/text.h"
#include "scheduler/export/namings.h"
#include "scheduler/export/outside.h"
#include "scheduler/score/name_shape.h"
#include "scheduler/score/score.h"

namespace assay {
namespace {

using Kind = Indicator::Kind;

constexpr double kWeak = static_cast<double>(kWeakWeight) / kCertain;
// A finding of this weight alone makes an image suspicious.
constexpr double kHeavy = kSuspiciousScore / 100.0;
// Names below one domain that carry data: so many, each with a label so long and so mixed (tenths of a bit).
constexpr size_t kDataNames = 4, kDataLabel = 16;
constexpr uint64_t kDataEntropy = 28;
// Addresses without a name that were tried at one port: more are a scan's targets, and nobody's servers.
constexpr size_t kTargets = 32;
constexpr size_t kShownName = 100;

bool is_web(const NetworkPeer& peer) { return peer.app.starts_with("http"); }

class Collector {
 public:
  explicit Collector(const Report& report)
      : report_(report), namings_(report), telling_(report.score >= kSuspiciousScore) {}

  std::vector<Indicator> collect() {
    add_domains();
    add_addresses();
    add_sent();
    add_urls();
    add_files();
    add_programs();
    for (Indicator& one : list_)
      if (one.port == 0) one.proto.clear();
    std::stable_sort(list_.begin(), list_.end(),
                     [](const auto& a, const auto& b) { return a.kind < b.kind; });
    return std::move(list_);
  }

 private:
  // Made with `context` where it is new. Good until the next call.
  Indicator& at(Kind kind, const std::string& value, const std::string& context) {
    auto [found, fresh] = index_.try_emplace({kind, value}, list_.size());
    if (fresh) {
      Indicator one;
      one.kind = kind;
      one.value = value;
      one.context = context;
      list_.push_back(std::move(one));
    }
    return list_[found->second];
  }
  Indicator* find(Kind kind, const std::string& value) {
    auto found = index_.find({kind, value});
    return found == index_.end() ? nullptr : &list_[found->second];
  }

  void mark(Indicator& one) const { one.suspicious = telling_; }
  void name(Indicator& one, const std::vector<const Finding*>& findings) const {
    for (const Finding* finding : findings) {
      if (finding->weight >= kWeak) mark(one);
      for (const Technique& technique : finding->techniques)
        if (std::none_of(one.techniques.begin(), one.techniques.end(),
                         [&](const Technique& known) { return known.id == technique.id; }))
          one.techniques.push_back(technique);
    }
  }

  void add_domains();
  void add_data_names(std::set<std::string>& taken);
  void add_contact(Indicator& one, const NetworkPeer& peer) const;
  void add_addresses();
  void add_sent();
  void add_urls();
  void add_files();
  void add_programs();
  bool handed_out(const std::string& path, const std::string& sha256) const;

  const Report& report_;
  const Namings namings_;
  const bool telling_;
  std::vector<Indicator> list_;
  std::map<std::pair<Kind, std::string>, size_t> index_;
  std::set<std::string> robbers_;  // that honeytokens were sent to
};

// Names whose labels carry data are this run's; what they stand below is the server's. `taken` are such
// names.
void Collector::add_data_names(std::set<std::string>& taken) {
  std::map<std::string, std::vector<std::string>> below;
  for (const std::string& name : report_.dns_names) {
    std::string host = public_domain(name);
    NameShape shape = shape_of(host);
    if (!host.empty() && shape.label_length >= kDataLabel && shape.entropy >= kDataEntropy)
      below[shape.domain].push_back(host);
  }
  for (const auto& [domain, names] : below) {
    std::string common = common_domain(names);
    if (names.size() < kDataNames || common.empty()) continue;
    Indicator& one = at(Kind::domain, common, std::to_string(names.size()) + " names below it carry data");
    for (const std::string& name : names) {
      taken.insert(name);
      this->name(one, namings_.of(name, true));
    }
  }
}

void Collector::add_domains() {
  std::set<std::string> data;
  add_data_names(data);
  for (const std::string& asked : report_.dns_names) {
    std::string host = public_domain(asked), context = "asked for";
    if (host.empty()) {
      host = domain_right_of_data(asked);
      context += " below it: " + still_printable(asked, kShownName);
    }
    if (host.empty() || data.contains(host)) continue;
    Indicator& one = at(Kind::domain, host, context);
    name(one, namings_.of(asked, true));
    name(one, namings_.of(host, true));
  }
  for (Indicator& one : list_) name(one, namings_.of(one.value, true));
  for (const NetworkPeer& peer : report_.network)
    if (std::string host = public_domain(peer.name); !host.empty() && !data.contains(host)) {
      Indicator& one = at(Kind::domain, host, "named in SNI or Host");
      add_contact(one, peer);
      name(one, namings_.of(host, true));
    }
}

// Evidence may name nothing but the address.
void Collector::add_contact(Indicator& one, const NetworkPeer& peer) const {
  std::string how = peer.app.empty() ? "contacted" : "contacted over " + still_printable(peer.app);
  bool first = one.proto.empty();
  if (one.context.empty())
    one.context = how;
  else if (one.context.find(how) == std::string::npos)
    one.context += ", " + how;
  bool same = first || (one.port == peer.port && one.proto == peer.proto);
  one.proto = peer.proto;
  one.port = same ? peer.port : 0;
  name(one, namings_.of(peer.addr));
}

void Collector::add_addresses() {
  std::map<std::pair<std::string, uint32_t>, size_t> tried;
  for (const NetworkPeer& peer : report_.network)
    if (peer.name.empty() && public_address(peer.addr)) ++tried[{peer.proto, peer.port}];
  for (const NetworkPeer& peer : report_.network)
    if (public_address(peer.addr) && tried[{peer.proto, peer.port}] <= kTargets)
      add_contact(at(is_ipv6(peer.addr) ? Kind::ipv6 : Kind::ipv4, peer.addr, ""), peer);
}

// Where honeytokens went: "evil.test:443", or of DNS the domain alone.
void Collector::add_sent() {
  for (const TokenUse& token : report_.tokens)
    for (const TokenSent& sent : token.sent) {
      std::string host = sent.to.substr(0, sent.to.rfind(':'));
      for (const std::string& value : {public_domain(host), public_address(sent.addr) ? sent.addr : ""}) {
        Indicator* one = nullptr;
        for (Kind kind : {Kind::domain, Kind::ipv4, Kind::ipv6})
          if (one == nullptr) one = find(kind, value);
        if (one == nullptr) continue;
        mark(*one);
        if (robbers_.insert(value).second) one->context += ", a honeytoken was sent to it";
      }
    }
}

void Collector::add_urls() {
  for (const NetworkPeer& peer : report_.network) {
    std::string host = public_domain(peer.name);
    if (host.empty() && public_address(peer.addr)) host = peer.addr;
    if (host.empty() || !is_web(peer)) continue;
    const char* scheme = peer.app.starts_with("https") ? "https" : "http";
    for (const PeerRequest& request : peer.requests) {
      std::string url = url_of(scheme, host, peer.port, request.target);
      if (url.empty()) continue;
      Indicator& one = at(Kind::url, url, "requested by " + still_printable(request.method));
      if (robbers_.contains(host)) mark(one);
      name(one, namings_.of(url));
    }
  }
  for (const Download& download : report_.downloads) {
    std::string url = plain_url(download.url);
    if (url.empty()) continue;
    Indicator& one = at(Kind::url, url, "requested");
    bool run = download.status == DownloadStatus::run;
    if (run || download.status == DownloadStatus::stored) {
      one.context += run ? ", and what was answered was run" : ", and what was answered was stored";
      if (run) mark(one);
    }
    name(one, namings_.of(download.url));
    name(one, namings_.of(url));
  }
}

// What the simulated internet handed out is ours, and no other network has it.
bool Collector::handed_out(const std::string& path, const std::string& sha256) const {
  return std::any_of(report_.downloads.begin(), report_.downloads.end(), [&](const Download& download) {
    return download.sha256 == sha256 || (!path.empty() && download.run_by.image == path);
  });
}

// Programs, and what YARA or, of scripts, evidence points at. All else that a run leaves is this run's alone:
// logs, caches, copies of our own lures.
void Collector::add_files() {
  std::set<std::string> lures;
  for (const PlantedToken& token : report_.header.tokens) lures.insert(token.place);
  for (const FileChange& file : report_.files) {
    if (file.sha256.empty() || file.size_bytes == 0 || lures.contains(file.path) ||
        file.origin == "deleted" || handed_out(file.path, file.sha256))
      continue;
    auto findings = namings_.of(file.path);
    std::erase_if(findings, [](const Finding* finding) { return finding->weight < kWeak; });
    bool told = file.file_type == "script" && !findings.empty();
    if (!file.executed && file.file_type != "elf" && file.matches.empty() && !told) continue;
    std::string context = file.origin + (file.executed ? ", executed" : "");
    for (const std::string& match : file.matches) context += ", matches " + still_printable(match);
    Indicator& one = at(Kind::file, file.sha256, context);
    if (one.path.empty()) one.path = file.path;
    one.size_bytes = file.size_bytes;
    if (file.executed) mark(one);
    name(one, namings_.of(file.path));
  }
}

// What ran and is gone, or never was a file; and programs of the image that are nobody's package and that a
// heavy finding is about. A shell or an interpreter only did what it was told.
void Collector::add_programs() {
  for (const Process& process : report_.processes) {
    if (process.sha256.empty() || handed_out(process.path, process.sha256)) continue;
    bool own = process.origin == "image";
    if (own && (process.provoked || is_interpreter(process.path) || !process.package.empty())) continue;
    auto findings = namings_.by(process);
    if (own && std::none_of(findings.begin(), findings.end(),
                            [](const Finding* finding) { return finding->weight >= kHeavy; }))
      continue;
    std::string context = own ? "program of the image, of no package" : process.origin + ", executed";
    Indicator& one = at(Kind::file, process.sha256, context);
    if (one.path.empty()) one.path = process.path;
    if (!own) mark(one);
    name(one, findings);
    name(one, namings_.of(process.path));
  }
}

}  // namespace

const char* to_string(Indicator::Kind kind) {
  switch (kind) {
    case Kind::domain:
      return "domain";
    case Kind::ipv4:
      return "ipv4";
    case Kind::ipv6:
      return "ipv6";
    case Kind::url:
      return "url";
    case Kind::file:
      return "file";
  }
  return "unknown";
}

std::vector<Indicator> indicators_of(const Report& report) { return Collector(report).collect(); }

}  // namespace assay
