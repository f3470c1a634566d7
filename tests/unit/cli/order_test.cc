// Lists, manifests and the bodies made of them.
#include "cli/order.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/options.h"

namespace assay::cli {
namespace {

using nlohmann::json;

std::string lines(const Complaints& complaints) {
  std::string out;
  for (const Error& error : complaints.list) out += error.what + "\n";
  return out;
}

TEST(List, TakesOneReferenceALineAndComments) {
  Complaints complaints;
  auto refs = read_list("\xef\xbb\xbf# nightly\n\n  nginx:1.25 \r\nredis\t# cache\noci:/x#y\n#gone\nalpine",
                        "l", complaints);
  EXPECT_EQ(refs, (std::vector<std::string>{"nginx:1.25", "redis", "oci:/x#y", "alpine"}));
  EXPECT_TRUE(complaints.empty());
}

TEST(List, EveryBadLineIsNamedWithItsNumber) {
  Complaints complaints;
  read_list("nginx\nUPPER case\n\nhttp://x/y\n", "images.txt", complaints);
  ASSERT_EQ(complaints.list.size(), 2u);
  EXPECT_TRUE(complaints.list[0].what.starts_with("images.txt, line 2: image reference 'UPPER case': "))
      << lines(complaints);
  EXPECT_TRUE(complaints.list[1].what.starts_with("images.txt, line 4: ")) << lines(complaints);
}

TEST(List, ComplaintsAreBoundedAndTheRestIsCounted) {
  Complaints complaints;
  std::string text;
  for (int i = 0; i < 50; ++i) text += "!\n";
  read_list(text, "l", complaints);
  EXPECT_EQ(complaints.list.size(), kMaxComplaints);
  EXPECT_EQ(complaints.more, 50 - kMaxComplaints);
}

TEST(List, EmptyOneIsAComplaint) {
  Complaints complaints;
  read_list("# nothing\n", "l", complaints);
  EXPECT_EQ(lines(complaints), "l: no image reference in it\n");
}

TEST(Order, SaysOnlyWhatWasWished) {
  std::vector<std::string> refs = {"a", "b"};
  EXPECT_EQ(scans_body(refs.data(), 2, Wish{}), R"({"scans":[{"ref":"a"},{"ref":"b"}]})");
  Wish wish;
  wish.duration = std::chrono::seconds(90);
  wish.extension = std::chrono::seconds(0);
  wish.network = NetworkMode::none;
  wish.lane = Lane::gate;
  wish.cpu_millis = 1500;
  wish.memory_bytes = 512 << 20;
  wish.fresh = wish.insecure = true;
  wish.expect = "clean";
  wish.auth_file = "/etc/auth";
  wish.labels = {{"team", "web"}};
  EXPECT_EQ(json::parse(scans_body(refs.data(), 1, wish)),
            json::parse(R"({"scans":[{"ref":"a","duration_ms":90000,"extension_ms":0,
    "network":"none","lane":"gate","cpu_millis":1500,"memory_bytes":536870912,"fresh":true,"insecure":true,
    "expect":"clean","auth_file":"/etc/auth","labels":{"team":"web"}}]})"));
}

TEST(Order, ValuesOfOptionsAreCheckedByName) {
  EXPECT_EQ(parse_label("a=b=c")->second, "b=c");
  EXPECT_EQ(parse_label("=x").error().what, "label '=x' is not NAME=VALUE, as in team=web");
  EXPECT_EQ(parse_expectation("good").error().what,
            "expectation 'good' is none of clean, suspicious, malicious, inconclusive");
  EXPECT_EQ(*parse_cpus("1.5"), 1500u);
  for (const char* text : {"", "0", "-1", "nan", "1e9", "2 "}) EXPECT_FALSE(parse_cpus(text)) << text;
}

BatchOrder order(const std::string& text, Complaints& complaints, const Wish& wish = {},
                 const std::string& name = "") {
  return read_manifest(text, "m.json", wish, name, complaints);
}

TEST(Manifest, GoesOnAsItStandsWithPlainReferencesSpeltOut) {
  Complaints complaints;
  auto got = order(R"({"name":"night","labels":{"a":"b"},"lane":"sweep","defaults":{"duration_ms":5000},
    "images":["nginx",{"ref":"redis","expect":"clean","labels":{"tier":"db"}}]})",
                   complaints);
  EXPECT_EQ(lines(complaints), "");
  EXPECT_EQ(got.name, "night");
  EXPECT_EQ(got.refs, (std::vector<std::string>{"nginx", "redis"}));
  EXPECT_EQ(json::parse(got.body), json::parse(R"({"name":"night","labels":{"a":"b"},"lane":"sweep",
    "defaults":{"duration_ms":5000},"images":[{"ref":"nginx"},{"ref":"redis","expect":"clean","labels":{"tier":"db"}}]})"));
}

TEST(Manifest, OptionsOverrideWhatItSaysForAll) {
  Complaints complaints;
  Wish wish;
  wish.lane = Lane::batch;
  wish.fresh = true;
  wish.labels = {{"run", "2"}};
  auto got = order(R"({"name":"night","lane":"sweep","images":["nginx"]})", complaints, wish, "day");
  EXPECT_EQ(json::parse(got.body), json::parse(R"({"name":"day","labels":{"run":"2"},"lane":"batch",
    "defaults":{"fresh":true},"images":[{"ref":"nginx"}]})"));
}

TEST(Manifest, AllPersonasMakeFourImagesOfOne) {
  Complaints complaints;
  auto got = order(
      R"({"defaults":{"persona":"all","fresh":true},"images":["nginx",{"ref":"redis","persona":"ci"}]})",
      complaints);
  EXPECT_EQ(lines(complaints), "");
  EXPECT_EQ(got.refs, (std::vector<std::string>{"nginx", "nginx", "nginx", "nginx", "redis"}));
  EXPECT_EQ(json::parse(got.body), json::parse(R"({"defaults":{"fresh":true},"images":[
    {"ref":"nginx","persona":"bare"},{"ref":"nginx","persona":"kubernetes"},{"ref":"nginx","persona":"ci"},
    {"ref":"nginx","persona":"cloud"},{"ref":"redis","persona":"ci"}]})"));
  Wish wish;
  wish.personas = *parse_personas("all");
  wish.no_provoke = true;
  got = order(R"({"images":[{"ref":"redis","persona":"ci"},"nginx"]})", complaints, wish);
  EXPECT_EQ(got.refs.size(), 5u);
  EXPECT_EQ(json::parse(got.body)["defaults"], json::parse(R"({"provoke":false})"));
  order(R"({"images":[{"ref":"redis","persona":"c1"}]})", complaints);
  EXPECT_EQ(lines(complaints), "m.json, image 1: persona 'c1' is none of bare, kubernetes, ci, cloud, all\n");
}

TEST(Manifest, PlainListIsOneToo) {
  Complaints complaints;
  EXPECT_EQ(order("nginx # web\nredis\n", complaints).body,
            R"({"images":[{"ref":"nginx"},{"ref":"redis"}]})");
}

TEST(Manifest, EverythingWrongIsNamedWithItsPlace) {
  Complaints complaints;
  order(R"({"nmae":"x","lane":"fast","defaults":{"ref":"x","duration_ms":"30s"},
    "images":["nginx","UPPER",{"ref":"a","expekt":"clean"},{"ref":"b","expect":"fine"},{"labels":{}},7,{"ref":"c","network":"host"}]})",
        complaints);
  EXPECT_EQ(lines(complaints),
            "m.json: no field is called 'nmae'\n"
            "m.json: 'fast' is no lane; there are gate, interactive, batch and sweep\n"
            "m.json, defaults: no field is called 'ref'\n"
            "m.json, defaults: 'duration_ms' is not a whole number in range\n");
  Complaints images;
  order(
      R"({"images":["nginx","UPPER",{"ref":"a","expekt":"clean"},{"ref":"b","expect":"fine"},{"labels":{}},7,{"ref":"c","network":"host"}]})",
      images);
  ASSERT_EQ(images.list.size(), 6u) << lines(images);
  EXPECT_TRUE(images.list[0].what.starts_with("m.json, image 2: image reference 'UPPER': "));
  EXPECT_EQ(images.list[1].what, "m.json, image 3: no field is called 'expekt'");
  EXPECT_EQ(images.list[2].what,
            "m.json, image 4: expectation 'fine' is none of clean, suspicious, malicious, inconclusive");
  EXPECT_EQ(images.list[3].what, "m.json, image 5: it has no 'ref'");
  EXPECT_EQ(images.list[4].what, "m.json, image 6: neither a reference nor an object with a 'ref'");
  EXPECT_EQ(images.list[5].what, "m.json, image 7: network 'host' is none of sinkhole, egress, none");
}

TEST(Manifest, BrokenJsonIsToldWithItsPlace) {
  Complaints complaints;
  order("{\"images\": [\"a\",]}", complaints);
  ASSERT_EQ(complaints.list.size(), 1u);
  EXPECT_TRUE(complaints.list[0].what.starts_with("m.json is no JSON: parse error at line 1, column 17: "))
      << lines(complaints);
  Complaints empty;
  order(R"({"images":[]})", empty);
  EXPECT_EQ(lines(empty), "m.json: 'images' is not a list with an image in it\n");
}

}  // namespace
}  // namespace assay::cli
