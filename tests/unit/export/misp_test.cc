// MISP events, read back.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "scheduler/export/export.h"
#include "tests/unit/export/feed_report.h"

namespace assay {
namespace {

using nlohmann::json;

json event_of(const Report& report) { return json::parse(misp_event(report)).at("Event"); }

// "type value to_ids", sorted
std::set<std::string> attributes(const json& list) {
  std::set<std::string> out;
  for (const json& one : list)
    out.insert(one["type"].get<std::string>() + " " + one["value"].get<std::string>() +
               (one["to_ids"].get<bool>() ? " !" : ""));
  return out;
}

TEST(Misp, AnEventHasIndicatorsAsAttributes) {
  json event = event_of(test::small_report());
  EXPECT_EQ(event["info"], "Assay: malicious, score 97: registry.example/app:1");
  EXPECT_EQ(event["date"], "2026-11-30");
  EXPECT_EQ(event["threat_level_id"], "1");
  EXPECT_EQ(event["analysis"], "2");
  EXPECT_EQ(event["distribution"], "0");
  EXPECT_EQ(event["published"], false);
  EXPECT_EQ(event["timestamp"], "1796004539");
  EXPECT_EQ(event["attribute_count"], std::to_string(event["Attribute"].size()));
  EXPECT_EQ(attributes(event["Attribute"]),
            (std::set<std::string>{"domain pool.example.com !", "ip-dst|port 203.0.113.9|4444",
                                   "sha256 " + std::string(64, 'd'), "text critical: Speaks to a mining pool",
                                   "text registry.example/app:1"}));
  std::set<std::string> tags;
  for (const json& tag : event["Tag"]) tags.insert(tag["name"]);
  EXPECT_EQ(tags,
            (std::set<std::string>{"tlp:amber", "assay:verdict=\"malicious\"",
                                   "misp-galaxy:mitre-attack-pattern=\"Compute Hijacking - T1496.001\""}));
}

TEST(Misp, FilesAndConnectionsAreObjectsOfPublishedTemplates) {
  json event = event_of(test::small_report());
  ASSERT_EQ(event["Object"].size(), 2u);
  const json& file = event["Object"][0];
  EXPECT_EQ(file["name"], "file");
  EXPECT_EQ(file["template_uuid"], "688c46fb-5edb-40a3-8273-1af7923e2215");
  EXPECT_EQ(
      attributes(file["Attribute"]),
      (std::set<std::string>{"sha256 " + std::string(64, 'b') + " !", "filename miner", "text /tmp/miner",
                             "size-in-bytes 4711", "mime-type application/x-executable"}));
  const json& connection = event["Object"][1];
  EXPECT_EQ(connection["template_uuid"], "af16764b-f8e5-4603-9de1-de34d272f80b");
  std::set<std::string> relations;
  for (const json& one : connection["Attribute"]) relations.insert(one["object_relation"]);
  EXPECT_EQ(relations,
            (std::set<std::string>{"ip-dst", "hostname-dst", "dst-port", "layer3-protocol", "layer4-protocol",
                                   "layer7-protocol", "src-bytes-count", "dst-bytes-count"}));
}

TEST(Misp, NothingOfACleanImageIsForDetection) {
  Report report = test::small_report();
  report.verdict = Verdict::clean;
  report.score = 2;
  report.findings.clear();
  json event = event_of(report);
  EXPECT_EQ(event["threat_level_id"], "3");
  for (const json& one : event["Attribute"]) EXPECT_EQ(one["to_ids"], false) << one;
  for (const json& object : event["Object"])
    for (const json& one : object["Attribute"]) EXPECT_EQ(one["to_ids"], false) << one;
}

TEST(Misp, EveryUuidIsItsOwnAndTheSameReportGivesTheSameBytes) {
  for (const Report& report : {test::small_report(), test::hostile_report()}) {
    EXPECT_EQ(misp_event(report), misp_event(report));
    json event = event_of(report);
    std::set<std::string> seen{event["uuid"]};
    auto take = [&](const json& one) { EXPECT_TRUE(seen.insert(one["uuid"]).second) << one; };
    for (const json& one : event["Attribute"]) take(one);
    for (const json& object : event["Object"]) {
      take(object);
      for (const json& one : object["Attribute"]) take(one);
    }
  }
}

TEST(Misp, HostileTextIsTextAndBounded) {
  std::string text = misp_event(test::hostile_report());
  for (char c : text) EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 || c == '\n');
  EXPECT_EQ(text.find("\xe2\x80\xae"), std::string::npos);
  EXPECT_EQ(text.find("\\u0000"), std::string::npos);
  json event = json::parse(text)["Event"];
  for (const json& one : event["Attribute"]) {
    EXPECT_FALSE(one["value"].get<std::string>().empty());
    EXPECT_LT(one.dump().size(), 20'000u);
  }
  for (const json& object : event["Object"])
    for (const json& one : object["Attribute"])
      if (one["type"] == "port") {
        EXPECT_LE(std::stoi(one["value"].get<std::string>()), 65'535);
      }
}

TEST(Misp, WhatIsBeyondTheBoundsIsCounted) {
  Report report = test::small_report();
  for (int i = 0; i < 1200; ++i) {
    report.network.push_back(report.network[0]);
    report.network.back().port = static_cast<uint32_t>(i + 1);
  }
  json event = event_of(report);
  EXPECT_EQ(event["Object"].size(), 1000u);
  bool told = false;
  for (const json& one : event["Attribute"])
    told = told ||
           one["comment"].get<std::string>().find("left out beyond the bounds: 202") != std::string::npos;
  EXPECT_TRUE(told);
}

}  // namespace
}  // namespace assay
