// assay-inspect: what reads hostile files for the agent, which starts it as nobody, without a network.
//
//   assay-inspect compile    a bundle of rule files (descriptor 3) becomes compiled rules (4), their number stdout
//   assay-inspect scan       questions and files come over a socket (4), answers go back; 3: compiled rules
//   assay-inspect packages   an image's package databases (3) become an index of who owns which file (4)
//
// Opens nothing by itself but the database of file types, before it is confined.
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <string_view>

#include "agent/inspect/confine.h"
#include "agent/inspect/packages/databases.h"
#include "agent/inspect/server.h"

namespace {

using namespace assay;
using namespace assay::inspect;

constexpr unsigned kCompileSeconds = 120, kScanSeconds = 900, kPackagesSeconds = 30;
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

Status packages() {
  ASSAY_CHECK(limit_resources(kPackagesSeconds, kMaxIndexBytes));
  ASSAY_CHECK(confine());
  ASSAY_TRY(std::string handed, read_fd(kDatabasesFd, kMaxDatabaseBytes + (16 << 20), "the package databases"));
  ASSAY_TRY(auto files, decode_databases(handed));
  return write_all(kIndexFd, read_databases(files).index(), "the index of packages");
}

}  // namespace

int main(int argc, char** argv) {
  ::prctl(PR_SET_NAME, "assay-inspect");
  std::string_view mode = argc == 2 ? argv[1] : "";
  if (mode != "compile" && mode != "scan" && mode != "packages") {
    std::fputs(
        "assay-inspect is started by assay-agent with its files open; it does nothing when run by hand\n",
        stderr);
    return 2;
  }
  auto done = mode == "compile" ? compile() : mode == "scan" ? scan() : packages();
  if (done) return 0;
  std::fprintf(stderr, "%s\n", done.error().what.c_str());
  return done.error().code == Errc::invalid ? 3 : 1;
}
