// A third of the process tree: who reads what whom writes, through pipes as shells and popen() lay them.
// Which pipe it is the guest's kernel tells as a descriptor is put in its place ("pipe:[3]"); of a pipe that
// was not moved the call that made it tells. Not every close is seen: so only standard input and output
// count, and a maker of a pipe only where nobody has it as output.
#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <string_view>

#include "scheduler/score/process_tree.h"

#include "common/paths.h"

namespace assay {
namespace {

constexpr int32_t kInput = 0, kOutput = 1, kErrors = 2;

bool succeeded(const Event& e) { return e.error == 0 && e.result >= 0; }

// A shell lays pipes for others; that nobody is seen at the other end yet does not make it the writer.
bool is_shell(const std::string& path) {
  std::string_view name = base_name(path);
  for (std::string_view shell : {"sh", "bash", "dash", "ash", "zsh", "ksh", "busybox"})
    if (name == shell) return true;
  return false;
}

}  // namespace

std::optional<size_t> ProcessTree::new_pipe(size_t maker) {
  if (pipes_.size() >= kMaxPipes) return std::nullopt;
  pipes_.push_back({maker, {}});
  return pipes_.size() - 1;
}

void ProcessTree::set_pipe(size_t index, int32_t fd, PipeFd end) {
  auto& own = procs_[index].pipes;
  if (fd < 0 || (own.size() >= kMaxPipeFds && !own.contains(fd))) return;
  own[fd] = end;
  if (fd > kErrors) return;
  auto& users = pipes_[end.pipe].users;
  if (users.size() < kMaxPipeUsers && std::find(users.begin(), users.end(), index) == users.end())
    users.push_back(index);
}

// pipe, pipe2: args = reading end, writing end, flags. socketpair: args = the two, and the type with its
// flags.
void ProcessTree::on_pipe(const Event& e, size_t index) {
  if (!succeeded(e) || e.source != Source::seccheck) return;
  auto pipe = new_pipe(index);
  if (!pipe) return;
  bool pair = e.call == "socketpair";
  bool cloexec = (e.args[2] & static_cast<uint64_t>(pair ? SOCK_CLOEXEC : O_CLOEXEC)) != 0;
  auto first = static_cast<int32_t>(e.args[0]), second = static_cast<int32_t>(e.args[1]);
  for (int32_t fd : {first, second}) procs_[index].sockets.erase(fd);
  set_pipe(index, first, {*pipe, true, pair, cloexec});
  set_pipe(index, second, {*pipe, pair, true, cloexec});
}

void ProcessTree::dup_pipe(const Event& e, size_t index) {
  if (!succeeded(e)) return;
  auto to = static_cast<int32_t>(e.result);
  if (to == e.fd) return;
  auto& own = procs_[index].pipes;
  auto known = own.find(e.fd);
  bool named = e.fd_path.starts_with("pipe:");
  // Here too the kernel's word outweighs our book.
  bool stale = known != own.end() && !e.fd_path.empty() && !named && !e.fd_path.starts_with("socket:");
  if (stale) {
    own.erase(known);
    known = own.end();
  }
  PipeFd end;
  auto found = named ? pipe_names_.find(e.fd_path) : pipe_names_.end();
  if (found != pipe_names_.end()) {
    end.pipe = found->second;
    if (known != own.end() && known->second.pipe == end.pipe) end = known->second;
  } else if (known != own.end()) {
    end = known->second;
    if (named) pipe_names_.emplace(e.fd_path, end.pipe);
  } else if (auto pipe = named ? new_pipe(kNone) : std::nullopt) {
    pipe_names_.emplace(e.fd_path, *pipe);
    end.pipe = *pipe;
  } else {
    own.erase(to);
    return;
  }
  if (!end.reads && !end.writes) {  // which end it is, its place tells
    end.reads = to == kInput;
    end.writes = to == kOutput || to == kErrors;
  }
  end.close_on_exec = e.call == "dup3" && (e.args[2] & O_CLOEXEC) != 0;
  set_pipe(index, to, end);
}

void ProcessTree::inherit_pipes(size_t parent, size_t child) {
  const auto ends = procs_[parent].pipes;
  for (const auto& [fd, end] : ends) set_pipe(child, fd, end);
}

bool ProcessTree::writes_to(size_t index, size_t pipe) const {
  const auto& own = procs_[index].pipes;
  for (int32_t fd : {kOutput, kErrors})
    if (auto end = own.find(fd); end != own.end() && end->second.pipe == pipe && end->second.writes)
      return true;
  return false;
}

// Who writes into the pipe that is the process' standard input.
std::vector<size_t> ProcessTree::feeders_of(size_t index) const {
  std::vector<size_t> out;
  auto input = procs_[index].pipes.find(kInput);
  if (input == procs_[index].pipes.end() || !input->second.reads) return out;
  const Pipe& pipe = pipes_[input->second.pipe];
  bool pair = input->second.writes;  // whose other end its maker keeps
  for (size_t user : pipe.users)
    if (!pair && user != index && !procs_[user].starter && writes_to(user, input->second.pipe))
      out.push_back(user);
  bool by_maker = out.empty() && pipe.maker != kNone && pipe.maker != index && !procs_[pipe.maker].starter &&
                  procs_[pipe.maker].shown.end_ns < 0 && !is_shell(procs_[pipe.maker].shown.path);
  if (by_maker) out.push_back(pipe.maker);
  return out;
}

PipeSources ProcessTree::piped_from(size_t index) const {
  PipeSources out;
  std::vector<size_t> open = {index};
  for (size_t next = 0; next < open.size() && open.size() <= kMaxPipeline; ++next)
    for (size_t feeder : feeders_of(open[next]))
      if (std::find(open.begin(), open.end(), feeder) == open.end()) open.push_back(feeder);
  out.processes.assign(open.begin() + 1, open.end());
  for (size_t source : out.processes) out.connected = out.connected || procs_[source].connected;
  return out;
}

std::vector<size_t> ProcessTree::piped_to(size_t index) const {
  std::vector<size_t> open = {index};
  for (size_t next = 0; next < open.size() && open.size() <= kMaxPipeline; ++next)
    for (int32_t fd : {kOutput, kErrors}) {
      auto end = procs_[open[next]].pipes.find(fd);
      if (end == procs_[open[next]].pipes.end() || !end->second.writes) continue;
      for (size_t user : pipes_[end->second.pipe].users) {
        auto input = procs_[user].pipes.find(kInput);
        bool reads = input != procs_[user].pipes.end() && input->second.pipe == end->second.pipe &&
                     input->second.reads;
        if (reads && std::find(open.begin(), open.end(), user) == open.end()) open.push_back(user);
      }
    }
  open.erase(open.begin());
  return open;
}

}  // namespace assay
