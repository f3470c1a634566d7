// A small miner's report, a policy of a line or two, and decisions as text that tests compare whole.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "decisions/decide.h"

namespace assay::decisions::test {

inline constexpr int64_t kNow = 1'796'040'000;  // 2026-11-30T12:00:00Z
inline const std::string kDigest = "sha256:" + std::string(64, 'd');

inline Finding finding(const std::string& id, const std::string& title, const std::string& category,
                       const std::string& technique, double weight) {
  Finding out;
  out.rule_id = id;
  out.title = title;
  out.level = weight > 0.8 ? "critical" : "low";
  out.category = category;
  out.techniques = {{technique, "impact"}};
  out.weight = weight;
  out.count = 1;
  out.ancestry = {"/entry.sh", "/usr/bin/xmrig -o pool.example:3333"};
  out.layer = "sha256:ab, COPY xmrig /usr/bin";
  return out;
}

inline Process process(int32_t pid, const std::string& path, uint32_t uid) {
  Process out;
  out.pid = pid;
  out.path = path;
  out.uid = uid;
  out.layer = out.brought_by = 2;
  return out;
}

inline NetworkPeer peer(const std::string& addr, uint32_t port, const std::string& name = "") {
  NetworkPeer out;
  out.proto = "tcp";
  out.addr = addr;
  out.port = port;
  out.name = name;
  out.pid = 7;
  return out;
}

inline Report miner() {
  Report out;
  out.header.scan_id = "20261130T020850-383a84bf";
  out.header.job.ref = "registry.example/lab/app:1";
  out.header.image.digest = kDigest;
  out.header.image.layers = {{"", "sha256:aa", 1, "FROM debian"},
                             {"", "sha256:ab", 1, "COPY xmrig /usr/bin"}};
  out.header.guest_addr = "172.17.0.2";
  out.header.job.network = NetworkMode::sinkhole;
  out.verdict = Verdict::malicious;
  out.score = 92;
  out.findings = {finding("m-1", "Mining protocol spoken", "miner", "T1496.001", 0.9),
                  finding("n-1", "Address without a name", "network", "T1095", 0.2)};
  out.processes = {process(1, "/entry.sh", 0), process(7, "/usr/bin/xmrig", 1000)};
  out.dns_names = {"pool.example"};
  out.dns_pids = {7};
  out.network = {peer("198.18.4.5", 3333, "pool.example"), peer("203.0.113.7", 443)};
  out.listening = {"tcp/8080"};
  out.listening_pids = {7};
  out.footer.coverage = {8, 1, 2};
  return out;
}

inline Report clean() {
  Report out = miner();
  out.verdict = Verdict::clean;
  out.score = 0;
  out.findings.clear();
  return out;
}

inline Policy policy_of(const std::string& rest) {
  auto read = parse_policy("schema: assay.policy/1\nname: p\n" + rest, "p.yml");
  EXPECT_TRUE(read) << read.error().what;
  return read ? *read : Policy();
}

inline std::string shown(const Decision& decision) {
  std::string out =
      to_string(decision.outcome) + std::string(" ") + std::to_string(exit_code({&decision, 1})) + "\n";
  for (const Reason& reason : decision.reasons) {
    out += std::string(to_string(reason.outcome)) + " " + reason.check + " [" + reason.subject + "] " +
           reason.text;
    if (reason.waived) out += " -- " + waiver_text(*reason.waived, false);
    if (reason.lapsed) out += " -- " + waiver_text(*reason.lapsed, true);
    out += "\n";
  }
  return out;
}

// `ended_s` 0: the report does not say when.
inline std::string decided(const std::string& policy, Report report, int64_t ended_s = kNow) {
  report.header.start_time_ns = ended_s * 1'000'000'000;
  report.footer.phases.clear();
  return shown(decide(policy_of(policy), report, kNow));
}

}  // namespace assay::decisions::test
