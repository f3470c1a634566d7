// One pass over each list of the report. Strings are text, as the report has them.
#include "scheduler/export/stix_observed.h"

#include <algorithm>
#include <map>

#include "common/addresses.h"
#include "common/ascii.h"
#include "common/digest.h"
#include "common/text.h"
#include "scheduler/export/json_text.h"
#include "scheduler/export/outside.h"
#include "scheduler/export/scan_times.h"

namespace assay::stix {
namespace {

constexpr size_t kMaxText = 2048;

bool is_sha256(std::string_view hex) {
  return hex.size() == 64 && std::all_of(hex.begin(), hex.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

// A file by its path in the guest, with its digest where there is one.
std::string observe_file(Graph& graph, const std::string& path, const std::string& sha256, uint64_t size = 0,
                         const std::string& mime = "") {
  Json file = Json::object();
  if (is_sha256(sha256)) file["hashes"] = {{"SHA-256", sha256}};
  if (size > 0) file["size"] = std::min<uint64_t>(size, INT64_MAX);
  size_t slash = path.rfind('/');
  std::string name = still_printable(slash == std::string::npos ? path : path.substr(slash + 1), kMaxText);
  if (!name.empty()) file["name"] = name;
  if (file.empty()) return "";
  if (!mime.empty()) file["mime_type"] = still_printable(mime, 200);
  if (slash != std::string::npos && !name.empty()) {
    std::string dir = still_printable(slash == 0 ? "/" : path.substr(0, slash), kMaxText);
    file["parent_directory_ref"] = graph.observe("directory", {{"path", dir}}, {"path"});
  }
  return graph.observe("file", std::move(file), {"hashes", "name", "parent_directory_ref"});
}

std::string observe_address(Graph& graph, const std::string& text) {
  auto address = IpAddress::parse(text);
  if (!address) return "";
  return graph.observe(address->v6 ? "ipv6-addr" : "ipv4-addr", {{"value", text}}, {"value"});
}

std::string command_line(const Process& process) {
  std::string out;
  for (const std::string& word : process.argv) {
    if (out.size() > kMaxText) break;
    out += (out.empty() ? "" : " ") + word;
  }
  return still_printable(out, kMaxText);
}

void observe_processes(const Report& report, Graph& graph, uint64_t& left_out) {
  std::map<int32_t, std::string> latest;  // pids can be used again
  std::map<std::string, Json> children;
  for (size_t i = 0; i < report.processes.size(); ++i) {
    if (i >= kMaxOfAKind) {
      left_out += report.processes.size() - i;
      break;
    }
    const Process& process = report.processes[i];
    Json object{{"pid", process.pid}, {"created_time", utc_text(wall_time(report, process.start_ns))}};
    if (std::string line = command_line(process); !line.empty()) object["command_line"] = line;
    if (!process.path.empty())
      if (std::string image = observe_file(graph, process.path, process.sha256); !image.empty())
        object["image_ref"] = image;
    auto parent = latest.find(process.parent);
    if (parent != latest.end()) object["parent_ref"] = parent->second;
    std::string id = graph.observe_alone("process", std::to_string(i), std::move(object));
    if (parent != latest.end()) children[parent->second].push_back(id);
    latest[process.pid] = id;
  }
  for (auto& [id, ids] : children) graph.at(id)["child_refs"] = std::move(ids);
}

// The innermost protocol last. What was spoken is a short word of ours.
Json protocols(const NetworkPeer& peer, bool v6) {
  Json out = Json::array({v6 ? "ipv6" : "ipv4"});
  out.push_back(peer.proto);
  std::string word;
  for (char c : peer.app.substr(0, 100) + ",") {
    if (c != ',' && c != ' ') {
      word += ascii_lower(c);
      continue;
    }
    if (!word.empty()) out.push_back(still_printable(word));
    word.clear();
  }
  return out;
}

// An address that the simulated internet made up for a name says less than the name.
std::string observe_peer_end(const NetworkPeer& peer, Graph& graph) {
  if (std::string name = public_domain(peer.name); !name.empty() && !public_address(peer.addr))
    return graph.observe("domain-name", {{"value", name}}, {"value"});
  return observe_address(graph, peer.addr);
}

Json request(const NetworkPeer& peer) {
  const PeerRequest& first = peer.requests.front();
  std::string method;
  for (char c : first.method) method += ascii_lower(c);
  return {{"http-request-ext",
           {{"request_method", still_printable(method, 40)},
            {"request_value", still_printable(first.target, kMaxText)}}}};
}

void observe_network(const Report& report, Graph& graph, uint64_t& left_out) {
  std::string guest = observe_address(graph, report.header.guest_addr);
  std::string guest6 = observe_address(graph, report.header.guest_addr6);
  size_t count = 0;
  for (const NetworkPeer& peer : report.network) {
    bool packets = peer.proto == "tcp" || peer.proto == "udp" || peer.proto == "icmp";
    std::string end = packets && peer.port <= 0xffff ? observe_peer_end(peer, graph) : "";
    if (end.empty() || ++count > kMaxOfAKind) {
      ++left_out;
      continue;
    }
    bool v6 = is_ipv6(peer.addr);
    Json traffic = Json::object();
    if (const std::string& from = v6 ? guest6 : guest; !from.empty()) traffic["src_ref"] = from;
    traffic["dst_ref"] = end;
    if (peer.proto != "icmp") traffic["dst_port"] = peer.port;
    traffic["protocols"] = protocols(peer, v6);
    traffic["src_byte_count"] = std::min<uint64_t>(peer.bytes_out, INT64_MAX);
    traffic["dst_byte_count"] = std::min<uint64_t>(peer.bytes_in, INT64_MAX);
    bool web = peer.app.starts_with("http") && !peer.requests.empty() && !peer.requests[0].target.empty() &&
               !peer.requests[0].method.empty();
    if (web) traffic["extensions"] = request(peer);
    graph.observe("network-traffic", std::move(traffic),
                  {"src_ref", "dst_ref", "dst_port", "protocols", "extensions"});
  }
}

void observe_files(const Report& report, Graph& graph, uint64_t& left_out) {
  size_t count = 0;
  for (const FileChange& file : report.files) {
    bool kept = file.origin != "deleted" && !file.sha256.empty();
    if (!kept) continue;  // directories, links, and what was taken away
    if (++count > kMaxOfAKind)
      ++left_out;
    else
      observe_file(graph, file.path, file.sha256, file.size_bytes, file.mime);
  }
}

void observe_names(const Report& report, Graph& graph, uint64_t& left_out) {
  size_t count = 0;
  for (const std::string& asked : report.dns_names) {
    std::string name = public_domain(asked);
    if (name.empty() || ++count > kMaxOfAKind)
      ++left_out;
    else
      graph.observe("domain-name", {{"value", name}}, {"value"});
  }
}

// The image is known by its manifest, which is a file.
std::string observe_image(const Report& report, Graph& graph) {
  auto digest = Digest::parse(report.header.image.digest);
  if (!digest) return "";
  return graph.observe(
      "file",
      {{"hashes", {{"SHA-256", digest->hex()}}}, {"mime_type", "application/vnd.oci.image.manifest.v1+json"}},
      {"hashes"});
}

}  // namespace

std::string observe(const Indicator& indicator, Graph& graph) {
  switch (indicator.kind) {
    case Indicator::Kind::domain:
      return graph.observe("domain-name", {{"value", indicator.value}}, {"value"});
    case Indicator::Kind::url:
      return graph.observe("url", {{"value", indicator.value}}, {"value"});
    case Indicator::Kind::file:
      if (!is_sha256(indicator.value)) return "";
      return observe_file(graph, indicator.path, indicator.value, indicator.size_bytes);
    default:
      return observe_address(graph, indicator.value);
  }
}

Observed observe(const Report& report, const std::vector<Indicator>& indicators, Graph& graph) {
  Observed out;
  out.image = observe_image(report, graph);
  std::string version = still_printable(report.header.runtime_version, 200);
  Json sandbox{{"name", "runsc"}, {"vendor", "gVisor"}};
  if (!version.empty()) sandbox["version"] = version;
  out.sandbox = graph.observe("software", std::move(sandbox), {"name", "vendor", "version"});
  observe_processes(report, graph, out.left_out);
  observe_names(report, graph, out.left_out);
  observe_network(report, graph, out.left_out);
  observe_files(report, graph, out.left_out);
  size_t count = 0;
  for (const Indicator& indicator : indicators)
    if (++count > 4 * kMaxOfAKind || observe(indicator, graph).empty()) ++out.left_out;
  out.left_out += report.processes_left_out + report.network_left_out + report.files_left_out;
  return out;
}

}  // namespace assay::stix
