#include "agent/child.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace assay {

Result<std::filesystem::path> program_beside(const std::string& name) {
  std::error_code error;
  auto dir = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  auto built = dir / name;
  if (std::filesystem::exists(built, error)) return built;
  auto installed = dir.parent_path() / "libexec/assay" / name;
  if (std::filesystem::exists(installed, error)) return installed;
  return Error{Errc::not_found, "no " + name + " beside this program (looked for " + built.string() +
                                    " and " + installed.string() +
                                    "); build it there, or install assay-agent's package"};
}

Result<Fd> memory_file(const char* name) {
  Fd fd(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd) return errno_error("make a memory file");
  return fd;
}

Status seal(const Fd& memory_file) {
  if (::fcntl(memory_file.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
    return errno_error("seal a memory file");
  return Status();
}

Result<Fd> sealed_file(const char* name, const std::string& content) {
  ASSAY_TRY(Fd fd, memory_file(name));
  ASSAY_CHECK(write_all(fd.get(), content, "a memory file"));
  if (::lseek(fd.get(), 0, SEEK_SET) != 0) return errno_error("rewind a memory file");
  ASSAY_CHECK(seal(fd));
  return fd;
}

Result<Child> spawn_unprivileged(const std::string& name, Command command, int first_free_fd) {
  ASSAY_TRY(auto path, program_beside(name));
  ASSAY_TRY(Fd program, open_file(path, O_RDONLY));
  if (program.get() < first_free_fd) program = Fd(::fcntl(program.get(), F_DUPFD_CLOEXEC, first_free_fd));
  if (!program) return errno_error("duplicate a descriptor");
  command.argv.insert(command.argv.begin(), "/proc/self/fd/" + std::to_string(program.get()));
  command.keep_fds.push_back({program.get(), program.get()});
  command.env = std::vector<std::string>{};
  command.stderr_fd = STDERR_FILENO;
  command.drop_to = {kNobody, kNogroup};
  auto child = spawn(command);
  if (!child) return child.error().context("start " + name);
  return child;
}

}  // namespace assay
