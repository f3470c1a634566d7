// What only some personas provoked, out of reports made by hand.
#include "scheduler/score/persona_diff.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "case_reader.h"

namespace assay::testing {
namespace {

Report report_of(Persona persona) {
  Report report;
  report.header.job.persona = persona;
  report.header.scan_id = std::string("scan-") + to_string(persona);
  report.verdict = Verdict::clean;
  report.dns_names = {"time.test"};
  report.processes = {{}};
  report.processes[0].path = "/usr/bin/app";
  return report;
}

std::vector<Report> four() {
  std::vector<Report> out;
  for (size_t i = 0; i < kPersonaCount; ++i) out.push_back(report_of(static_cast<Persona>(i)));
  return out;
}

std::string render(const PersonaDiff& diff) {
  std::string out;
  for (const auto& item : diff.items) {
    for (Persona persona : item.only) out += std::string(to_string(persona)) + " ";
    out += "| " + item.kind + " | " + item.what + "\n";
  }
  return out;
}

TEST(PersonaDiff, WhatAllProvokedIsNotTold) {
  PersonaDiff diff = diff_personas(four());
  EXPECT_EQ(render(diff), "");
  EXPECT_NE(persona_diff_text(diff, {}).find("Each of them provoked the same."), std::string::npos);
}

TEST(PersonaDiff, NamesThePersonasThatProvokedIt) {
  auto reports = four();
  Report& kubernetes = reports[1];
  kubernetes.verdict = Verdict::malicious;
  kubernetes.score = 97;
  kubernetes.findings.emplace_back();
  kubernetes.findings[0].title = "Honeytoken read";
  kubernetes.dns_names.push_back("evil.test");
  kubernetes.listening.push_back("tcp/4444");
  TokenUse token{"t", "kubernetes_token", "/run/token", {{7, "/bin/cat", "cat"}}, {}, {}};
  token.sent.push_back({"evil.test:443", "tcp", "198.18.0.9", "https", "plain", {}});
  kubernetes.tokens.push_back(token);
  Download download;
  download.url = "https://evil.test/x.sh";
  download.status = DownloadStatus::run;
  kubernetes.downloads.push_back(download);
  NetworkPeer peer;
  peer.proto = "tcp";
  peer.addr = "198.18.0.9";
  peer.name = "evil.test";
  peer.port = 443;
  peer.app = "https";
  kubernetes.network.push_back(peer);
  for (size_t i : {2u, 3u}) {
    reports[i].processes.emplace_back();
    reports[i].processes.back().path = "/usr/bin/curl";
  }
  PersonaDiff diff = diff_personas(reports);
  EXPECT_EQ(render(diff),
            "kubernetes | finding | Honeytoken read\n"
            "kubernetes | token | kubernetes_token /run/token read\n"
            "kubernetes | token | kubernetes_token /run/token sent to evil.test:443\n"
            "kubernetes | download | https://evil.test/x.sh run\n"
            "kubernetes | name | evil.test\n"
            "kubernetes | peer | evil.test tcp/443 https\n"
            "kubernetes | port | tcp/4444\n"
            "ci cloud | executable | /usr/bin/curl\n");
  EXPECT_EQ(persona_diff_text(diff, {}), R"(
PERSONAS  4

  bare        clean         0/100
  kubernetes  malicious     97/100
  ci          clean         0/100
  cloud       clean         0/100

  only kubernetes
    finding     Honeytoken read
    token       kubernetes_token /run/token read
    token       kubernetes_token /run/token sent to evil.test:443
    download    https://evil.test/x.sh run
    name        evil.test
    peer        evil.test tcp/443 https
    port        tcp/4444

  only ci, cloud
    executable  /usr/bin/curl
)");
}

TEST(PersonaDiff, AsJsonHoldsTheReports) {
  auto reports = four();
  reports[2].dns_names.push_back("ci.test");
  std::vector<std::string> texts;
  for (const auto& report : reports) texts.push_back(report_json(report));
  auto text = personas_json(diff_personas(reports), texts);
  ASSERT_TRUE(text) << text.error().what;
  auto json = nlohmann::json::parse(*text);
  EXPECT_EQ(json["schema"], "assay.personas/1");
  EXPECT_EQ(json["only"], nlohmann::json::parse(R"([{"personas":["ci"],"kind":"name","what":"ci.test"}])"));
  EXPECT_EQ(json["runs"][3]["persona"], "cloud");
  ASSERT_EQ(json["reports"].size(), 4u);
  EXPECT_EQ(json["reports"][1]["scan"]["persona"], "kubernetes");
  EXPECT_FALSE(personas_json(diff_personas(reports), {"{"}));
}

TEST(PersonaDiff, IsBoundedAndFitToBeShown) {
  auto reports = four();
  for (int i = 0; i < 1000; ++i) reports[0].dns_names.push_back(std::to_string(i) + "\x1b[2J.test");
  PersonaDiff diff = diff_personas(reports);
  EXPECT_EQ(diff.items.size(), PersonaDiff::kMaxOfKind);
  EXPECT_EQ(diff.left_out, 800u);
  std::string text = persona_diff_text(diff, {});
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_NE(text.find("… and 940 more"), std::string::npos) << text;
}

}  // namespace
}  // namespace assay::testing
