// STIX bundles, read back.
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "scheduler/export/export.h"
#include "scheduler/export/scan_times.h"
#include "scheduler/export/stix_graph.h"
#include "tests/unit/export/feed_report.h"

namespace assay {
namespace {

using nlohmann::json;

struct Bundle {
  explicit Bundle(const Report& report) : text(stix_bundle(report)), whole(json::parse(text)) {
    for (const json& object : whole["objects"]) {
      EXPECT_TRUE(by_id.emplace(object["id"], object).second) << object["id"];
      by_type[object["type"]].push_back(object);
    }
  }
  const json& one(const std::string& type) {
    EXPECT_EQ(by_type[type].size(), 1u) << type;
    return by_type[type].at(0);
  }
  // "type -> type how" of all relationships
  std::multiset<std::string> relations() {
    std::multiset<std::string> out;
    for (const json& r : by_type["relationship"])
      out.insert(by_id.at(r["source_ref"])["type"].get<std::string>() + " " +
                 r["relationship_type"].get<std::string>() + " " +
                 by_id.at(r["target_ref"])["type"].get<std::string>());
    return out;
  }
  std::string text;
  json whole;
  std::map<std::string, json> by_id;
  std::map<std::string, std::vector<json>> by_type;
};

// Every reference leads to an object of the bundle.
void expect_resolved(Bundle& bundle) {
  std::function<void(const json&, const std::string&)> look = [&](const json& value, const std::string& key) {
    if (value.is_object())
      for (auto& [name, inner] : value.items()) look(inner, name);
    if (value.is_array())
      for (const json& inner : value) look(inner, key);
    if (value.is_string() && (key.ends_with("_ref") || key.ends_with("_refs"))) {
      EXPECT_TRUE(bundle.by_id.contains(value.get<std::string>())) << key << " " << value;
    }
  };
  look(bundle.whole["objects"], "");
}

TEST(Stix, ObservablesHaveTheIdsThatEveryProducerGivesThem) {
  stix::Graph graph("scan", "2026-01-01T00:00:00.000Z");
  auto id = [&](const char* type, const char* value) {
    return graph.observe(type, {{"value", value}}, {"value"});
  };
  EXPECT_EQ(id("ipv4-addr", "198.51.100.3"), "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4");
  EXPECT_EQ(id("ipv6-addr", "2001:db8::1"), "ipv6-addr--6469e3a9-b053-5e34-a025-9396ae051d26");
  EXPECT_EQ(id("domain-name", "example.com"), "domain-name--bedb4899-d24b-5401-bc86-8f6b4cc18ec7");
}

TEST(Stix, ABundleTellsTheAnalysisAndWhatItIsOf) {
  Bundle bundle(test::small_report());
  expect_resolved(bundle);
  json analysis = bundle.one("malware-analysis");
  EXPECT_EQ(analysis["product"], "assay");
  EXPECT_EQ(analysis["result"], "malicious");
  EXPECT_EQ(analysis["analysis_definition_version"], std::string(64, 'e'));
  EXPECT_EQ(analysis["analysis_started"], "2026-11-30T02:08:50.123Z");
  EXPECT_EQ(analysis["analysis_ended"], "2026-11-30T02:08:59.123Z");
  EXPECT_EQ(bundle.by_id[analysis["sample_ref"]]["hashes"]["SHA-256"], std::string(64, 'd'));
  EXPECT_EQ(analysis["analysis_sco_refs"], bundle.one("observed-data")["object_refs"]);
  json pattern = bundle.one("attack-pattern");
  EXPECT_EQ(pattern["name"], "Compute Hijacking");
  EXPECT_EQ(pattern["external_references"][0]["external_id"], "T1496.001");
  EXPECT_EQ(pattern["external_references"][0]["url"], "https://attack.mitre.org/techniques/T1496/001/");
  EXPECT_EQ(bundle.one("malware")["malware_types"], json({"resource-exploitation"}));
  EXPECT_EQ(bundle.one("report")["object_refs"].size(), bundle.by_id.size() - 2);  // itself and the marking
  auto relations = bundle.relations();
  EXPECT_EQ(relations.count("malware uses attack-pattern"), 1u);
  EXPECT_EQ(relations.count("malware-analysis dynamic-analysis-of malware"), 1u);
  EXPECT_EQ(relations.count("malware communicates-with domain-name"), 1u);
  EXPECT_EQ(relations.count("malware drops file"), 1u);
  EXPECT_EQ(relations.count("indicator indicates malware"), bundle.by_type["indicator"].size());
}

TEST(Stix, ProcessesAreATree) {
  Bundle bundle(test::small_report());
  ASSERT_EQ(bundle.by_type["process"].size(), 2u);
  json parent = bundle.by_type["process"][0], child = bundle.by_type["process"][1];
  EXPECT_EQ(child["parent_ref"], parent["id"]);
  EXPECT_EQ(parent["child_refs"], json({child["id"]}));
  EXPECT_EQ(parent["command_line"], "/bin/sh -c miner");
  EXPECT_EQ(child["created_time"], "2026-11-30T02:08:50.128Z");
  EXPECT_EQ(bundle.by_id[child["image_ref"]]["hashes"]["SHA-256"], std::string(64, 'b'));
}

TEST(Stix, IndicatorsAreOfWhatIsSuspiciousOnly) {
  Report report = test::small_report();
  Bundle bundle(report);
  std::set<std::string> patterns;
  for (const json& one : bundle.by_type["indicator"]) patterns.insert(one["pattern"]);
  EXPECT_EQ(patterns, (std::set<std::string>{"[domain-name:value = 'pool.example.com']",
                                             "[file:hashes.'SHA-256' = '" + std::string(64, 'b') + "']"}));
  report.verdict = Verdict::clean;
  report.score = 3;
  Bundle clean(report);
  EXPECT_EQ(clean.by_type["indicator"].size(), 0u);
  EXPECT_EQ(clean.by_type["malware"].size(), 0u);
  EXPECT_EQ(clean.one("malware-analysis")["result"], "benign");
}

TEST(Stix, TwoScansShareObservablesAndTechniquesButNothingElse) {
  Report second = test::small_report();
  second.header.scan_id = "20261201T000000-00000000";
  Bundle a(test::small_report()), b(second);
  for (const auto& [id, object] : a.by_id) {
    std::string type = object["type"];
    bool shared = type == "file" || type == "directory" || type == "domain-name" || type == "ipv4-addr" ||
                  type == "software" || type == "network-traffic" || type == "identity" ||
                  type == "attack-pattern" || type == "marking-definition";
    EXPECT_EQ(b.by_id.contains(id), shared) << type;
    if (shared) {
      EXPECT_EQ(b.by_id[id], object);
    }
  }
}

TEST(Stix, TheSameReportGivesTheSameBytes) {
  EXPECT_EQ(stix_bundle(test::small_report()), stix_bundle(test::small_report()));
}

TEST(Stix, APatternsStringIsQuoted) { EXPECT_EQ(stix::quoted("it's \\ here"), "'it\\'s \\\\ here'"); }

TEST(Stix, AnAddressOfTheSimulatedInternetGivesWayToItsName) {
  Report report = test::small_report();
  report.network[0].addr = "198.18.14.163";
  Bundle bundle(report);
  EXPECT_EQ(bundle.by_id[bundle.one("network-traffic")["dst_ref"]]["value"], "pool.example.com");
  EXPECT_EQ(bundle.text.find("198.18.14.163"), std::string::npos);
}

TEST(Stix, HostileTextIsTextAndEverythingStillResolves) {
  Bundle bundle(test::hostile_report());
  expect_resolved(bundle);
  for (char c : bundle.text) EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 || c == '\n');
  EXPECT_EQ(bundle.text.find("\xe2\x80\xae"), std::string::npos);
  EXPECT_EQ(bundle.text.find("\\u0000"), std::string::npos);
  for (const auto& [id, object] : bundle.by_id) {
    EXPECT_LT(object.dump().size(), 70'000u) << id;
    if (object.contains("dst_port")) {
      EXPECT_LE(object["dst_port"].get<int>(), 65'535);
    }
  }
  EXPECT_EQ(bundle.by_type["attack-pattern"].size(), 1u);  // those with an id that ATT&CK knows
  // URLs carry the quote as it is, which RFC 3986 allows; the pattern escapes it.
  bool found = false;
  for (const json& one : bundle.by_type["indicator"])
    found = found || one["pattern"] == "[url:value = 'http://203.0.113.10/it\\'s']";
  EXPECT_TRUE(found);
  bool told = false;
  for (const json& note : bundle.by_type["note"])
    told = told || note["content"].get<std::string>().find("Left out of this bundle") != std::string::npos;
  EXPECT_TRUE(told);
}

TEST(Stix, WhatIsBeyondTheBoundsIsCounted) {
  Report report = test::small_report();
  report.processes.resize(1500);
  for (int i = 2; i < 1500; ++i) report.processes[static_cast<size_t>(i)].pid = i + 10;
  report.processes_left_out = 7;
  Bundle bundle(report);
  EXPECT_EQ(bundle.by_type["process"].size(), 1000u);
  EXPECT_NE(bundle.text.find("in no form that STIX has: 507"), std::string::npos);
}

TEST(Stix, AScanEndsNotBeforeItBegins) {
  Report report;
  report.header.start_time_ns = INT64_MAX;
  report.footer.phases = {{"run", INT64_MAX}};
  EXPECT_LE(scan_times(report).start_ns, scan_times(report).end_ns);
}

}  // namespace
}  // namespace assay
