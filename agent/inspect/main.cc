// assay-inspect: what reads hostile files for the agent, which starts it as nobody, without a network.
//
//   assay-inspect compile   a bundle of rule files (descriptor 3) becomes compiled rules (4); says on stdout
//   how many assay-inspect scan      questions and files come over a socket (4), answers go back; 3: compiled
//   rules
//
// Opens nothing by itself but the database of file types, before it is confined.
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <string_view>

#include "agent/inspect/confine.h"
#include "agent/inspect/server.h"

namespace {

using namespace assay;
using namespace assay::inspect;

constexpr unsigned kCompileSeconds = 120, kScanSeconds = 900;
constexpr size_t kMaxBundleBytes = 256 << 20;

Status compile() {
  ASSAY_CHECK(limit_resources(kCompileSeconds, 1ull << 30));
  ASSAY_TRY([[maybe_unused]] Magic magic, Magic::open());  // found out now, not in a scan
  ASSAY_TRY(Yara yara, Yara::open());
  ASSAY_TRY(std::string bundle, read_fd(kRulesFd, kMaxBundleBytes, "the rule files"));
  ASSAY_CHECK(confine());
  ASSAY_TRY(auto files, decode_bundle(bundle));
  ASSAY_TRY(size_t count, compile_rules(files, kSocketFd));
  std::string said = std::to_string(count) + "\n";
  return write_all(STDOUT_FILENO, said, "the number of rules");
}

Status scan() {
  ASSAY_CHECK(limit_resources(kScanSeconds, 0));
  ASSAY_TRY(Magic magic, Magic::open());
  ASSAY_TRY(Yara yara, Yara::open());
  ASSAY_TRY(Rules rules, Rules::load(kRulesFd));
  ASSAY_CHECK(confine());
  return Server(std::move(magic), std::move(rules)).run(kSocketFd);
}

}  // namespace

int main(int argc, char** argv) {
  ::prctl(PR_SET_NAME, "assay-inspect");
  std::string_view mode = argc == 2 ? argv[1] : "";
  if (mode != "compile" && mode != "scan") {
    std::fputs(
        "assay-inspect is started by assay-agent with its files open; it does nothing when run by hand\n",
        stderr);
    return 2;
  }
  auto done = mode == "compile" ? compile() : scan();
  if (done) return 0;
  std::fprintf(stderr, "%s\n", done.error().what.c_str());
  return done.error().code == Errc::invalid ? 3 : 1;
}
