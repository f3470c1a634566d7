// assay: finds the verb and runs it.
#include <signal.h>

#include <iostream>
#include <map>
#include <string>

#include "cli/verbs.h"
#include "common/version.h"

namespace {

constexpr const char* kUsageText =
    "assay: runs container images to find out what they do\n\n"
    "  assay scan REF...        run images in a sandbox and report what they did\n"
    "  assay report SCAN_ID     show a stored report\n"
    "  assay list               list stored scans\n"
    "  assay trace SCAN_ID      print every recorded event of a scan\n"
    "  assay keys ...           keys of scheduler and agents, and who may connect\n\n"
    "assay VERB --help tells more.\n";

}  // namespace

int main(int argc, char** argv) {
  ::signal(SIGPIPE, SIG_IGN);  // a reader that goes away must not end a scan before it has cleaned up
  using Verb = int (*)(const assay::cli::Args&);
  static const std::map<std::string, Verb> kVerbs = {{"scan", assay::cli::scan},
                                                     {"report", assay::cli::report},
                                                     {"list", assay::cli::list},
                                                     {"trace", assay::cli::trace},
                                                     {"keys", assay::cli::keys}};
  const std::string word = argc > 1 ? argv[1] : "";
  if (word == "--version") {
    std::cout << "assay " << assay::kVersion << "\n";
    return 0;
  }
  if (word == "--help" || word == "-h" || word == "help") {
    std::cout << kUsageText;
    return 0;
  }
  auto verb = kVerbs.find(word);
  if (verb == kVerbs.end()) {
    std::cerr << (word.empty() ? "" : "assay: no verb '" + word + "'\n\n") << kUsageText;
    return assay::cli::kUsage;
  }
  return verb->second(assay::cli::Args(argv + 2, argv + argc));
}
