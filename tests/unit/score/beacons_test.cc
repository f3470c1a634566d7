// Which destinations are returned to at regular intervals, and what names look like.
#include "scheduler/score/beacons.h"

#include <gtest/gtest.h>

#include "case_reader.h"
#include "scheduler/score/name_shape.h"

namespace assay::testing {
namespace {

// "host port count interval jitter" of each beacon.
std::string beacons(const std::string& yaml) {
  ProcessTree tree;
  NetworkMap network("10.1.1.2");
  Beacons beacons(tree, network);
  for (const auto& event : trace(yaml)) {
    network.add(event);
    tree.add(event);
    beacons.add(event);
  }
  std::string out;
  beacons.finish([&](const Record& r, const Event&) {
    std::string host(r.get(Field::DestinationHostname));
    if (host.empty()) host = r.get(Field::DestinationIp);
    for (Field field : {Field::DestinationPort, Field::Count, Field::IntervalSeconds, Field::JitterPercent})
      host += " " + std::string(r.get(field));
    out += host + "\n";
  });
  return out;
}

std::string connects(const std::vector<int>& seconds, const std::string& fields) {
  std::string out;
  for (int at : seconds) out += "- connect: {at: " + std::to_string(at) + ", " + fields + "}\n";
  return out;
}

TEST(Beacons, RegularReturnsToOneDestinationAreTold) {
  EXPECT_EQ(beacons("- dns: {name: c2.evil.test, answers: [198.18.0.9], src_port: 53}\n" +
                    connects({1, 6, 11, 16, 21, 26}, "proto: tcp, dst_addr: 198.18.0.9, dst_port: 443")),
            "c2.evil.test 443 6 5 0\n");
  EXPECT_EQ(beacons(connects({1, 6, 11, 17, 22}, "proto: tcp, dst_addr: 203.0.113.9, dst_port: 80")),
            "203.0.113.9 80 5 5 0\n");
}

TEST(Beacons, JitterIsTheMedianDeviation) {
  EXPECT_EQ(beacons(connects({0, 10, 22, 30, 43, 50}, "proto: tcp, dst_addr: 203.0.113.9, dst_port: 80")),
            "203.0.113.9 80 6 10 20\n");
}

TEST(Beacons, AreNotFewVisitsNorABurstNorTheGuestItself) {
  std::string to = "proto: tcp, dst_addr: 203.0.113.9, dst_port: 80";
  EXPECT_EQ(beacons(connects({1, 6, 11, 16}, to)), "");
  EXPECT_EQ(beacons(connects({1, 1, 1, 1, 1, 1, 1}, to)), "");
  EXPECT_EQ(beacons(connects({1, 2, 3, 4, 5, 6}, to)), "");
  EXPECT_EQ(beacons(connects({1, 6, 11, 16, 21}, "proto: tcp, dst_addr: 127.0.0.1, dst_port: 80")), "");
}

TEST(NameShape, SplitsTheRegistrableDomainOff) {
  EXPECT_EQ(shape_of("a.b.example.com").domain, "example.com");
  EXPECT_EQ(shape_of("www.example.co.uk").domain, "example.co.uk");
  EXPECT_EQ(shape_of("localhost").domain, "localhost");
  EXPECT_EQ(shape_of("").domain, "");
  EXPECT_EQ(shape_of("...").domain, "");
}

TEST(NameShape, MeasuresLabelsAndTheirEntropy) {
  auto plain = shape_of("www.example.com");
  EXPECT_EQ(plain.label_length, 3u);
  EXPECT_EQ(plain.entropy, 0u);
  auto two = shape_of("ab.example.com");
  EXPECT_EQ(two.entropy, 10u);  // one bit
  auto hex = shape_of("0123456789abcdef.0123456789abcdef.t.example.com");
  EXPECT_EQ(hex.label_length, 16u);
  EXPECT_EQ(hex.entropy, 41u);  // a little over four bits, for the "t"
  EXPECT_EQ(shape_of("example.com").label_length, 0u);
}

}  // namespace
}  // namespace assay::testing
