// The network map: the guest, and from it a line to each host that it spoke to, as thick as the traffic;
// below each host its ports and what was said. Then names and listening ports.
#include <algorithm>
#include <map>

#include "scheduler/export/html_parts.h"
#include "scheduler/export/html_sections.h"
#include "scheduler/score/text_layout.h"

namespace assay::html {
namespace {

constexpr Bound kHosts{60, 320 << 10}, kPorts{24, 96 << 10}, kNames{400, 96 << 10}, kListening{256, 32 << 10};
constexpr Bound kRequests{8, 64 << 10};
constexpr size_t kSaidBytes = 1024, kOpenHosts = 12, kOpenRequests = 2, kOpenNames = 20;

// The ports of one address.
struct Host {
  const NetworkPeer* first;
  std::vector<const NetworkPeer*> ports;
  uint64_t bytes = 0;
  const Finding* named_by = nullptr;  // the heaviest that is more than a weak sign
};

bool names(const Evidence& item, const NetworkPeer& peer) {
  auto in = [&](const std::string& word) {
    return word.size() > 3 && item.text.find(word) != std::string::npos;
  };
  return in(peer.addr) || in(peer.name);
}

const Finding* accuser(const Report& r, const NetworkPeer& peer) {
  for (const Finding& finding : r.findings) {
    if (finding.level == "informational" || finding.level == "low") continue;
    for (const Evidence& item : finding.evidence)
      if (names(item, peer)) return &finding;
  }
  return nullptr;
}

std::vector<Host> hosts_of(const Report& r) {
  std::vector<Host> out;
  std::map<std::string, size_t> by_address;
  for (const NetworkPeer& peer : r.network) {
    auto [at, fresh] = by_address.try_emplace(peer.addr, out.size());
    if (fresh) out.push_back({&peer, {}, 0, accuser(r, peer)});
    Host& host = out[at->second];
    host.ports.push_back(&peer);
    host.bytes += peer.bytes_out + peer.bytes_in;
  }
  std::stable_sort(out.begin(), out.end(), [](const Host& a, const Host& b) {
    return (a.named_by != nullptr) > (b.named_by != nullptr);
  });
  return out;
}

// A line of 1 to 9 pixels, by powers of ten.
std::string thickness(uint64_t bytes) {
  int width = 1;
  for (; bytes >= 10 && width < 9; bytes /= 10) ++width;
  return std::to_string(width) + "px";
}

void said(Writer& html, const NetworkPeer& peer) {
  if (peer.requests.empty() && peer.first_data.empty()) return;
  if (peer.requests.empty()) {
    Element line = html.in("p", {{"class", "said"}});
    html.text("said ");
    html.code(peer.first_data, kSaidBytes);
    return;
  }
  Element box = html.in("div", {{"class", "said"}});
  shown_folding(
      html, peer.requests, kRequests, kOpenRequests, "request", [&] { return html.in("ul"); },
      [&](Element&, const PeerRequest& request) {
        Element item = html.in("li");
        html.code(request.method + " " + request.target, kSaidBytes);
        if (request.body.empty()) return;
        html.text(" » ");
        html.code(request.body, kSaidBytes);
      });
  if (peer.requests_left_out > 0)
    html.put("p", "… and " + layout::plural(peer.requests_left_out, "more request"), {{"class", "cut"}});
}

void write_port(Writer& html, const NetworkPeer& peer) {
  Element item = html.in("li");
  {
    Element line = html.in("p", {{"class", "port"}});
    Element port = html.in("b");
    html.theirs(peer.port == 0 ? peer.proto : peer.proto + "/" + std::to_string(peer.port), 40);
  }
  {
    Element line = html.in("p", {{"class", "traffic"}});
    if (!peer.app.empty()) {
      Element app = html.in("span", {{"class", "badge quiet"}});
      html.theirs(peer.app, 80);
    }
    if (peer.proto == "unix")
      html.text("a decoy’s socket");
    else if (peer.flows == 0)
      html.text("tried; no packet was seen");
    else
      html.text(layout::plural(peer.flows, "flow") + ", " + layout::size_text(peer.bytes_out) + " out, " +
                layout::size_text(peer.bytes_in) + " in");
    if (peer.first_ns >= 0) html.text(", first at " + layout::seconds_text(peer.first_ns));
  }
  said(html, peer);
}

void write_host(Writer& html, const Report& r, const Host& host) {
  Element item = html.in("li", {{"class", host.named_by ? "host accused" : "host"},
                                {"style", "--thick:" + thickness(host.bytes)}});
  {
    Element title = html.in("p", {{"class", "who"}});
    bool named = !host.first->name.empty();
    {
      Element name = html.in("strong");
      html.theirs(named ? host.first->name : host.first->addr, 300);
    }
    if (named) html.text(" ").code(host.first->addr, 100);
    if (host.named_by != nullptr) {
      html.text(" ");
      finding_link(html, r, *host.named_by);
    }
  }
  Element ports = html.in("ul", {{"class", "ports"}});
  size_t shown =
      shown_of(html, host.ports, kPorts, [&](const NetworkPeer* peer) { write_port(html, *peer); });
  if (shown < host.ports.size())
    html.put("li", "… and " + layout::plural(host.ports.size() - shown, "more port"), {{"class", "cut"}});
}

void write_map(Writer& html, const Report& r) {
  std::vector<Host> hosts = hosts_of(r);
  size_t shown = 0;
  {
    Element map = html.in("div", {{"class", "map"}});
    {
      Element guest = html.in("p", {{"class", "guest"}});
      html.put("strong", "guest");
      html.text(" ").code(r.header.guest_addr, 60);
    }
    Element right = html.in("div");
    shown = shown_folding(
        html, hosts, kHosts, kOpenHosts, "host",
        [&] {
          return html.in("ul", {{"class", "hosts"}, {"aria-label", "Hosts that the guest spoke to"}});
        },
        [&](Element&, const Host& host) { write_host(html, r, host); });
  }
  left_out(html, hosts.size() - shown, 0, "host");
  left_out(html, 0, r.network_left_out, "peer");
}

void write_names(Writer& html, const Report& r) {
  if (r.dns_names.empty()) return;
  html.put("h3", "Names asked for");
  size_t at = 0;
  size_t shown = shown_folding(
      html, r.dns_names, kNames, kOpenNames, "name",
      [&] {
        return html.in("ul", {{"class", "names"}});
      },
      [&](Element&, const std::string& name) {
        Element item = html.in("li");
        html.code(name, 255);
        if (at < r.dns_first_ns.size()) html.put("small", " " + layout::seconds_text(r.dns_first_ns[at]));
        ++at;
      });
  left_out(html, r.dns_names.size() - shown, 0, "name");
}

void write_listening(Writer& html, const Report& r) {
  if (r.listening.empty()) return;
  html.put("h3", "Listened on");
  size_t shown = 0;
  {
    Element list = html.in("ul", {{"class", "names"}});
    shown = shown_of(html, r.listening, kListening, [&](const std::string& port) {
      Element item = html.in("li");
      html.code(port, 40);
    });
  }
  left_out(html, r.listening.size() - shown, 0, "port");
}

}  // namespace

void write_network(Writer& html, const Report& r) {
  Element part =
      section(html, "network", "Network", layout::plural(r.network.size() + r.network_left_out, "peer"));
  if (r.network.empty() && r.network_left_out == 0)
    html.put("p", "It spoke to nobody.", {{"class", "none"}});
  else
    write_map(html, r);
  write_names(html, r);
  write_listening(html, r);
}

}  // namespace assay::html
