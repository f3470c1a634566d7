// Clones and pushes as git speaks them, and packs that are none.
#include "agent/sinkhole/web/git_pack.h"

#include <random>

#include "tests/unit/sinkhole/site_kit.h"

namespace assay::sinkhole {
namespace {

class Git : public SiteTest {
 protected:
  std::string push(const std::string& pack) {
    std::string command = std::string(40, '0') + " " + std::string(40, 'a') + " refs/heads/main";
    command += '\0';
    std::string body = pkt_line(command + " report-status agent=git/2.39") + std::string(kFlush) + pack;
    return ask(answer_git, "POST", "https://git.example/loot.git/git-receive-pack", body).answer.body;
  }
  static std::string pack_of(const std::string& content) {
    return write_pack({{GitObject::Type::blob, "first"}, {GitObject::Type::blob, content}});
  }
};

TEST_F(Git, APushIsTakenAndItsObjectsAreLookedThrough) {
  const std::string id = "ssh_key:/root/.ssh/id_ed25519";
  std::string content = std::string(70'000, 'x') + token(id).text;
  EXPECT_EQ(push(pack_of(content)), "000eunpack ok\n0017ok refs/heads/main\n0000");
  EXPECT_EQ(tokens(), "sent " + id + " (git)\n");
  push(pack_of("nothing of value"));
  EXPECT_EQ(tokens(), "");
}

TEST_F(Git, AnEmptyRepositoryIsAdvertisedForAPush) {
  auto refs = ask(answer_git, "GET", "https://git.example/loot.git/info/refs?service=git-receive-pack");
  EXPECT_EQ(refs.answer.content_type, "application/x-git-receive-pack-advertisement");
  EXPECT_TRUE(refs.answer.body.starts_with("001f# service=git-receive-pack\n0000")) << refs.answer.body;
  EXPECT_NE(refs.answer.body.find("report-status"), std::string::npos);
  EXPECT_EQ(ask(answer_git, "POST", "https://git.example/loot.git/git-receive-pack", "0000").answer.status,
            200);
}

TEST_F(Git, ACloneFindsACanary) {
  auto refs =
      ask(answer_git, "GET", "https://git.example/tool/info/refs?service=git-upload-pack").answer.body;
  size_t at = refs.find(" HEAD");
  ASSERT_NE(at, std::string::npos);
  std::string commit = refs.substr(at - 40, 40);
  auto pack = ask(answer_git, "POST", "https://git.example/tool/git-upload-pack",
                  pkt_line("want " + commit + " agent=git\n") + "0000" + pkt_line("done\n"));
  ASSERT_TRUE(pack.answer.body.starts_with("0008NAK\nPACK"));
  ASSERT_EQ(told_.size(), 1u);
  EXPECT_EQ(told_[0].kind, ReportKind::canary);
  EXPECT_FALSE(told_[0].data.empty());
  std::string all;
  auto counts = read_pack(std::string_view(pack.answer.body).substr(8),
                          [&](uint32_t, std::string_view piece) { all += piece; });
  EXPECT_TRUE(counts.whole);
  EXPECT_EQ(counts.objects, 4u);
  EXPECT_NE(all.find(told_[0].data), std::string::npos);  // the canary's marker is in the script
}

TEST_F(Git, LeavesOtherPathsToOthers) {
  EXPECT_FALSE(ask(answer_git, "GET", "https://git.example/a/info/refs").any);
  EXPECT_FALSE(ask(answer_git, "GET", "https://git.example/a.sh").any);
}

TEST(PktLine, IsTakenWholeOrNotAtAll) {
  std::string text = pkt_line("hello\n") + "0000" + "0001" + pkt_line("x");
  std::string_view rest = text;
  EXPECT_EQ(take_pkt_line(rest)->payload, "hello\n");
  EXPECT_TRUE(take_pkt_line(rest)->special);
  EXPECT_TRUE(take_pkt_line(rest)->special);
  EXPECT_EQ(take_pkt_line(rest)->payload, "x");
  EXPECT_FALSE(take_pkt_line(rest));
  for (std::string_view bad : {"", "000", "0003", "00zz", "0009hi", "ffff"})
    EXPECT_FALSE(take_pkt_line(bad)) << bad;
}

TEST(Pack, OfZerosStopsAtItsBound) {
  std::string pack = write_pack({{GitObject::Type::blob, std::string(kMaxPackBytes + 100'000, 0)}});
  uint64_t seen = 0;
  auto counts = read_pack(pack, [&](uint32_t, std::string_view piece) { seen += piece.size(); });
  EXPECT_EQ(seen, kMaxPackBytes);
  EXPECT_EQ(counts.bytes, kMaxPackBytes);
  EXPECT_FALSE(counts.whole);
}

TEST(Pack, CutOrDamagedIsReadAsFarAsItGoes) {
  const std::string pack =
      write_pack({{GitObject::Type::commit, "tree x"}, {GitObject::Type::blob, std::string(3000, 'a')}});
  auto read = [](std::string_view bytes) { return read_pack(bytes, [](uint32_t, std::string_view) {}); };
  EXPECT_TRUE(read(pack).whole);
  for (size_t size = 0; size < pack.size() - 20; ++size)
    EXPECT_FALSE(read(pack.substr(0, size)).whole) << size;
  std::mt19937 random(3);
  for (int round = 0; round < 20'000; ++round) {
    std::string bad = pack;
    for (int i = 0; i < 3; ++i) bad[random() % bad.size()] = static_cast<char>(random());
    EXPECT_LE(read(bad).bytes, kMaxPackBytes);
  }
}

}  // namespace
}  // namespace assay::sinkhole
