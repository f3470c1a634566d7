// Names asked for, peers without a name, ports and users, each once, with who did it.
#include "decisions/contacts.h"

#include <algorithm>
#include <map>
#include <set>

#include "common/addresses.h"
#include "common/ascii.h"
#include "scheduler/score/layers.h"
#include "scheduler/score/network_map.h"
#include "scheduler/score/steady_words.h"

namespace assay::decisions {
namespace {

class Collector {
 public:
  explicit Collector(const Report& report) : report_(report) {
    for (const Process& process : report.processes) processes_.emplace(process.pid, &process);
    for (const std::string& name : report.dns_names) asked_.insert(ascii_lower(name));
  }

  Contacts collect() {
    Contacts out;
    for (size_t i = 0; i < report_.dns_names.size(); ++i)
      add(out.destinations, report_.dns_names[i], pid_at(report_.dns_pids, i));
    for (const NetworkPeer& peer : report_.network) destination(peer, out.destinations);
    for (size_t i = 0; i < report_.listening.size(); ++i)
      add(out.ports, report_.listening[i], pid_at(report_.listening_pids, i));
    for (const Process& process : report_.processes)
      if (!process.provoked) add(out.users, std::to_string(process.uid), process.pid);
    out.destinations_cut = report_.network_left_out > 0 || report_.dns_names.size() >= NetworkMap::kMaxNames;
    out.ports_cut = report_.listening.size() >= NetworkMap::kMaxListening;
    out.users_cut = report_.processes_left_out > 0;
    return out;
  }

 private:
  static int32_t pid_at(const std::vector<int32_t>& pids, size_t index) {
    return index < pids.size() ? pids[index] : 0;
  }

  // Of the guest's own link: itself, its resolver, and what no router passes on.
  bool on_own_link(const NetworkPeer& peer) const {
    const TraceHeader& header = report_.header;
    if (peer.addr.empty() || peer.addr == header.guest_addr || peer.addr == header.guest_addr6) return true;
    if (peer.port == 53 && (peer.addr == "172.17.0.1" || peer.addr == "fd00:172:17::1")) return true;
    auto addr = IpAddress::parse(peer.addr);
    if (!addr) return true;  // a decoy's socket
    auto within = [&](const char* base, unsigned bits) {
      auto network = IpAddress::parse(base);
      return network && network->v6 == addr->v6 && addr->within(*network, bits);
    };
    return within("127.0.0.0", 8) || within("::1", 128) || within("0.0.0.0", 32) || within("::", 128) ||
           within("224.0.0.0", 24) || within("255.255.255.255", 32) || within("ff01::", 16) ||
           within("ff02::", 16);
  }

  // Whether DNS led to the address. The simulated internet has few addresses for names that are not its own
  // (docs/sinkhole.md, "Fixed names"); the real one has any.
  bool found_by_name(const NetworkPeer& peer) const {
    if (is_made_up(peer.addr)) return true;
    if (peer.name.empty() || !asked_.contains(ascii_lower(peer.name))) return false;
    if (report_.header.job.network == NetworkMode::egress) return true;
    bool fixed = peer.name.ends_with(".internal") || peer.name.starts_with("kubernetes.default");
    return fixed && (peer.addr == "169.254.169.254" || peer.addr == "10.96.0.1" || peer.addr == "172.17.0.1");
  }

  void destination(const NetworkPeer& peer, std::vector<Contact>& to) {
    if (on_own_link(peer)) return;
    if (!found_by_name(peer))
      add(to, peer.addr, peer.pid);
    else if (!peer.name.empty())
      add(to, peer.name, peer.pid);
  }

  void add(std::vector<Contact>& to, const std::string& what, int32_t pid) {
    if (what.empty() || !seen_.emplace(&to, ascii_lower(what)).second) return;
    Contact contact{what, "", ""};
    if (auto found = processes_.find(pid); found != processes_.end()) {
      contact.by = found->second->path;
      contact.layer = layer_text(report_.header.image.layers, found->second->layer);
    }
    to.push_back(std::move(contact));
  }

  const Report& report_;
  std::map<int32_t, const Process*> processes_;
  std::set<std::string> asked_;
  std::set<std::pair<const void*, std::string>> seen_;
};

}  // namespace

Contacts contacts_of(const Report& report) { return Collector(report).collect(); }

}  // namespace assay::decisions
