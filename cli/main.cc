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
    "On this host:\n"
    "  assay scan REF...        run images in a sandbox and report what they did\n"
    "  assay gate REF...        hold images against a policy and exit by it; with --server, by scans of the "
    "farm\n"
    "  assay report SCAN_ID     show a stored report; with --server, one of the farm\n"
    "  assay list               list stored scans\n"
    "  assay diff [IMAGE] IMAGE what one image did and another did not; with --server, of the farm\n"
    "  assay vet MANIFEST       scan a vendor's images and make a dossier of them; with --server, by the "
    "farm\n"
    "  assay attest REF|SCAN_ID sign a scan's verdict, and put it beside its image\n"
    "  assay verify REF         whether somebody who is trusted says that an image has passed\n"
    "  assay images SOURCE...   list the images of registries, as a sweep would choose them\n"
    "  assay trace SCAN_ID      print every recorded event of a scan\n"
    "  assay trace export ID    write a scan's trace as one file; assay trace import takes such files in\n"
    "  assay artifacts SCAN_ID  fetch the files that an image left behind; with --server, from the farm\n"
    "  assay rules VERB         check, list, explain and test detection rules\n"
    "  assay search WHAT        find scans by domain, address, hash, path, technique or rule\n"
    "  assay hunt --rules RULE  hold rules against the traces of all stored scans\n"
    "  assay rescore            verdicts that the rules of today would change; --apply changes them\n"
    "  assay pin, unpin ID...   keep scans whatever retention says, or no more\n"
    "  assay prune              take away what is too old, or too much; --dry-run says what\n"
    "  assay tokens VERB        make, list and revoke tokens of this host's scheduler\n"
    "  assay hooks VERB         make, list and revoke webhooks of this host's scheduler\n\n"
    "On a farm (--server or $ASSAY_SERVER, a token in $ASSAY_TOKEN_FILE; docs/farm.md):\n"
    "  assay submit REF...      put images into the queue, --wait for their verdicts\n"
    "  assay batch VERB         submit, list, show, watch, rerun and cancel manifests of images\n"
    "  assay sweep VERB         find the images of registries, again and again, and scan what is new\n"
    "  assay status [SCAN_ID]   show scans, or the farm: its queue, agents and pace\n"
    "  assay watch SCAN_ID...   follow scans to their end\n"
    "  assay cancel SCAN_ID...  end scans\n"
    "  assay retry SCAN_ID...   queue failed or cancelled scans again\n"
    "  assay agents [VERB]      list agents; drain, undrain, fence and unfence them\n"
    "  assay capacity           when the backlog will be done, and how many agents it takes\n\n"
    "On the hosts of a farm:\n"
    "  assay keys VERB          make keys of scheduler and agents, say who may connect\n\n"
    "assay VERB --help tells more.\n";

}  // namespace

int main(int argc, char** argv) {
  ::signal(SIGPIPE, SIG_IGN);  // a reader that goes away must not end a scan before it has cleaned up
  using Verb = int (*)(const assay::cli::Args&);
  static const std::map<std::string, Verb> kVerbs = {
      {"tokens", assay::cli::tokens}, {"hooks", assay::cli::hooks},
      {"scan", assay::cli::scan},     {"report", assay::cli::report},
      {"list", assay::cli::list},     {"trace", assay::cli::trace},
      {"submit", assay::cli::submit}, {"batch", assay::cli::batch},
      {"status", assay::cli::status}, {"watch", assay::cli::watch},
      {"cancel", assay::cli::cancel}, {"retry", assay::cli::retry},
      {"agents", assay::cli::agents}, {"capacity", assay::cli::capacity},
      {"keys", assay::cli::keys},     {"artifacts", assay::cli::artifacts},
      {"rules", assay::cli::rules},   {"hunt", assay::cli::hunt},
      {"search", assay::cli::search}, {"rescore", assay::cli::rescore},
      {"prune", assay::cli::prune},   {"pin", assay::cli::pin},
      {"unpin", assay::cli::unpin},   {"sweep", assay::cli::sweep},
      {"images", assay::cli::images}, {"diff", assay::cli::diff},
      {"gate", assay::cli::gate},     {"vet", assay::cli::vet},
      {"attest", assay::cli::attest}, {"verify", assay::cli::verify},
  };
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
