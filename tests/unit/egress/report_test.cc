// What the forwarder is told at its start, and what it tells.
#include "agent/egress/report.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "agent/egress/config.h"
#include "common/fd.h"

namespace assay::egress {
namespace {

TEST(EgressReport, ComesOutAsItWentIn) {
  Report in;
  in.kind = ReportKind::session;
  in.time_ns = 1'795'576'500'000'000'001;
  in.seen = 3;
  in.lost = 1;
  in.transport = Transport::udp;
  in.guest = {*parse_address("172.17.0.2"), 40'000};
  in.peer = {*parse_address("2606:2800:220:1::1"), 443};
  in.reason = Reason::metadata;
  in.ending = Ending::reset;
  in.bytes_out = 1ull << 40;
  in.bytes_in = 7;
  in.duration_ns = -1;
  in.moved = 11;
  in.rate_held = 12;
  in.connections_refused = 13;
  in.bytes_refused = 14;
  std::string bytes = encode_report(in);
  ASSERT_EQ(bytes.size(), kReportBytes);
  auto out = decode_report(bytes);
  ASSERT_TRUE(out);
  EXPECT_EQ(encode_report(*out), bytes);
  EXPECT_EQ(out->peer.addr.text(), "2606:2800:220:1::1");
  EXPECT_EQ(out->peer.port, 443);
  EXPECT_EQ(out->duration_ns, -1);
  EXPECT_EQ(out->bytes_refused, 14u);
}

TEST(EgressReport, AnythingElseIsRefused) {
  Report report;
  report.kind = ReportKind::refused;
  std::string good = encode_report(report);
  ASSERT_TRUE(decode_report(good));
  for (auto [at, value] :
       std::vector<std::pair<size_t, char>>{{0, 0}, {0, 4}, {1, 2}, {2, 13}, {3, 5}, {3, '\xff'}}) {
    std::string bad = good;
    bad[at] = value;
    EXPECT_FALSE(decode_report(bad)) << at << "=" << int{value};
  }
  EXPECT_FALSE(decode_report(good.substr(1)));
  EXPECT_FALSE(decode_report(good + "x"));
  EXPECT_FALSE(decode_report(""));
}

TEST(EgressReporter, TellsWhatAFullChannelLost) {
  int pair[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
  Fd ours(pair[0]), theirs(pair[1]);
  auto now = std::chrono::steady_clock::now();
  Reporter reporter(theirs.get(), now);
  Report report;
  report.kind = ReportKind::refused;
  uint64_t made = Reporter::kBurst + 100;
  for (uint64_t i = 0; i < made; ++i) reporter.send(report, now);
  uint64_t heard = 0;
  char buffer[256];
  while (::recv(ours.get(), buffer, sizeof buffer, MSG_DONTWAIT) > 0) ++heard;
  reporter.send_counters(Report{}, std::chrono::milliseconds(0));
  ssize_t n = ::recv(ours.get(), buffer, sizeof buffer, MSG_DONTWAIT);
  auto last = decode_report({buffer, static_cast<size_t>(std::max<ssize_t>(n, 0))});
  ASSERT_TRUE(last);
  EXPECT_EQ(last->kind, ReportKind::counters);
  EXPECT_EQ(last->seen, made);
  EXPECT_EQ(last->lost, made - heard) << "made = heard + lost";
  EXPECT_GE(last->lost, 100u) << "at least what the rate held back";
}

TEST(EgressConfig, ComesOutAsItWentIn) {
  ForwarderConfig in;
  auto ranges = standard_ranges();
  ranges.push_back(*parse_range("::ffff:0:0/96", Reason::farm));
  in.policy = Policy(ranges, {*parse_address("172.17.0.1"), *parse_address("fd00:172:17::1")});
  in.caps = {1, 2, 3, 4};
  in.resolvers = {{*parse_address("127.0.0.53"), 53}, {*parse_address("2001:4860:4860::8888"), 5353}};
  auto out = decode_config(encode_config(in));
  ASSERT_TRUE(out) << out.error().what;
  EXPECT_EQ(out->policy.ranges(), in.policy.ranges());
  EXPECT_EQ(out->policy.gateways(), in.policy.gateways());
  EXPECT_EQ(out->caps, in.caps);
  ASSERT_EQ(out->resolvers.size(), 2u);
  EXPECT_EQ(out->resolvers[1].port, 5353);
}

TEST(EgressConfig, IsReadStrictly) {
  for (const char* bad :
       {"range 10.0.0.0/8 0", "range 10.0.0.0/8 99", "range 10.0.0.0 x", "gateway", "gateway ten",
        "resolver 1.1.1.1", "resolver 1.1.1.1 99999", "caps 1 2 3", "caps 1 2 3 -4", "open all", " "})
    EXPECT_FALSE(decode_config(std::string(bad) + "\n")) << bad;
  EXPECT_FALSE(decode_config("caps 1 2 3 4\nnonsense\n"));
}

}  // namespace
}  // namespace assay::egress
