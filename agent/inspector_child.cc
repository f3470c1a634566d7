// By descriptor: nobody may not be allowed to walk to where we are installed.
#include "agent/inspector_child.h"

#include <fcntl.h>
#include <unistd.h>

#include "agent/child.h"
#include "agent/inspect/wire/messages.h"
#include "agent/network.h"

namespace assay {
namespace {

constexpr int kFirstFree = 8;  // above what the child is given

Result<Fd> moved_up(Fd fd) {
  if (fd.get() >= kFirstFree) return fd;
  Fd up(::fcntl(fd.get(), F_DUPFD_CLOEXEC, kFirstFree));
  if (!up) return errno_error("duplicate a descriptor");
  return up;
}

}  // namespace

Result<InspectorProgram> InspectorProgram::find() {
  ASSAY_TRY(auto path, program_beside("assay-inspect"));
  ASSAY_TRY(Fd file, open_file(path, O_RDONLY));
  ASSAY_TRY(Fd program, moved_up(std::move(file)));
  Fd net_ns;
  if (::geteuid() == 0) {  // who is not can run no guest either, and nothing hostile comes to be inspected
    ASSAY_TRY(net_ns, make_net_ns());
  }
  return InspectorProgram(std::move(program), std::move(net_ns));
}

Command InspectorProgram::command(const char* mode, int rules, int socket) const {
  Command command;
  command.argv = {"/proc/self/fd/" + std::to_string(program_.get()), mode};
  command.env = std::vector<std::string>{};
  command.keep_fds = {
      {rules, inspect::kRulesFd}, {socket, inspect::kSocketFd}, {program_.get(), program_.get()}};
  command.net_ns_fd = net_ns_.get();
  if (net_ns_) command.drop_to = {kNobody, kNogroup};
  return command;
}

}  // namespace assay
