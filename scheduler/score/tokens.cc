// Places matched with opened paths, reports with processes.
#include "scheduler/score/tokens.h"

#include <algorithm>

#include "common/paths.h"
#include "common/text.h"
#include "scheduler/score/event_facts.h"
#include "scheduler/score/process_fields.h"

namespace assay {
namespace {

constexpr size_t kMaxTold = 20'000;
constexpr size_t kMaxPathBytes = 4096;  // links into themselves make ever longer names

// The same file under its several names: /run is where /var/run leads, and a mounted Kubernetes secret is
// reached through "..data" and a directory named by the time.
std::string normal_place(std::string path) {
  if (path.starts_with("/var/run/")) path.erase(0, 4);
  for (size_t at = path.find("/.."); at != std::string::npos; at = path.find("/..", at)) {
    size_t end = path.find('/', at + 1);
    if (end == std::string::npos) break;
    path.erase(at, end - at);
  }
  return path;
}

// "/proc/self/environ", "/proc/17/environ".
bool is_environment(std::string_view path) {
  if (!path.starts_with("/proc/") || !path.ends_with("/environ")) return false;
  path.remove_prefix(6);
  path.remove_suffix(8);
  return path == "self" || path == "thread-self" ||
         (!path.empty() && path.find_first_not_of("0123456789") == std::string_view::npos);
}

// `env` and `printenv` without a program to start do nothing but print what they were given.
bool prints_environment(const Event& event) {
  std::string_view image = event.path, name = event.argv.empty() ? image : std::string_view(event.argv[0]);
  for (std::string_view* text : {&image, &name}) *text = base_name(*text);
  return name == "printenv" || image == "printenv" || (name == "env" && event.argv.size() <= 1);
}

std::string destination(const Event& event) {
  if (event.app == "dns" || event.dst_port == 53) return event.name;
  std::string host = event.name.empty() ? event.dst_addr : event.name;
  return event.dst_port == 0 ? host : host + ":" + std::to_string(event.dst_port);
}

// What was sent before its protocol was clear is settled later than what came after it.
void touched(TokenUse& token, const Event& event) {
  if (token.first_ns < 0 || event.time_ns < token.first_ns) token.first_ns = event.time_ns;
}

}  // namespace

Tokens::Tokens(const std::vector<PlantedToken>& planted, const ProcessTree& tree, const Speakers& speakers)
    : tree_(tree), speakers_(speakers) {
  for (const auto& token : planted) {
    size_t index = tokens_.size();
    tokens_.push_back({token.id, token.kind, token.place, {}, {}, {}, -1});
    by_id_.emplace(token.id, index);
    if (token.place.starts_with("/")) by_path_[normal_place(token.place)].push_back(index);
    if (token.place.starts_with("env:")) in_environment_.push_back(index);
  }
}

const Tokens::Indices* Tokens::at_path(const std::string& path) const {
  auto found = by_path_.find(normal_place(path));
  return found == by_path_.end() ? nullptr : &found->second;
}

Tokens::Indices Tokens::read_by(const Event& event) const {
  if (event.kind != EventKind::open || event.error != 0 || event.result < 0 || opens_for_write(event))
    return {};
  const std::string given = tree_.absolute(event.pid, event.path);
  for (const std::string* path : {&given, &event.fd_path}) {
    if (is_environment(*path)) return in_environment_;
    if (const Indices* found = at_path(*path)) return *found;
  }
  return {};
}

void Tokens::observe(const Event& event, const Emit& emit) {
  if (tokens_.empty()) return;
  if (tree_.is_starter(event.pid) || tree_.is_our_exec(event)) return;
  if (event.kind == EventKind::syscall) on_new_name(event);
  if (event.kind == EventKind::open) on_read(event, read_by(event), emit);
  if ((event.kind == EventKind::exec || event.kind == EventKind::start) && prints_environment(event))
    on_read(event, in_environment_, emit);
  if (event.kind == EventKind::token) on_token(event, emit);
  if (event.kind == EventKind::session || event.kind == EventKind::http) on_protocol(event, emit);
}

// A token in the first bytes of a connection is seen before its protocol is.
void Tokens::on_token(const Event& event, const Emit& emit) {
  bool early = event.app.empty() && event.proto == "tcp" && event.call == "sent";
  if (!early || waiting_count_ >= kMaxWaiting) return settle(event, emit);
  waiting_[connection_of(event)].push_back(event);
  ++waiting_count_;
}

void Tokens::on_protocol(const Event& event, const Emit& emit) {
  auto found = waiting_.find(connection_of(event));
  if (found == waiting_.end()) return;
  std::vector<Event> settled = std::move(found->second);
  waiting_.erase(found);
  waiting_count_ -= settled.size();
  for (Event& token : settled) {
    token.app = event.app;
    settle(token, emit);
  }
}

// In the order in which they were seen.
void Tokens::finish(const Emit& emit) {
  std::vector<const Event*> left;
  for (const auto& [connection, tokens] : waiting_)
    for (const Event& token : tokens) left.push_back(&token);
  std::stable_sort(left.begin(), left.end(), [](const Event* a, const Event* b) { return a->seq < b->seq; });
  for (const Event* token : left) settle(*token, emit);
  waiting_.clear();
  waiting_count_ = 0;
}

// A planted file, or a directory above it, that was renamed or linked to: it is read under that name, too.
void Tokens::on_new_name(const Event& event) {
  bool named =
      event.call.starts_with("rename") || event.call.starts_with("link") || event.call.starts_with("symlink");
  if (!named || event.error != 0 || event.path.empty() || event.path2.empty()) return;
  std::string from = normal_place(tree_.absolute(event.pid, event.path)),
              to = normal_place(tree_.absolute(event.pid, event.path2));
  std::vector<std::pair<std::string, Indices>> fresh;
  for (auto at = by_path_.lower_bound(from); at != by_path_.end() && at->first.starts_with(from); ++at)
    if (at->first.size() == from.size() || at->first[from.size()] == '/')
      fresh.emplace_back(to + at->first.substr(from.size()), at->second);
  for (auto& [path, indices] : fresh)
    if (path.size() <= kMaxPathBytes && new_names_ < kMaxNewNames &&
        by_path_.emplace(std::move(path), std::move(indices)).second)
      ++new_names_;
}

// Once too many are remembered, the rest is told again rather than not at all.
bool Tokens::fresh(size_t process, const std::string& place) {
  if (told_.contains({process, place})) return false;
  if (told_.size() < kMaxTold) told_.emplace(process, place);
  return true;
}

void Tokens::on_read(const Event& event, const Indices& indices, const Emit& emit) {
  if (indices.empty()) return;
  size_t process = tree_.find(event.pid);
  std::string place = tokens_[indices[0]].place;
  if (!fresh(process, place)) return;
  Actor by = actor(tree_, process);
  Record record(Category::honeytoken);
  record.borrow(Field::Action, "read");
  std::string kinds;
  for (size_t index : indices) {
    TokenUse& token = tokens_[index];
    add_once(token.read_by, by, kMaxActors);
    touched(token, event);
    record.borrow(Field::Kind, token.kind);
    record.borrow(Field::Place, token.place);
    if (kinds.find(token.kind) == std::string::npos) kinds += (kinds.empty() ? "" : ", ") + token.kind;
  }
  add_process_fields(record, tree_, process);
  bool environment = place.starts_with("env:");
  record.evidence = printable(kinds, 120) + " in " +
                    (environment ? "the environment" : printable(place, 120)) + " read by " +
                    printable(name_of(by));
  emit(record, event);
}

void Tokens::settle(const Event& event, const Emit& emit) {
  auto found = by_id_.find(event.path);
  if (found == by_id_.end()) return;  // the sinkhole faces the guest: its word is held against the header
  TokenUse& token = tokens_[found->second];
  size_t process = speakers_.of(event);
  Actor by = actor(tree_, process);
  std::string to = destination(event),
              what = printable(token.kind, 40) + " (" + printable(token.place, 80) + ")";
  Record record(Category::honeytoken);
  record.borrow(Field::Kind, token.kind);
  record.borrow(Field::Place, token.place);
  record.borrow(Field::Protocol, event.proto);
  record.borrow(Field::App, event.app);
  record.borrow(Field::DestinationHostname, event.name);
  record.borrow(Field::DestinationIp, event.dst_addr);
  if (event.dst_port != 0) record.own(Field::DestinationPort, static_cast<uint64_t>(event.dst_port));
  record.borrow(Field::Data, event.data);
  add_process_fields(record, tree_, process);
  if (event.call == "served") {
    if (!fresh(process, token.place)) return;
    add_once(token.asked_by, by, kMaxActors);
    touched(token, event);
    record.borrow(Field::Action, "served");
    record.evidence = what + " handed out to " + printable(name_of(by));
  } else if (event.call == "sent") {
    sent(token, event, process);
    record.borrow(Field::Action, "sent");
    record.borrow(Field::Encoding, event.path2);
    record.evidence = what + " sent to " + printable(to, 120) + " as " + printable(event.path2, 20) +
                      (event.app.empty() ? "" : " over " + printable(event.app, 20)) + " by " +
                      printable(name_of(by));
  } else {
    return;
  }
  emit(record, event);
}

void Tokens::sent(TokenUse& token, const Event& event, size_t process) {
  touched(token, event);
  TokenSent one{destination(event), event.proto, event.dst_addr,
                event.app,          event.path2, actor(tree_, process)};
  bool known = std::any_of(token.sent.begin(), token.sent.end(), [&](const TokenSent& other) {
    return other.to == one.to && other.encoding == one.encoding;
  });
  if (!known && token.sent.size() < kMaxSent) token.sent.push_back(std::move(one));
}

std::vector<TokenUse> Tokens::list() const {
  std::vector<TokenUse> out;
  for (const auto& token : tokens_)
    if (!token.read_by.empty() || !token.asked_by.empty() || !token.sent.empty()) out.push_back(token);
  return out;
}

}  // namespace assay
