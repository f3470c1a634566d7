// By descriptor: nobody may not be allowed to walk to where we are installed.
#include "agent/inspector_child.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "agent/inspect/wire/messages.h"

namespace assay {
namespace {

constexpr uid_t kNobody = 65534;
constexpr gid_t kNogroup = 65534;
constexpr int kFirstFree = 8;  // above what the child is given

Result<Fd> empty_net_ns() {
  Fd ns;
  Status made;
  std::thread([&] {  // so that no other code of ours ever runs in it
    made = [&]() -> Status {
      if (::unshare(CLONE_NEWNET) != 0) return errno_error("make a network namespace (root is needed)");
      ASSAY_TRY(ns, open_file("/proc/thread-self/ns/net", O_RDONLY));
      return Status();
    }();
  })
      .join();
  ASSAY_CHECK(made);
  return ns;
}

Result<Fd> moved_up(Fd fd) {
  if (fd.get() >= kFirstFree) return fd;
  Fd up(::fcntl(fd.get(), F_DUPFD_CLOEXEC, kFirstFree));
  if (!up) return errno_error("duplicate a descriptor");
  return up;
}

}  // namespace

Result<InspectorProgram> InspectorProgram::find() {
  std::error_code error;
  auto path = std::filesystem::read_symlink("/proc/self/exe", error).parent_path() / "assay-inspect";
  auto fd = open_file(path, O_RDONLY);
  if (!fd)
    return Error{Errc::not_found, "no assay-inspect beside this program (looked for " + path.string() +
                                      "); build or install it there"};
  ASSAY_TRY(Fd program, moved_up(std::move(*fd)));
  Fd net_ns;
  if (::geteuid() == 0) {  // who is not can run no guest either, and nothing hostile comes to be inspected
    ASSAY_TRY(net_ns, empty_net_ns());
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
