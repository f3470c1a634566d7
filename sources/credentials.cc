// Which files are looked at, and helpers as children: the protocol of docker-credential-helpers ("get": the
// server's URL on stdin, JSON on stdout). What is in a file is credentials_file's.
#include "sources/credentials.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "common/fd.h"
#include "common/process.h"
#include "common/text.h"
#include "sources/credentials_file.h"

namespace assay::sources {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxFileBytes = 1 << 20;
constexpr size_t kMaxHelperBytes = 64 * 1024;
constexpr std::chrono::seconds kHelperTime{30};  // some ask a cloud's API
// What helpers print where they hold nothing; see credentials/error.go of docker-credential-helpers.
constexpr const char* kNotKept = "credentials not found";

// A file of that many bytes without a name: what a child reads as its stdin, to its end, without a writer.
Result<Fd> as_file(const std::string& bytes) {
  Fd fd(::memfd_create("assay-stdin", MFD_CLOEXEC));
  if (!fd) return errno_error("make a file in memory");
  ASSAY_CHECK(write_all(fd.get(), bytes, "a file in memory"));
  if (::lseek(fd.get(), 0, SEEK_SET) < 0) return errno_error("rewind a file in memory");
  return fd;
}

// Nothing: it keeps no login of that name.
Result<std::optional<Login>> ask_helper(const KeptLogin& kept, const std::string& file, int stop_fd) {
  const std::string program = "docker-credential-" + kept.helper;
  const std::string named =
      "credential helper " + program + ", which " + file + " names for " + kept.server_url;
  if (!find_program(program))
    return Error{Errc::denied, named + ", is not installed: install it, or take it out of that file"};
  ASSAY_TRY(Fd in, as_file(kept.server_url));
  Command command;
  command.argv = {program, "get"};
  command.stdin_fd = in.get();
  auto ended = run(std::move(command), kHelperTime, kMaxHelperBytes, stop_fd);
  if (!ended && ended.error().code == Errc::timeout)
    return Error{Errc::timeout,
                 named + ", did not answer within " + std::to_string(kHelperTime.count()) + " s"};
  if (!ended) return ended.error();
  if (ended->status.shell_code() != 0) {
    // By the protocol what went wrong is on stdout; what is there after a failure is a message, no secret.
    const std::string& said = ended->out.empty() ? ended->err : ended->out;
    if (said.find(kNotKept) != std::string::npos) return std::optional<Login>();
    std::string line = printable(said.substr(0, said.find('\n')), 200);
    return Error{Errc::denied, named + ", failed with exit code " +
                                   std::to_string(ended->status.shell_code()) + ": " +
                                   (line.empty() ? "it says nothing" : line)};
  }
  ASSAY_TRY(Login login, login_from_helper(ended->out, program));
  return std::optional<Login>(std::move(login));
}

}  // namespace

std::vector<fs::path> auth_files(const std::string& auth_file) {
  if (!auth_file.empty()) return {auth_file};
  if (std::string named = environment("REGISTRY_AUTH_FILE"); !named.empty()) return {named};
  std::vector<fs::path> files;
  std::string runtime = environment("XDG_RUNTIME_DIR"), home = environment("HOME"),
              config = environment("XDG_CONFIG_HOME"), docker = environment("DOCKER_CONFIG");
  files.push_back(runtime.empty() ? fs::path("/run/containers") / std::to_string(::getuid()) / "auth.json"
                                  : fs::path(runtime) / "containers/auth.json");
  if (config.empty() && !home.empty()) config = home + "/.config";
  if (!config.empty()) files.push_back(fs::path(config) / "containers/auth.json");
  if (docker.empty() && !home.empty()) docker = home + "/.docker";
  if (!docker.empty()) files.push_back(fs::path(docker) / "config.json");
  return files;
}

Result<std::optional<Login>> find_login(const std::string& registry, const std::string& repository,
                                        const std::string& auth_file, int stop_fd) {
  const bool must_be = !auth_file.empty() || !environment("REGISTRY_AUTH_FILE").empty();
  for (const fs::path& file : auth_files(auth_file)) {
    std::error_code unseen;  // set where it cannot be told: then reading it says why
    if (!must_be && !fs::exists(file, unseen) && !unseen) continue;
    auto text = read_file(file, kMaxFileBytes);
    if (!text) {
      Errc code = text.error().code;
      if (code == Errc::not_found || code == Errc::limit) code = Errc::invalid;
      return Error{code, "no logins can be read: " + text.error().what};
    }
    if (std::all_of(text->begin(), text->end(), [](unsigned char c) { return c <= ' '; })) continue;
    ASSAY_TRY(KeptLogin kept, login_in_file(*text, file.string(), registry, repository));
    if (!kept.helper.empty()) {
      ASSAY_TRY(kept.login, ask_helper(kept, file.string(), stop_fd));
    }
    if (kept.login) return std::move(kept.login);
  }
  return std::optional<Login>();
}

}  // namespace assay::sources
