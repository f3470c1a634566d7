// A sweep as users write it: every field, back again, and what is refused by which words.
#include "scheduler/sweeps/spec.h"

#include <date/date.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace assay::sweeps {
namespace {

using nlohmann::json;

const char kFull[] = R"({
  "name": "nightly", "sources": [{"registry": "registry.example:5000"}],
  "repositories": ["team/*", "!*-test"], "tags": ["v*"], "semver": ">=1.2 <3", "newest": 5,
  "pushed_since": "7d", "untagged": true, "platforms": ["linux/amd64", "linux/arm64/v8"],
  "schedule": "0 2 * * mon-fri", "time_zone": "Europe/Berlin", "deadline": "06:00", "most_scans": 5000,
  "parallel": 4,
  "profile": {"duration_ms": 60000, "extension_ms": 0, "network": "none", "persona": "ci", "provoke": false,
              "insecure": true, "auth_file": "/etc/assay/auth.json", "cpu_millis": 500,
              "memory_bytes": 268435456, "fresh": true, "labels": {"team": "a"}},
  "personas": ["bare", "cloud"]})";

json minimal() { return {{"name", "n"}, {"sources", {{{"registry", "registry.example"}}}}}; }

std::string error_of(const json& spec) {
  auto read = read_spec(spec.dump());
  return read ? "none" : read.error().what;
}

// minimal(), with one field set.
std::string with(const char* field, const json& value) {
  json spec = minimal();
  spec[field] = value;
  return error_of(spec);
}

TEST(Spec, ReadsEveryField) {
  auto spec = read_spec(kFull);
  ASSERT_TRUE(spec) << spec.error().what;
  EXPECT_EQ(spec->name, "nightly");
  ASSERT_EQ(spec->sources.size(), 1u);
  EXPECT_EQ(spec->sources[0].host, "registry.example:5000");
  EXPECT_EQ(spec->filter.repositories, (std::vector<std::string>{"team/*", "!*-test"}));
  EXPECT_EQ(spec->filter.semver->str(), ">=1.2 <3");
  EXPECT_EQ(spec->filter.newest, 5u);
  EXPECT_TRUE(spec->filter.untagged);
  EXPECT_EQ(spec->platforms.size(), 2u);
  EXPECT_EQ(spec->most_scans, 5000u);
  EXPECT_EQ(spec->parallel, 4u);
  const Submission& profile = spec->profile;
  EXPECT_EQ(profile.lane, Lane::sweep);
  EXPECT_EQ(profile.job.duration, std::chrono::seconds(60));
  EXPECT_EQ(profile.job.network, NetworkMode::none);
  EXPECT_EQ(profile.job.persona, Persona::ci);
  EXPECT_FALSE(profile.job.provoke);
  EXPECT_TRUE(profile.job.insecure);
  EXPECT_TRUE(profile.fresh);
  EXPECT_EQ(profile.labels, (Labels{{"team", "a"}}));
  EXPECT_EQ(spec->personas, (std::vector<Persona>{Persona::bare, Persona::cloud}));
}

TEST(Spec, IsWrittenAsItWasRead) {
  auto spec = read_spec(kFull);
  ASSERT_TRUE(spec);
  EXPECT_EQ(json::parse(spec_json(*spec)), json::parse(kFull));
  auto again = read_spec(spec_json(*spec));
  ASSERT_TRUE(again);
  EXPECT_EQ(spec_json(*again), spec_json(*spec));
  auto small = read_spec(minimal().dump());
  ASSERT_TRUE(small) << small.error().what;
  EXPECT_EQ(json::parse(spec_json(*small)), minimal());  // nothing that has its default
}

TEST(Spec, AllPersonasAreFour) {
  json spec = minimal();
  spec["personas"] = "all";
  auto read = read_spec(spec.dump());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->personas.size(), kPersonaCount);
}

TEST(Spec, NamesTheFieldAndTheRule) {
  EXPECT_EQ(with("name", "A b"),
            "name 'A b' is not 1 to 64 of a-z, 0-9, '.', '_' and '-', the first a letter or digit");
  EXPECT_EQ(with("name", ""), "name is missing");
  EXPECT_EQ(with("name", 5), "name is not text");
  EXPECT_EQ(with("colour", "red"), "colour is a field that there is not");
  EXPECT_EQ(with("sources", json::array()), "sources is missing: a sweep needs at least one");
  EXPECT_EQ(with("sources", {{{"registry", "a.example"}}, {{"registry", "a.example"}}}), "sources[1] is there twice");
  EXPECT_EQ(with("sources", {5}), "sources[0] is not an object");
  EXPECT_EQ(with("sources", json::array({json::object()})).substr(0, 11), "sources[0]:");
  EXPECT_EQ(with("tags", {""}), "tags[0] is not text of 1 to 256 bytes");
  EXPECT_EQ(with("tags", "v*"), "tags is not a list of texts");
  EXPECT_EQ(with("semver", ">=x.1"), "semver: 'x.1' is no version: write 1, 1.2, 1.x or 1.2.3-rc.1");
  EXPECT_EQ(with("newest", -1), "newest is not a whole number from 0 to 100000");
  EXPECT_EQ(with("untagged", "yes"), "untagged is not true or false");
  EXPECT_EQ(with("platforms", {"windows/amd64"}),
            "platforms[0] 'windows/amd64' is not linux/ARCHITECTURE or linux/ARCHITECTURE/VARIANT");
  EXPECT_EQ(with("platforms", {"linux/arm64/"}),
            "platforms[0] 'linux/arm64/' is not linux/ARCHITECTURE or linux/ARCHITECTURE/VARIANT");
  EXPECT_EQ(with("platforms", {"linux/amd64", "linux/amd64"}), "platforms[1] 'linux/amd64' is there twice");
  EXPECT_EQ(with("schedule", "0 25 * * *"), "schedule: hour '25' is not between 0 and 23");
  EXPECT_EQ(with("schedule", "0 0 30 2 *"), "schedule '0 0 30 2 *' is never due: there is no such day");
  EXPECT_EQ(with("time_zone", "Nowhere").substr(0, 19), "time_zone: 'Nowhere");
  EXPECT_EQ(with("deadline", "25:00"), "deadline: '25:00' is no time of day: write one such as 06:00, up to 23:59");
  EXPECT_EQ(with("deadline", "200h"),
            "deadline '200h' is neither a time of day (\"06:00\") nor a time from 1s to 168h (\"4h\")");
  EXPECT_EQ(with("parallel", 0), "parallel 0 is not between 1 and 32");
  EXPECT_EQ(with("parallel", 33), "parallel 33 is not between 1 and 32");
  EXPECT_EQ(with("personas", {"bare", "bare"}), "personas[1] is there twice");
  EXPECT_EQ(with("personas", {"root"}), "personas[0] is none of bare, kubernetes, ci, cloud");
  EXPECT_EQ(with("personas", "some"), "personas is neither \"all\" nor a list of at most four of them");
}

TEST(Spec, NamesTheFieldOfTheProfile) {
  auto profile = [](const char* field, const json& value) { return with("profile", {{field, value}}); };
  EXPECT_EQ(profile("ref", "nginx"), "profile.ref is not for a sweep to say");
  EXPECT_EQ(profile("lane", "gate"), "profile.lane is not for a sweep to say");
  EXPECT_EQ(profile("x", 1), "profile.x is a field that there is not");
  EXPECT_EQ(profile("duration_ms", "long"), "profile.duration_ms is not a whole number, not negative");
  EXPECT_EQ(profile("duration_ms", 1),
            "profile: duration 1 ms is not between 1000 and 3600000 ms");
  EXPECT_EQ(profile("network", "all"), "profile.network 'all' is none of none, sinkhole, egress");
  EXPECT_EQ(profile("labels", {{"run", "x"}}), "profile.labels 'run' is set by the sweep itself");
  EXPECT_EQ(profile("labels", 7), "profile.labels is not an object of texts");
  json many;
  for (size_t i = 0; i < kMaxLabels - 2; ++i) many["l" + std::to_string(i)] = "";
  EXPECT_EQ(profile("labels", many), "profile.labels are more than the 13 that there is room for");
  EXPECT_EQ(with("profile", 5), "profile is not an object");
}

TEST(Spec, TakesNoJsonThatSaysTwoThings) {
  auto error = [](const std::string& text) {
    auto read = read_spec(text);
    return read ? "none" : read.error().what;
  };
  EXPECT_EQ(error(R"({"name": "a", "name": "b"})"), "the sweep: field 'name' is given twice");
  EXPECT_EQ(error(R"({"name": "a", "profile": {"fresh": true, "fresh": false}})"),
            "the sweep: field 'fresh' is given twice");
  EXPECT_EQ(error("[]"), "the sweep is not a JSON object");
  EXPECT_EQ(error("{"), "the sweep is not a JSON object");
  EXPECT_EQ(error(std::string(kMaxSpecBytes + 1, ' ')), "the sweep has more than 262144 bytes");
  EXPECT_EQ(error(std::string(100'000, '[')), "the sweep is not a JSON object");
}

TEST(Spec, TellsWhenARunShouldBeDone) {
  constexpr int64_t kStart = 1'796'000'000;  // 2026-11-30 00:53:20 UTC
  auto spec = read_spec(minimal().dump());
  ASSERT_TRUE(spec);
  EXPECT_FALSE(deadline_of(*spec, kStart));
  spec->deadline = "4h";
  EXPECT_EQ(deadline_of(*spec, kStart), kStart + 4 * 3600);
  spec->deadline = "1500ms";
  EXPECT_EQ(deadline_of(*spec, kStart), kStart + 2);
  spec->deadline = "06:00";
  int64_t midnight = kStart - kStart % 86400;
  EXPECT_EQ(deadline_of(*spec, kStart), midnight + 6 * 3600);
  spec->time_zone = "Europe/Berlin";
  EXPECT_EQ(deadline_of(*spec, kStart), midnight + 5 * 3600);
  spec->time_zone = "Asia/Tokyo";  // 09:53 there
  EXPECT_EQ(deadline_of(*spec, kStart), midnight + 21 * 3600);
}

}  // namespace
}  // namespace assay::sweeps
