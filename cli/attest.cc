// assay attest: a scan's verdict as a signed statement, put beside its image or into a file; and keys for
// that.
#include "cli/attest.h"

#include <boost/program_options.hpp>
#include <iostream>
#include <optional>

#include "attest/bundle.h"
#include "attest/signing_key.h"
#include "attest/statement.h"
#include "cli/answers.h"
#include "cli/new_file.h"
#include "cli/stored.h"
#include "common/clock.h"
#include "common/ids.h"
#include "common/text.h"
#include "scheduler/keep.h"

namespace assay::cli {
namespace {

// A scan that is done, wherever it is kept.
struct Scanned {
  std::string id, report, url;
  int64_t finished_ns = 0;
};

Result<Scanned> scanned_on_farm(const po::variables_map& map, const std::string& id) {
  ASSAY_TRY(Remote remote, open_remote(map));
  ASSAY_TRY(std::string body, remote.get("/v1/scans/" + id));
  ASSAY_TRY(ScanView scan, read_scan(body));
  const std::string path = "/v1/scans/" + id + "/report";
  ASSAY_TRY(std::string report, remote.get(path));
  return Scanned{id, std::move(report), remote.url(path), scan.finished_ns};
}

Result<Scanned> scanned_here(const po::variables_map& map, const std::string& id) {
  ASSAY_TRY(std::string report, fetch_report(map, id));
  ASSAY_TRY(std::unique_ptr<Store> store, open_stored(map));
  ASSAY_TRY(ScanRecord record, Keep(*store).scan(id));
  return Scanned{id, std::move(report), "", record.finished_ns};
}

Result<Scanned> scanned(const po::variables_map& map, const std::string& id) {
  ASSAY_TRY(bool farm, from_farm(map));
  return farm ? scanned_on_farm(map, id) : scanned_here(map, id);
}

// The newest scan of a digest that is done.
Result<std::string> newest_scan(const po::variables_map& map, const std::string& digest) {
  Error none{Errc::not_found, "no scan of " + digest + " is done: assay scan makes one"};
  ASSAY_TRY(bool farm, from_farm(map));
  if (farm) {
    ASSAY_TRY(Remote remote, open_remote(map));
    ASSAY_TRY(std::string body, remote.get("/v1/scans?limit=1&state=done&digest=" + digest));
    ASSAY_TRY(ScanPage page, read_scans(body));
    return page.scans.empty() ? Result<std::string>(none) : page.scans[0].scan_id;
  }
  ASSAY_TRY(std::unique_ptr<Store> store, open_stored(map));
  Keep keep(*store);
  ASSAY_TRY(auto ids, keep.scans_of(digest));
  for (const std::string& id : ids)
    if (auto record = keep.scan(id); record && record->state == ScanState::done) return id;
  return none;
}

// What is to be attested of: a scan, and where its image lies, if that was looked for.
struct Chosen {
  Scanned scan;
  Report report;
  std::string name;  // of the subject
  std::optional<sources::Registry> registry;
  attest::Subject subject;
};

// The words may be a scan, a reference, or both; the reference must lead to the very manifest that was
// scanned.
Result<Chosen> choose(const po::variables_map& map) {
  auto words = option_words(map, "what");
  std::string id, text;
  for (const std::string& word : words) (is_scan_id(word) ? id : text) = word;
  if (words.empty() || words.size() > 2 || (words.size() == 2 && (id.empty() || text.empty())))
    return Error{Errc::invalid, "a scan's id or an image's reference is wanted, or one of each"};
  Chosen out;
  if (!id.empty()) {
    ASSAY_TRY(out.scan, scanned(map, id));
    ASSAY_TRY(out.report, parse_report(out.scan.report));
    if (text.empty()) text = out.report.header.job.ref;
  }
  bool offline = map["offline"].as<bool>();
  ASSAY_TRY(ImageRef ref, offline ? ImageRef::parse(text) : registry_ref(text));
  bool hosted = ref.kind == ImageRef::Kind::registry;
  out.name = hosted ? ref.registry + "/" + ref.repository : ref.str();
  if (offline && (id.empty() || map["push"].as<bool>()))
    return Error{Errc::invalid, "--offline asks no registry: it wants a scan's id, and goes without --push"};
  if (offline) return out;
  out.registry.emplace(open_registry_of(map, ref));
  ASSAY_TRY(ImageThere there, find_image(*out.registry, ref, option_text(map, "platform"),
                                         id.empty() ? "" : out.report.header.image.digest));
  out.subject = there.subject;
  if (!id.empty()) return out;
  ASSAY_TRY(id, newest_scan(map, out.subject.digest));
  ASSAY_TRY(out.scan, scanned(map, id));
  ASSAY_TRY(out.report, parse_report(out.scan.report));
  if (out.report.header.image.digest != out.subject.digest)
    return Error{Errc::corrupt, "scan " + id + " is of another image than its record says"};
  return out;
}

Result<attest::Envelope> sign(const po::variables_map& map, const Chosen& chosen,
                              const attest::SigningKey& key, int64_t now_s) {
  std::optional<decisions::Decision> decision;
  if (map.count("policy")) {
    ASSAY_TRY(decisions::Policy policy, decisions::read_policy(option_text(map, "policy")));
    decision = decisions::decide(policy, chosen.report, now_s);
  }
  attest::Attesting how{chosen.name,
                        chosen.scan.report,
                        chosen.scan.url,
                        decision ? &*decision : nullptr,
                        chosen.scan.finished_ns / 1'000'000'000,
                        now_s};
  attest::Envelope out;
  out.payload_type = attest::kInTotoPayload;
  ASSAY_TRY(out.payload, attest::statement_json(chosen.report, how));
  ASSAY_TRY(attest::PublicKey open, key.public_key());
  ASSAY_TRY(std::string signature, key.sign(attest::pre_authentication(out.payload_type, out.payload)));
  out.signatures.push_back({open.id(), std::move(signature)});
  return out;
}

Status put_out(const po::variables_map& map, Chosen& chosen, const attest::Envelope& envelope,
               const std::string& hint, int64_t now_s) {
  if (map.count("output")) {
    const std::string path = option_text(map, "output");
    ASSAY_TRY(NewFile file, NewFile::create(path, map["force"].as<bool>(), "the attestation"));
    ASSAY_CHECK(file.add(attest::bundle_json(envelope, hint) + "\n"));
    ASSAY_CHECK(file.finish());
    std::cerr << "written to " << printable(path) << "\n";
  }
  if (!map["push"].as<bool>()) return Status();
  sources::RegistryPush push(*chosen.registry);
  attest::Attaching what{envelope, hint, attest::kTestResultType, now_s, map["cosign-tag"].as<bool>()};
  ASSAY_TRY(attest::Attached done, attach(*chosen.registry, push, chosen.subject, what));
  std::cout << printable(chosen.name) << "@" << done.digest << "\n";
  std::cerr << "refers to " << chosen.subject.digest
            << (done.listed ? ", listed by the registry" : ", listed under the tag " + done.tag)
            << (done.cosign_tag.empty() ? "" : "; also under the tag " + done.cosign_tag) << "\n";
  return Status();
}

Result<int> make_key(const po::variables_map& map) {
  if (map.count("what") || map.count("key"))
    return Error{Errc::invalid, "--make-key makes a key, and attests nothing"};
  const std::string prefix = option_text(map, "make-key");
  ASSAY_TRY(attest::KeyKind kind, attest::parse_key_kind(option_text(map, "key-kind")));
  ASSAY_TRY(std::string passphrase, key_passphrase(map));
  ASSAY_CHECK(attest::make_key_files(prefix, kind, passphrase));
  std::cout << printable(prefix) << ".pub\n";
  std::cerr << printable(prefix) << ".key is "
            << (passphrase.empty() ? "not encrypted: keep it" : "encrypted")
            << (passphrase.empty() ? " where nobody else reads\n" : " with the passphrase\n");
  return static_cast<int>(kBelowGate);
}

Result<int> run(const po::variables_map& map) {
  if (map.count("make-key")) return make_key(map);
  if (!map.count("key"))
    return Error{Errc::invalid, "no --key to sign with: assay attest --make-key PREFIX makes one"};
  if (!map["push"].as<bool>() && !map.count("output"))
    return Error{Errc::invalid, "where to? --push puts it beside the image, --output into a file"};
  if (map["cosign-tag"].as<bool>() && !map["push"].as<bool>())
    return Error{Errc::invalid, "--cosign-tag goes with --push"};
  ASSAY_TRY(std::string passphrase, key_passphrase(map));
  ASSAY_TRY(attest::SigningKey key, attest::SigningKey::read(option_text(map, "key"), passphrase));
  ASSAY_TRY(attest::PublicKey open, key.public_key());
  ASSAY_TRY(Chosen chosen, choose(map));
  int64_t now_s = wall_s();
  ASSAY_TRY(attest::Envelope envelope, sign(map, chosen, key, now_s));
  ASSAY_CHECK(put_out(map, chosen, envelope, open.hint(), now_s));
  return static_cast<int>(kBelowGate);
}

}  // namespace

int attest(const Args& args) {
  po::options_description options("Options");
  auto add = options.add_options();
  add("key", po::value<std::string>(), "private key in PEM: ed25519 or ECDSA P-256, or cosign's");
  add("passphrase-file", po::value<std::string>(),
      "its passphrase (default: $ASSAY_KEY_PASSPHRASE, $COSIGN_PASSWORD)");
  add("policy", po::value<std::string>(), "decide by this policy, and say so (docs/policy.md)");
  add("push", po::bool_switch(), "put it beside the image in its registry");
  add("cosign-tag", po::bool_switch(), "with --push: also under the .att tag of older cosigns");
  add("output,o", po::value<std::string>(), "write it to this file, as a Sigstore bundle");
  add("force", po::bool_switch(), "overwrite that file");
  add("offline", po::bool_switch(), "ask no registry whether the image is still what was scanned");
  add("platform", po::value<std::string>(), "of an index the image for this (default: that of this host)");
  add("make-key", po::value<std::string>(), "make a key instead: PREFIX.key and PREFIX.pub");
  add("key-kind", po::value<std::string>()->default_value("ecdsa-p256"), "ecdsa-p256 or ed25519");
  add("data", po::value<std::string>(), "data directory (default: ~/.local/share/assay)");
  add_registry_options(options);
  add_remote_options(options);
  return run_remote(
      args,
      {"assay attest REF|SCAN_ID --key FILE [--policy FILE] [--push] [--output FILE]\n"
       "assay attest --make-key PREFIX\n"
       "Signs a statement (in-toto, DSSE) of a scan's verdict: of a reference the newest scan of\n"
       "the image that it names now; of a scan only if its reference still names that image.\n"
       "Of this host's scans; with --server, or without --data where $ASSAY_SERVER is set, of\n"
       "the farm's. docs/attestation.md tells more.",
       "what", "Exit codes: 0 done, 1 failed, 2 wrong use."},
      options, run);
}

}  // namespace assay::cli
