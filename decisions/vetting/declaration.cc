// Each kind of fact has its list and the sentence for what is not in it. Files are held against the list one
// by one: a fact's area may be wider than what is declared.
#include "decisions/vetting/declaration.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <set>

#include "common/text.h"
#include "decisions/contacts.h"
#include "decisions/patterns.h"
#include "scheduler/score/file_area.h"
#include "scheduler/score/steady_words.h"

namespace assay::decisions {
namespace {

constexpr size_t kMaxAncestors = 12;

bool is_path(const std::string& pattern, const std::string& what) { return matches_wildcards(pattern, what); }

// "/var/lib/app" allows itself and all below.
bool is_area(const std::string& pattern, const std::string& what) {
  std::string area = pattern;
  while (area.ends_with('/')) area.pop_back();
  return matches_wildcards(pattern, what) || matches_wildcards(area + "/*", what);
}

// Ports that Linux takes by chance are one fact, "tcp/high".
bool is_port(const std::string& pattern, const std::string& what) {
  auto range = PortRange::parse(pattern);
  if (!range) return false;
  constexpr std::string_view kHigh = "/high";
  bool high = what.ends_with(kHigh) && what.substr(0, what.size() - kHigh.size()) == range->proto;
  return high ? range->last >= 32768 : range->contains(what);
}

bool is_name(const std::string& pattern, const std::string& what) { return matches_name(pattern, what); }

// A peer is "HOST tcp/443", or without a port "HOST icmp".
std::string host_of(const std::string& peer) { return peer.substr(0, peer.find(' ')); }
bool is_host(const std::string& pattern, const std::string& what) {
  std::string host = host_of(what);
  return matches_address(pattern, host) || matches_name(pattern, host);
}

// Of "uid 1000".
bool is_user(const std::string& pattern, const std::string& what) {
  auto range = UserRange::parse(pattern);
  uint32_t uid = 0;
  const char *begin = what.data() + what.find_first_of("0123456789", 0), *end = what.data() + what.size();
  auto read = std::from_chars(what.find_first_of("0123456789") == std::string::npos ? end : begin, end, uid);
  return range && read.ec == std::errc() && range->contains(uid);
}

struct Kind {
  FactKind kind;
  bool (*declares)(const std::string& pattern, const std::string& what);
  const char* does;  // and then what
};
constexpr std::array kKinds = {
    Kind{FactKind::listener, is_port, "listens on "}, Kind{FactKind::domain, is_name, "asks for the name "},
    Kind{FactKind::peer, is_host, "talks to "},       Kind{FactKind::user, is_user, "runs as "},
    Kind{FactKind::executable, is_path, "runs "},
};

// Null: this kind is not held against the image.
const std::vector<std::string>* list_of(const Declaration& declaration, FactKind kind) {
  auto given = [](const auto& list) { return list ? &*list : nullptr; };
  switch (kind) {
    case FactKind::listener:
      return &declaration.ports;
    case FactKind::domain:
    case FactKind::peer:
      return &declaration.domains;
    case FactKind::user:
      return given(declaration.users);
    case FactKind::executable:
      return given(declaration.executables);
    case FactKind::file_area:  // check_files()
    case FactKind::finding:
      break;
  }
  return nullptr;
}

/// Who did it first and when, as the report has it.
class Doers {
 public:
  explicit Doers(const Report& report) {
    for (const Process& process : report.processes) {
      by_pid_.emplace(process.pid, &process);
      by_path_.emplace(steady_path(process.path), process.pid);
    }
    for (size_t i = 0; i < report.listening.size() && i < report.listening_pids.size(); ++i)
      first_.try_emplace({FactKind::listener, steady_port(report.listening[i])},
                         First{report.listening_pids[i], -1});
    for (size_t i = 0; i < report.dns_names.size() && i < report.dns_pids.size(); ++i)
      first_.try_emplace(
          {FactKind::domain, steady_name(report.dns_names[i])},
          First{report.dns_pids[i], i < report.dns_first_ns.size() ? report.dns_first_ns[i] : -1});
    for (const NetworkPeer& peer : report.network)
      first_.try_emplace({FactKind::peer, peer.name.empty() ? peer.addr : steady_name(peer.name)},
                         First{peer.pid, peer.first_ns});
  }

  void name(FactKind kind, Deviation& deviation) const {
    auto found = first_.find({kind, kind == FactKind::peer ? host_of(deviation.what) : deviation.what});
    if (found != first_.end()) {
      deviation.pid = found->second.pid;
      deviation.time_ns = found->second.time_ns;
    }
    // By the program that is said to have done it, or that it is.
    auto program = by_path_.find(kind == FactKind::executable ? deviation.what : deviation.by);
    if (deviation.pid == 0 && program != by_path_.end()) deviation.pid = program->second;
    deviation.ancestry = ancestry(deviation.pid);
  }

 private:
  struct First {
    int32_t pid = 0;
    int64_t time_ns = -1;
  };

  std::vector<std::string> ancestry(int32_t pid) const {
    std::vector<std::string> out;
    std::set<int32_t> seen;
    while (pid != 0 && out.size() < kMaxAncestors && seen.insert(pid).second) {
      auto found = by_pid_.find(pid);
      if (found == by_pid_.end()) break;
      std::string line;
      for (const std::string& word : found->second->argv) line += (line.empty() ? "" : " ") + word;
      out.push_back(still_printable(line.empty() ? found->second->path : line, 300));
      pid = found->second->parent;
    }
    std::reverse(out.begin(), out.end());
    return out;
  }

  std::map<int32_t, const Process*> by_pid_;
  std::map<std::string, int32_t> by_path_;
  std::map<std::pair<FactKind, std::string>, First> first_;
};

// A program that the run plan started is our choice, not the image's.
bool ours(const Fact& fact) { return fact.kind == FactKind::executable && !fact.step.empty(); }

std::set<std::string> names_of(const Behaviour& behaviour) {
  std::set<std::string> out;
  for (const Fact& fact : behaviour.facts)
    if (fact.kind == FactKind::domain) out.insert(fact.what);
  return out;
}

void add(DeclarationCheck& out, const Doers& doers, FactKind kind, Deviation deviation, const char* does) {
  if (out.deviations.size() == DeclarationCheck::kMaxDeviations) {
    ++out.left_out;
    return;
  }
  deviation.kind = to_string(kind);
  deviation.text = does + deviation.what + ", not declared";
  doers.name(kind, deviation);
  out.deviations.push_back(std::move(deviation));
}

Deviation deviation_of(const Fact& fact) {
  Deviation out;
  out.what = fact.what;
  out.by = fact.by;
  out.layer = fact.layer;
  out.step = fact.step;
  return out;
}

// Hosts as facts of peers name them; the guest's own link and its resolver are none.
std::set<std::string> hosts_of(const Report& report) {
  std::set<std::string> reached, out;
  for (const Contact& contact : contacts_of(report).destinations) reached.insert(contact.what);
  for (const NetworkPeer& peer : report.network)
    if (reached.contains(peer.addr) || reached.contains(peer.name))
      out.insert(peer.name.empty() ? peer.addr : steady_name(peer.name));
  return out;
}

void check_kind(const Kind& kind, const std::vector<std::string>& declared, const Behaviour& behaviour,
                const Report& report, const Doers& doers, DeclarationCheck& out) {
  const std::set<std::string> names = names_of(behaviour), hosts = hosts_of(report);
  for (const Fact& fact : behaviour.facts) {
    if (fact.kind != kind.kind || ours(fact)) continue;
    // A peer whose name was asked for is told with that name, once.
    std::string host = fact.kind == FactKind::peer ? host_of(fact.what) : "";
    if (fact.kind == FactKind::peer && (names.contains(host) || !hosts.contains(host))) continue;
    if (std::any_of(declared.begin(), declared.end(),
                    [&](const std::string& pattern) { return kind.declares(pattern, fact.what); }))
      continue;
    add(out, doers, kind.kind, deviation_of(fact), kind.does);
  }
}

// "/opt/x/*" of "/opt/x/y".
std::string directory_of(const std::string& path) {
  return steady_path(path.substr(0, path.rfind('/') + 1)) + "*";
}

void check_files(const std::vector<std::string>& declared, const Behaviour& behaviour, const Report& report,
                 const Doers& doers, DeclarationCheck& out) {
  std::set<std::string> told, seen;
  for (const FileChange& file : report.files) {
    std::string area = file_area(file);
    if (area.empty()) continue;  // it says nothing of the image's behaviour
    auto covers = [&](const std::string& pattern) { return is_area(pattern, file.path); };
    auto covering = std::find_if(declared.begin(), declared.end(), covers);
    for (const std::string& pattern : declared)
      if (covers(pattern)) seen.insert(pattern);
    if (covering != declared.end() || !told.insert(directory_of(file.path)).second) continue;
    auto fact = std::find_if(behaviour.facts.begin(), behaviour.facts.end(), [&](const Fact& one) {
      return one.kind == FactKind::file_area && one.what == area;
    });
    Deviation deviation = fact == behaviour.facts.end() ? Deviation() : deviation_of(*fact);
    deviation.what = directory_of(file.path);
    if (!file.written_by.image.empty()) deviation.by = file.written_by.image;
    deviation.pid = file.written_by.pid;
    add(out, doers, FactKind::file_area, std::move(deviation), "writes ");
  }
  for (const std::string& pattern : declared)
    if (!seen.contains(pattern)) out.unseen.push_back({to_string(FactKind::file_area), pattern});
}

void find_unseen(const Kind& kind, const std::vector<std::string>& declared, const Behaviour& behaviour,
                 DeclarationCheck& out) {
  for (const std::string& pattern : declared)
    if (std::none_of(behaviour.facts.begin(), behaviour.facts.end(), [&](const Fact& fact) {
          bool peer = kind.kind == FactKind::domain && fact.kind == FactKind::peer;
          return peer ? is_host(pattern, fact.what)
                      : fact.kind == kind.kind && kind.declares(pattern, fact.what);
        }))
      out.unseen.push_back({to_string(kind.kind), pattern});
}

}  // namespace

DeclarationCheck check_declaration(const Declaration& declaration, const Behaviour& behaviour,
                                   const Report& report) {
  DeclarationCheck out;
  Doers doers(report);
  for (const Kind& kind : kKinds) {
    const std::vector<std::string>* declared = list_of(declaration, kind.kind);
    if (declared == nullptr) continue;
    check_kind(kind, *declared, behaviour, report, doers, out);
    if (kind.kind != FactKind::peer) find_unseen(kind, *declared, behaviour, out);
    if (behaviour.cut.contains(kind.kind)) out.unchecked.push_back(to_string(kind.kind));
  }
  if (!declaration.writes) return out;
  check_files(*declaration.writes, behaviour, report, doers, out);
  if (behaviour.cut.contains(FactKind::file_area)) out.unchecked.push_back(to_string(FactKind::file_area));
  return out;
}

}  // namespace assay::decisions
