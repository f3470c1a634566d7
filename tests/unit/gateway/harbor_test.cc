// Harbor's requests read, its media types told apart, and reports written for it: pure, with hostile input.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "gateway/harbor/media.h"
#include "gateway/harbor/report.h"
#include "gateway/harbor/request.h"
#include "gateway/harbor/severity.h"

namespace assay::gateway::harbor {
namespace {

using nlohmann::json;

const std::string kDigest = "sha256:" + std::string(64, 'a');

json request() {
  return {{"registry", {{"url", "https://harbor.example"}, {"authorization", "Basic cm9ib3Q6czNjcmV0"}}},
          {"artifact",
           {{"repository", "library/app"},
            {"digest", kDigest},
            {"tag", "1.0"},
            {"mime_type", "application/vnd.oci.image.manifest.v1+json"}}}};
}
std::string refused(const std::string& body, const Settings& settings = {}) {
  auto read = read_scan_request(body, settings);
  const auto* bad = std::get_if<Refusal>(&read);
  return bad == nullptr ? "taken" : std::to_string(bad->status) + " " + bad->message;
}
std::string refused_with(const char* part, const char* field, const json& value,
                         const Settings& settings = {}) {
  json body = request();
  body[part][field] = value;
  return refused(body.dump(), settings);
}

TEST(HarborRequest, BecomesAScanOfTheDigestWithItsOwnLogin) {
  auto read = read_scan_request(request().dump(), Settings());
  ASSERT_TRUE(std::holds_alternative<FarmOrder>(read));
  const auto& order = std::get<FarmOrder>(read);
  EXPECT_EQ(order.ref, "harbor.example/library/app@" + kDigest);
  EXPECT_EQ(order.registry_auth, "Basic cm9ib3Q6czNjcmV0");
  EXPECT_EQ(order.lane, "interactive");
  EXPECT_FALSE(order.insecure);
  FarmScan scan;
  scan.ref = order.ref;
  scan.labels = order.labels;
  auto artifact = artifact_of(scan);
  ASSERT_TRUE(artifact);
  EXPECT_EQ(artifact->repository + " " + artifact->digest + " " + artifact->tag + " " + artifact->mime_type,
            "library/app " + kDigest + " 1.0 application/vnd.oci.image.manifest.v1+json");
  scan.labels.clear();
  EXPECT_FALSE(artifact_of(scan)) << "not Harbor's";
}

TEST(HarborRequest, RegistriesAreNamedAsReferencesNameThem) {
  Settings plain;
  plain.plain_http = true;
  auto ref = [&](const std::string& url) {
    json body = request();
    body["registry"]["url"] = url;
    auto read = read_scan_request(body.dump(), plain);
    const auto* order = std::get_if<FarmOrder>(&read);
    if (order == nullptr) return std::get<Refusal>(read).message;
    return order->ref.substr(0, order->ref.find('/')) + (order->insecure ? " insecure" : "");
  };
  EXPECT_EQ(ref("https://harbor.example/"), "harbor.example");
  EXPECT_EQ(ref("https://harbor.example:8443"), "harbor.example:8443");
  EXPECT_EQ(ref("https://core"), "core:443") << "no path of Docker Hub's";
  EXPECT_EQ(ref("http://core:8080"), "core:8080 insecure");
  EXPECT_EQ(ref("http://harbor.example"), "harbor.example:80 insecure");
}

TEST(HarborRequest, WhatWillNotDoIsRefusedByItsCodeAndNeverShowsTheLogin) {
  EXPECT_EQ(refused("{"), "400 the body is no JSON object");
  EXPECT_EQ(refused("[]"), "400 the body is no JSON object");
  EXPECT_EQ(refused(std::string(100, '[')), "400 the body is nested too deeply");
  EXPECT_EQ(refused("{}"), "422 the request has no registry");
  EXPECT_EQ(refused(R"({"registry": 1})"), "400 registry is not an object");
  EXPECT_EQ(refused_with("artifact", "digest", 1), "400 artifact.digest is not text");
  EXPECT_EQ(refused_with("artifact", "digest", "latest").substr(0, 4), "422 ");
  EXPECT_EQ(refused_with("artifact", "repository", "../etc").substr(0, 4), "422 ");
  EXPECT_EQ(refused_with("artifact", "repository", "a:1").substr(0, 4), "422 ");
  EXPECT_EQ(refused_with("artifact", "repository", "").substr(0, 4), "422 ");
  EXPECT_EQ(refused_with("artifact", "mime_type", "application/vnd.oci.image.index.v1+json").substr(0, 4),
            "501 ");
  EXPECT_EQ(refused_with("registry", "url", "harbor.example").substr(0, 4), "422 ");
  EXPECT_EQ(refused_with("registry", "url", "https://u:p@harbor.example").substr(0, 4), "422 ");
  EXPECT_EQ(refused_with("registry", "url", "https://harbor.example/v2").substr(0, 4), "422 ");
  EXPECT_NE(refused_with("registry", "url", "http://harbor.example").find("in the clear"), std::string::npos);
  std::string token = refused_with("registry", "authorization", "Bearer eySecret");
  EXPECT_NE(token.find("422 registry.authorization: a bearer token"), std::string::npos) << token;
  EXPECT_EQ(token.find("eySecret"), std::string::npos);
  Settings one;
  one.registries = {"other.example"};
  EXPECT_EQ(refused(request().dump(), one),
            "422 registry harbor.example is not among this scanner's harbor-registry");
}

TEST(HarborRequest, OnlyWhatAsksForVulnerabilitiesIsTaken) {
  auto with = [](const json& capabilities) {
    json body = request();
    body["enabled_capabilities"] = capabilities;
    return refused(body.dump()).substr(0, 4);
  };
  EXPECT_EQ(with(json::array()), "take");
  EXPECT_EQ(with({{{"type", "vulnerability"}}, {{"type", "sbom"}}}), "take");
  EXPECT_EQ(with(json::array({{{"type", "sbom"}}})), "501 ");
  EXPECT_EQ(with("sbom"), "400 ");
  EXPECT_EQ(with(json::array({1})), "400 ");
}

TEST(HarborMedia, TypesAreOneHoweverTheyAreWritten) {
  EXPECT_EQ(report_type("application/vnd.security.vulnerability.report;version=1.1").value_or(""),
            kGenericReport);
  EXPECT_EQ(report_type("Application/vnd.security.vulnerability.report; VERSION=\"1.1\"").value_or(""),
            kGenericReport);
  EXPECT_EQ(report_type("").value_or(""), kReport10);
  EXPECT_EQ(report_type("*/*").value_or(""), kReport10);
  EXPECT_EQ(report_type("text/html, application/vnd.scanner.adapter.vuln.report.raw;q=0.1").value_or(""),
            kRawReport);
  EXPECT_FALSE(report_type("application/vnd.security.vulnerability.report; version=2.0"));
  EXPECT_FALSE(report_type("application/vnd.security.sbom.report+json; version=1.0"));
  EXPECT_EQ(metadata_type("application/vnd.scanner.adapter.metadata+json; version=1.1").value_or(""),
            kMetadata11);
  EXPECT_FALSE(metadata_type("text/html"));
  EXPECT_TRUE(is_scan_request("application/vnd.scanner.adapter.scan.request+json; version=1.1"));
  EXPECT_FALSE(is_scan_request("text/plain"));
}

Report sample(Verdict verdict) {
  Report report;
  report.verdict = verdict;
  report.score = 97;
  report.header.scan_id = "20261125T031500-1f8a3c9e";
  Process miner;
  miner.pid = 7;
  miner.path = "/usr/bin/xmrig";
  report.processes.push_back(miner);
  Finding finding;
  finding.rule_id = "miner";
  finding.title = "Miner \x1b[31mstarted";
  finding.description = "It mines.";
  finding.level = "high";
  finding.techniques = {{"T1496.001", "impact"}, {"T0000", "impact"}};
  finding.evidence = {{3, 9, 7, "exec /usr/bin/xmrig"}};
  finding.layer = "sha256:44 RUN curl";
  report.findings = {finding, finding};
  return report;
}
json written(const Report& report) {
  return json::parse(
      vulnerability_report(report, {"library/app", kDigest, "1.0", ""}, "Medium", 1'800'000'000'000'000'000),
      nullptr, false);
}

TEST(HarborReport, FindingsAreEntriesOfTheirImageAlone) {
  json out = written(sample(Verdict::malicious));
  EXPECT_EQ(out["generated_at"], "2027-01-15T08:00:00.000Z");
  EXPECT_EQ(out["severity"], "Critical");
  ASSERT_EQ(out["vulnerabilities"].size(), 2u) << "the same twice is one: " << out.dump(1);
  EXPECT_EQ(out["vulnerabilities"][0]["id"], "ASSAY-MALICIOUS");
  const json& entry = out["vulnerabilities"][1];
  EXPECT_EQ(entry["id"], "miner");
  EXPECT_EQ(entry["package"], "/usr/bin/xmrig");
  EXPECT_EQ(entry["version"], "sha256:aaaaaaaaaaaa");
  EXPECT_EQ(entry["severity"], "High");
  EXPECT_EQ(entry["links"], json::array({"https://attack.mitre.org/techniques/T1496/001/"}));
  EXPECT_EQ(entry["vendor_attributes"]["layer"], "sha256:44 RUN curl");
  EXPECT_EQ(entry["vendor_attributes"]["evidence"][0], "exec /usr/bin/xmrig");
  EXPECT_EQ(entry["description"].get<std::string>().find('\x1b'), std::string::npos);
}

TEST(HarborReport, CleanIsEmptyAndInconclusiveIsNot) {
  json clean = written(sample(Verdict::clean));
  EXPECT_EQ(clean["severity"], "Negligible");
  EXPECT_EQ(clean["vulnerabilities"], json::array());
  Report report = sample(Verdict::inconclusive);
  report.findings.clear();
  report.completeness.reasons = {"3 events were lost"};
  json out = written(report);
  EXPECT_EQ(out["severity"], "Medium");
  ASSERT_EQ(out["vulnerabilities"].size(), 1u);
  EXPECT_EQ(out["vulnerabilities"][0]["id"], "ASSAY-INCONCLUSIVE");
  EXPECT_NE(out["vulnerabilities"][0]["description"].get<std::string>().find("3 events were lost"),
            std::string::npos);
  report.findings = sample(Verdict::clean).findings;
  EXPECT_EQ(written(report)["severity"], "High") << "its worst finding's";
}

TEST(HarborReport, ManyFindingsAreBounded) {
  Report report = sample(Verdict::suspicious);
  for (int i = 0; i < 3000; ++i) {
    report.findings.push_back(report.findings[0]);
    report.findings.back().rule_id = "rule-" + std::to_string(i);
  }
  EXPECT_EQ(written(report)["vulnerabilities"].size(), 1000u);
}

TEST(HarborSeverity, OfLevelsAndVerdicts) {
  EXPECT_EQ(severity_of_level("informational"), "Negligible");
  EXPECT_EQ(severity_of_level("junk"), "Unknown");
  EXPECT_EQ(severity_of(Verdict::suspicious, "Low"), "High");
  EXPECT_EQ(severity_rank("none"), -1);
}

}  // namespace
}  // namespace assay::gateway::harbor
