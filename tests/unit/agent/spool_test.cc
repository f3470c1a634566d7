// What an agent finds of its predecessor, and what it leaves alone.
#include "agent/spool.h"

#include <gtest/gtest.h>
#include <sys/mount.h>

#include <fstream>

#include "common/disk.h"
#include "common/fd.h"
#include "tests/support.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

const AttemptKey kKey{"20261125T031500-1f8a3c9e", 2};

class SpoolTest : public testing::Test {
 protected:
  fs::path dir() const { return temp_.path() / "spool"; }
  SpoolWriter writer(const AttemptKey& key = kKey, uint64_t reserve = 0) {
    auto made = SpoolWriter::create(dir(), key, reserve);
    EXPECT_TRUE(made) << made.error().what;
    return std::move(*made);
  }
  void whole(const AttemptKey& key, uint32_t chunks, uint32_t pieces = 0) {
    auto out = writer(key);
    for (uint32_t i = 0; i < chunks + pieces; ++i) ASSERT_TRUE(out.chunk(i, "bytes of " + std::to_string(i)));
    wire::Done done{key.scan_id, key.attempt, {}, {}};
    done.footer.chunks = chunks;
    done.footer.artifact_chunks = pieces;
    ASSERT_TRUE(out.done(done));
  }
  // "20261125T031500-1f8a3c9e-2:0..3", of what a new agent finds.
  std::string found() const {
    auto spool = Spool::open(dir());
    if (!spool) return spool.error().what;
    std::string out;
    for (const auto& each : spool->found())
      out += (out.empty() ? "" : " ") + each.key.str() + ":" + std::to_string(each.first) + ".." +
             std::to_string(each.chunks);
    return out;
  }
  TempDir temp_;
};

TEST_F(SpoolTest, AWholeAttemptIsTakenUpByTheNextAgent) {
  whole(kKey, 3);
  EXPECT_EQ(found(), kKey.str() + ":0..3");
  auto spool = Spool::open(dir());
  ASSERT_TRUE(spool);
  EXPECT_EQ(*spool->chunk(kKey, 1), "bytes of 1");
  auto end = spool->end(kKey);
  ASSERT_TRUE(end);
  auto message = wire::decode(*end);
  ASSERT_TRUE(message && std::holds_alternative<wire::Done>(*message));
}

TEST_F(SpoolTest, AcknowledgedChunksAreGoneFromTheFront) {
  whole(kKey, 3);
  {
    auto spool = Spool::open(dir());
    EXPECT_EQ(spool->drop_chunk(kKey, 0), 10u);
    EXPECT_EQ(spool->drop_chunk(kKey, 0), 0u);
  }
  EXPECT_EQ(found(), kKey.str() + ":1..3");
  {
    auto spool = Spool::open(dir());
    (void)spool->drop_chunk(kKey, 1);
    (void)spool->drop_chunk(kKey, 2);
  }
  EXPECT_EQ(found(), kKey.str() + ":3..3");
}

TEST_F(SpoolTest, TheArchiveBehindATraceBelongsToIt) {
  whole(kKey, 2, 3);
  EXPECT_EQ(found(), kKey.str() + ":0..5");
  fs::remove(dir() / kKey.str() / "chunk-4");
  EXPECT_EQ(found(), "");
}

TEST_F(SpoolTest, AnEndThatTellsOfMoreChunksThanCanBeCountedIsNone) {
  auto out = writer();
  wire::Done done{kKey.scan_id, kKey.attempt, {}, {}};
  done.footer.chunks = done.footer.artifact_chunks = UINT32_MAX;
  ASSERT_TRUE(out.done(done));
  EXPECT_EQ(found(), "");
}

TEST_F(SpoolTest, WhatNobodyHasHeardOfCanBeTakenBack) {
  auto out = writer();
  for (uint32_t i = 0; i < 4; ++i) ASSERT_TRUE(out.chunk(i, "x"));
  out.take_back(2, 9);
  wire::Done done{kKey.scan_id, kKey.attempt, {}, {}};
  done.footer.chunks = 2;
  ASSERT_TRUE(out.done(done));
  EXPECT_EQ(found(), kKey.str() + ":0..2");
}

TEST_F(SpoolTest, ThereIsRoomOnlyAboveTwiceTheReserve) {
  auto free = free_bytes(temp_.path());
  ASSERT_TRUE(free);
  EXPECT_TRUE(writer(kKey, *free / 8).has_room(*free / 4));
  EXPECT_FALSE(writer(kKey, *free / 4).has_room(*free));
  EXPECT_FALSE(writer(kKey, *free / 4 * 3).has_room(1));  // a trace still may
}

TEST_F(SpoolTest, AnAttemptWithoutItsEndIsDeleted) {
  ASSERT_TRUE(writer().chunk(0, "x"));
  EXPECT_EQ(found(), "");
  EXPECT_FALSE(fs::exists(dir() / kKey.str()));
}

TEST_F(SpoolTest, AnAttemptThatLacksAChunkIsDeleted) {
  whole(kKey, 3);
  fs::remove(dir() / kKey.str() / "chunk-1");
  EXPECT_EQ(found(), "");
  EXPECT_FALSE(fs::exists(dir() / kKey.str()));
}

TEST_F(SpoolTest, AnEndThatCannotBeReadOrBelongsElsewhereIsNoEnd) {
  AttemptKey other{"20261125T031500-1f8a3c9e", 3};
  whole(kKey, 0);
  whole(other, 0);
  fs::copy_file(dir() / kKey.str() / "done", dir() / other.str() / "done",
                fs::copy_options::overwrite_existing);
  ASSERT_TRUE(write_file(dir() / kKey.str() / "done", "nonsense"));
  EXPECT_EQ(found(), "");
}

TEST_F(SpoolTest, AFailureIsItsEndAlone) {
  auto out = writer();
  ASSERT_TRUE(out.chunk(0, "x"));
  ASSERT_TRUE(out.failed({kKey.scan_id, kKey.attempt, "io", "why", 0}));
  EXPECT_FALSE(fs::exists(dir() / kKey.str() / "chunk-0"));
  EXPECT_EQ(found(), kKey.str() + ":0..0");
}

TEST_F(SpoolTest, WhatIsNoneOfOursIsLeftAlone) {
  whole(kKey, 1);
  fs::path outside = temp_.path() / "outside";
  fs::create_directories(outside);
  ASSERT_TRUE(write_file(outside / "done", "x"));
  fs::create_directories(dir() / "..hidden");
  fs::create_directories(dir() / "20261125T031500-1f8a3c9e");
  fs::create_directories(dir() / "20261125T031500-1f8a3c9e-02");
  fs::create_directories(dir() / "20261125T031500-1f8a3c9e-99999999999");
  ASSERT_TRUE(write_file(dir() / "20261125T031500-1f8a3c9e-4", "a file"));
  fs::create_directory_symlink(outside, dir() / "20261125T031500-1f8a3c9e-5");
  ASSERT_TRUE(write_file(dir() / kKey.str() / "chunk-01", "odd"));
  ASSERT_TRUE(write_file(dir() / kKey.str() / "\x1b[2J", "odd"));
  EXPECT_EQ(found(), kKey.str() + ":0..1");
  for (const char* name :
       {"..hidden", "20261125T031500-1f8a3c9e", "20261125T031500-1f8a3c9e-02",
        "20261125T031500-1f8a3c9e-99999999999", "20261125T031500-1f8a3c9e-4", "20261125T031500-1f8a3c9e-5"})
    EXPECT_TRUE(fs::exists(dir() / name)) << name;
  EXPECT_TRUE(fs::exists(outside / "done"));
}

TEST_F(SpoolTest, ALinkInPlaceOfAFileIsNotFollowed) {
  whole(kKey, 1);
  ASSERT_TRUE(write_file(temp_.path() / "secret", "secret"));
  fs::remove(dir() / kKey.str() / "chunk-0");
  fs::create_symlink(temp_.path() / "secret", dir() / kKey.str() / "chunk-0");
  auto spool = Spool::open(dir());
  ASSERT_TRUE(spool);
  EXPECT_FALSE(spool->chunk(kKey, 0));
}

TEST_F(SpoolTest, TwoAgentsCannotHaveTheSameSpool) {
  auto first = Spool::open(dir());
  ASSERT_TRUE(first);
  auto second = Spool::open(dir());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::conflict);
  EXPECT_NE(second.error().what.find(dir().string()), std::string::npos);
}

TEST_F(SpoolTest, TheReserveIsLeftAlone) {
  auto free = free_bytes(temp_.path());
  ASSERT_TRUE(free);
  auto refused = writer(kKey, *free * 2).chunk(0, "x");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::no_space);
  EXPECT_NE(refused.error().what.find(kKey.str()), std::string::npos) << refused.error().what;
}

TEST_F(SpoolTest, AFullDiskIsToldAndLeavesNoHalfChunkBehind) {
  fs::create_directories(dir());
  ASSAY_NEED(::mount("tmpfs", dir().c_str(), "tmpfs", 0, "size=256k") == 0, "root, to mount a tmpfs");
  {
    auto out = writer();
    ASSERT_TRUE(out.chunk(0, std::string(100 * 1024, 'x')));
    auto full = out.chunk(1, std::string(300 * 1024, 'x'));
    ASSERT_FALSE(full);
    EXPECT_EQ(full.error().code, Errc::no_space) << full.error().what;
    EXPECT_FALSE(fs::exists(dir() / kKey.str() / ".chunk-1"));
    // Whole by its size, yet not to be written: the file system says so in the middle of it.
    { std::ofstream(dir() / "filler") << std::string(120 * 1024, 'x'); }
    EXPECT_FALSE(out.chunk(1, std::string(40 * 1024, 'x')));
    EXPECT_TRUE(out.failed({kKey.scan_id, kKey.attempt, "no_space", "why", 0}));
  }
  EXPECT_EQ(found(), kKey.str() + ":0..0");
  EXPECT_EQ(::umount(dir().c_str()), 0);
}

TEST_F(SpoolTest, ReplacedByAFailureNothingElseIsLeftOfAnAttempt) {
  whole(kKey, 2);
  {
    auto spool = Spool::open(dir());
    ASSERT_TRUE(spool->replace({kKey.scan_id, kKey.attempt, "cancelled", "the agent is stopping", 0}));
  }
  EXPECT_EQ(found(), kKey.str() + ":0..0");
  EXPECT_FALSE(fs::exists(dir() / kKey.str() / "done"));
}

}  // namespace
}  // namespace assay
