// assay verify: whether somebody who is trusted says of an image that it has passed.
#include <boost/program_options.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

#include "attest/attach.h"
#include "attest/judge.h"
#include "attest/signing_key.h"
#include "cli/attest.h"
#include "common/clock.h"
#include "common/digest.h"
#include "common/text.h"
#include "scheduler/export/json_text.h"

namespace assay::cli {
namespace {

using attest::Answer;
using attest::Judged;
using Out = nlohmann::ordered_json;

constexpr int64_t kDay_s = 86400;

// "30d", or what parse_duration() takes.
Result<int64_t> parse_age(const std::string& text) {
  if (text.size() > 1 && text.size() < 6 && text.back() == 'd') {
    ASSAY_TRY(auto days, parse_duration(text.substr(0, text.size() - 1) + "s"));
    return days.count() / 1000 * kDay_s;
  }
  auto time = parse_duration(text);
  if (!time)
    return Error{Errc::invalid, "--max-age " + printable(text, 40) + ": a time as in 12h or 30d is wanted"};
  return time->count() / 1000;
}

Result<attest::Wanted> wanted_of(const po::variables_map& map, const std::string& digest) {
  attest::Wanted out;
  out.digest = digest;
  out.policy = option_text(map, "policy-name");
  out.policy_sha256 = option_text(map, "policy-sha256");
  out.rules = option_text(map, "rules");
  out.warned_fails = map["no-warnings"].as<bool>();
  out.complete = map["complete"].as<bool>();
  if (map.count("max-age")) {
    ASSAY_TRY(out.oldest_s, parse_age(option_text(map, "max-age")));
  }
  if (map.count("verdict")) {
    auto worst = parse_verdict(option_text(map, "verdict"));
    if (!worst)
      return Error{Errc::invalid,
                   "--verdict takes clean, suspicious, inconclusive or malicious, the worst "
                   "that may pass"};
    out.worst = *worst;
  }
  return out;
}

Result<std::vector<attest::PublicKey>> keys_of(const po::variables_map& map) {
  std::vector<attest::PublicKey> out;
  for (const std::string& path : option_words(map, "key")) {
    ASSAY_TRY(attest::PublicKey key, attest::PublicKey::read(path));
    out.push_back(std::move(key));
  }
  if (out.empty()) return Error{Errc::invalid, "no --key: whose word counts? name a public key in PEM"};
  return out;
}

// What is looked at: files, or what lies beside the image.
struct Found {
  std::string digest;
  std::vector<attest::Candidate> all;
};

Result<Found> from_files(const po::variables_map& map) {
  Found out;
  if (map.count("ref")) return Error{Errc::invalid, "--bundle asks no registry: it goes without a reference"};
  auto digest = Digest::parse(option_text(map, "digest"));
  if (!digest)
    return Error{Errc::invalid, "--bundle wants --digest sha256:..., the image that it is to be about"};
  out.digest = digest->str();
  for (const std::string& path : option_words(map, "bundle")) {
    ASSAY_TRY(std::string json, read_file(path, attest::kMaxEnvelopeBytes));
    out.all.push_back({printable(path, 300), std::move(json)});
  }
  return out;
}

Result<Found> from_registry(const po::variables_map& map) {
  auto words = option_words(map, "ref");
  if (words.size() != 1) return Error{Errc::invalid, "one image's reference is wanted (--help tells more)"};
  if (map.count("digest"))
    return Error{Errc::invalid, "--digest goes with --bundle; or write NAME@sha256:..."};
  ASSAY_TRY(ImageRef ref, registry_ref(words[0]));
  sources::Registry registry = open_registry_of(map, ref);
  ASSAY_TRY(ImageThere there, find_image(registry, ref, option_text(map, "platform")));
  Found out{there.subject.digest, {}};
  ASSAY_TRY(out.all, attest::find_attestations(registry, ref.repository, there.subject.digest));
  return out;
}

const char* word_of(Answer answer) {
  return answer == Answer::passed ? "passed" : answer == Answer::failed ? "failed" : "none";
}

std::string state_of(const Judged& one) {
  if (one.counts) return one.passed ? "passed" : "failed";
  return "does not count";
}

void show_text(const Found& found, const attest::Judgement& judgement) {
  for (const Judged& one : judgement.all) {
    std::cout << printable(one.name) << ": " << state_of(one) << (one.why.empty() ? "" : ": ")
              << still_printable(one.why) << "\n";
    if (!one.counts) continue;
    const attest::Statement& said = one.statement;
    std::cout << "  " << to_string(said.result) << ", verdict " << to_string(said.verdict) << " (score "
              << said.score << ")" << (said.policy.empty() ? "" : ", policy " + printable(said.policy, 100))
              << ", scan " << printable(said.scan_id, 64) << " of "
              << utc_text(said.started_s * 1'000'000'000) << "\n  signed "
              << utc_text(said.attested_s * 1'000'000'000) << " by " << one.key_id << "\n";
    for (const std::string& test : said.failed_tests)
      std::cout << "  failed: " << printable(test, 200) << "\n";
  }
  const char* end = judgement.answer == Answer::passed   ? "passed"
                    : judgement.answer == Answer::failed ? "FAILED"
                    : judgement.all.empty()              ? "no attestation"
                                                         : "no attestation that counts";
  std::cout << found.digest << ": " << end << "\n";
}

void show_json(const Found& found, const attest::Judgement& judgement) {
  Out list = Out::array();
  for (const Judged& one : judgement.all) {
    Out item = {{"name", one.name}, {"counts", one.counts}, {"passed", one.passed}, {"why", one.why}};
    if (!one.key_id.empty()) item["key"] = one.key_id;
    if (one.statement.says_verdict) {
      const attest::Statement& said = one.statement;
      item["result"] = to_string(said.result);
      item["verdict"] = to_string(said.verdict);
      item["score"] = said.score;
      item["policy"] = said.policy;
      item["policy_sha256"] = said.policy_sha256;
      item["rules"] = said.rules;
      item["persona"] = said.persona;
      item["scan_id"] = said.scan_id;
      item["started"] = utc_text(said.started_s * 1'000'000'000);
      item["attested"] = utc_text(said.attested_s * 1'000'000'000);
      item["report_sha256"] = said.report_sha256;
      item["failed_tests"] = said.failed_tests;
    }
    list.push_back(std::move(item));
  }
  std::cout << json_text({{"schema", "assay.verification/1"},
                          {"digest", found.digest},
                          {"answer", word_of(judgement.answer)},
                          {"attestations", std::move(list)}});
}

Result<int> run(const po::variables_map& map) {
  ASSAY_TRY(Format format, parse_format(option_text(map, "format")));
  ASSAY_TRY(auto keys, keys_of(map));
  ASSAY_CHECK(wanted_of(map, ""));  // complains before a registry is asked
  ASSAY_TRY(Found found, map.count("bundle") ? from_files(map) : from_registry(map));
  ASSAY_TRY(attest::Wanted wanted, wanted_of(map, found.digest));
  attest::Judgement judgement = attest::judge(found.all, keys, wanted, wall_s());
  format == Format::json ? show_json(found, judgement) : show_text(found, judgement);
  if (judgement.answer == Answer::none) return static_cast<int>(kFailed);
  return static_cast<int>(judgement.answer == Answer::passed ? kBelowGate : kAtGate);
}

}  // namespace

int verify(const Args& args) {
  po::options_description options("Options");
  auto add = options.add_options();
  add("key", po::value<std::vector<std::string>>()->composing(),
      "public key in PEM of whose word counts; may be repeated");
  add("policy-name", po::value<std::string>(), "only what this policy has decided counts");
  add("policy-sha256", po::value<std::string>(), "only this version of a policy's file, by its SHA-256");
  add("rules", po::value<std::string>(), "only verdicts by this version of the rules");
  add("max-age", po::value<std::string>(), "only scans no older than this, as in 12h or 30d");
  add("verdict", po::value<std::string>(),
      "the worst that passes: clean, suspicious, inconclusive or malicious (default: as was attested)");
  add("no-warnings", po::bool_switch(), "what has passed with warnings fails");
  add("complete", po::bool_switch(), "what was not seen whole fails");
  add("bundle", po::value<std::vector<std::string>>()->composing(),
      "attestation in a file, instead of a registry's; may be repeated");
  add("digest", po::value<std::string>(), "with --bundle: of the image, sha256:...");
  add("platform", po::value<std::string>(), "of an index the image for this (default: that of this host)");
  add_registry_options(options);
  add_format_option(options);
  return run_remote(
      args,
      {"assay verify REF --key PUB [OPTIONS]\nassay verify --bundle FILE --digest sha256:... --key PUB "
       "[OPTIONS]\n"
       "Finds the attestations of an image and says whether it has passed, by the word of whoever has\n"
       "the key: of each signer, policy and persona the newest counts, and all of these must have passed.\n"
       "What does not count is named with the reason. docs/attestation.md tells more.",
       "ref",
       "Exit codes: 0 verified, and passed; 10 verified, and failed; 1 no attestation that counts, or none\n"
       "could be had; 2 wrong use."},
      options, run);
}

}  // namespace assay::cli
