// The report channel's datagrams, and the time service.
#include "agent/sinkhole/report.h"

#include <gtest/gtest.h>

#include <random>

#include "agent/sinkhole/ntp.h"
#include "common/digest.h"

namespace assay::sinkhole {
namespace {

constexpr int64_t kNow = 1'700'000'000;  // Tue, 14 Nov 2023 22:13:20 GMT

TEST(Ntp, ClientGetsTheTimeAndItsOwnTimestampBack) {
  std::string request(48, '\0');
  request[0] = 0x23;
  request.replace(40, 8, "ABCDEFGH");
  std::string reply = answer_ntp(request, kNow * 1'000'000'000 + 500'000'000);
  ASSERT_EQ(reply.size(), 48u);
  EXPECT_EQ(to_hex(reply.substr(0, 2)), "2402");
  EXPECT_EQ(reply.substr(24, 8), "ABCDEFGH");
  EXPECT_EQ(to_hex(reply.substr(40)), "e8fe6f8080000000");
  EXPECT_EQ(answer_ntp(request.substr(1), 0), "");
  request[0] = 0x24;  // a server's
  EXPECT_EQ(answer_ntp(request, 0), "");
}

Report sample() {
  Report report;
  report.kind = ReportKind::dns;
  report.time_ns = -5;
  report.seen = 7;
  report.lost = 1ull << 40;
  report.dropped = 1ull << 39;
  report.pushed_out = 11;
  report.cut = 12;
  report.transport = Transport::udp;
  report.src_addr = Address::v4(0xac110002);
  report.dst_addr = Address::v4(0xc6120101);
  report.src_port = 40000;
  report.dst_port = 53;
  report.name = "a.b";
  report.app = "https";
  report.method = "POST";
  report.path = "/x?y";
  report.detail = "base64";
  report.sha256 = std::string(64, 'e');
  report.query_type = "A";
  report.rcode = 3;
  report.answers = {"198.18.1.1", ""};
  report.data = std::string("\0\xff", 2);
  report.bytes_out = 1;
  report.bytes_in = 2;
  report.truncated = 3;
  return report;
}

TEST(Report, ComesBackAsItWas) {
  auto decoded = decode_report(encode_report(sample()));
  ASSERT_TRUE(decoded);
  EXPECT_TRUE(*decoded == sample());
}

TEST(Report, OversizedFieldsAreCutToWhatDecodes) {
  Report big = sample();
  for (std::string* field :
       {&big.name, &big.app, &big.method, &big.path, &big.detail, &big.sha256, &big.query_type})
    *field = std::string(70'000, 'n');
  big.data = std::string(70'000, 'd');
  big.answers.assign(1000, std::string(2000, 'a'));
  std::string bytes = encode_report(big);
  EXPECT_LE(bytes.size(), kMaxReportBytes);
  EXPECT_TRUE(decode_report(bytes));
}

TEST(Report, CutOrMutatedBytesAreCorruptOrAnotherReport) {
  std::string good = encode_report(sample());
  for (size_t size = 0; size < good.size(); ++size) ASSERT_FALSE(decode_report(good.substr(0, size))) << size;
  EXPECT_FALSE(decode_report(good + "x"));
  std::minstd_rand random(9);
  unsigned corrupt = 0;
  for (int round = 0; round < 100'000; ++round) {
    std::string bytes = good;
    bytes[random() % bytes.size()] = static_cast<char>(random());
    auto decoded = decode_report(bytes);
    ASSERT_LE(decoded ? encode_report(*decoded).size() : 0, kMaxReportBytes);
    corrupt += !decoded;
  }
  EXPECT_GT(corrupt, 1000u);
}

}  // namespace
}  // namespace assay::sinkhole
