// Names asked for, peers without a name, ports and users, each once; who did it is the behaviour's to say.
#include "decisions/contacts.h"

#include <map>
#include <set>

#include "common/addresses.h"
#include "common/ascii.h"
#include "scheduler/score/behaviour.h"
#include "scheduler/score/steady_words.h"

namespace assay::decisions {
namespace {

class Collector {
 public:
  explicit Collector(const Report& report) : report_(report), behaviour_(behaviour_of(report)) {
    for (const Fact& fact : behaviour_.facts) facts_.emplace(std::pair(fact.kind, fact.what), &fact);
    for (const std::string& name : report.dns_names) asked_.insert(ascii_lower(name));
  }

  Contacts collect() {
    Contacts out;
    for (const std::string& name : report_.dns_names)
      add(out.destinations, name, FactKind::domain, steady_name(name));
    for (const NetworkPeer& peer : report_.network) destination(peer, out.destinations);
    for (const std::string& port : report_.listening)
      add(out.ports, port, FactKind::listener, steady_port(port));
    constexpr std::string_view kUid = "uid ";
    for (const Fact& fact : behaviour_.facts)
      if (fact.kind == FactKind::user && fact.step.empty() && fact.what.starts_with(kUid))
        add(out.users, fact.what.substr(kUid.size()), FactKind::user, fact.what);
    auto cut = [&](FactKind kind) { return behaviour_.cut.contains(kind); };
    out.destinations_cut = cut(FactKind::domain) || cut(FactKind::peer);
    out.ports_cut = cut(FactKind::listener);
    out.users_cut = cut(FactKind::user);
    return out;
  }

 private:
  // Of the guest's own link: itself, its resolver, and what no router passes on.
  bool on_own_link(const NetworkPeer& peer) const {
    const TraceHeader& header = report_.header;
    if (peer.addr == header.guest_addr || peer.addr == header.guest_addr6) return true;
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
    std::string who = peer.name.empty() ? peer.addr : steady_name(peer.name);
    std::string fact = who + " " + (peer.port == 0 ? peer.proto : steady_port(peer.proto, peer.port));
    add(to, found_by_name(peer) ? peer.name : peer.addr, FactKind::peer, fact);
  }

  void add(std::vector<Contact>& to, const std::string& what, FactKind kind, const std::string& fact) {
    if (what.empty() || !seen_.emplace(&to, ascii_lower(what)).second) return;
    Contact contact{what, "", "", ""};
    if (auto found = facts_.find({kind, fact}); found != facts_.end()) {
      contact.by = found->second->by;
      contact.layer = found->second->layer;
      contact.step = found->second->step;
    }
    to.push_back(std::move(contact));
  }

  const Report& report_;
  Behaviour behaviour_;
  std::map<std::pair<FactKind, std::string>, const Fact*> facts_;
  std::set<std::string> asked_;
  std::set<std::pair<const void*, std::string>> seen_;
};

}  // namespace

Contacts contacts_of(const Report& report) { return Collector(report).collect(); }

}  // namespace assay::decisions
