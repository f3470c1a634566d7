// The archive goes behind the trace in pieces, as a whole or not at all.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <thread>

#include "agent/ship.h"
#include "common/disk.h"
#include "tests/support.h"

namespace assay {
namespace {

const AttemptKey kKey{"20261125T031500-1f8a3c9e", 1};

class ShipArtifacts : public testing::Test {
 protected:
  void SetUp() override {
    auto mine = Socket::open(context_, Socket::Type::pair),
         theirs = Socket::open(context_, Socket::Type::pair);
    ASSERT_TRUE(mine && theirs);
    ASSERT_TRUE(mine->bind("inproc://ship"));
    ASSERT_TRUE(theirs->connect("inproc://ship"));
    loop_.emplace(std::move(*mine));
    worker_.emplace(std::move(*theirs));
    auto cancel = make_event();
    ASSERT_TRUE(cancel);
    cancel_ = std::move(*cancel);
    archive_ = Fd(::memfd_create("archive", MFD_CLOEXEC));
    for (size_t i = 0; i < kArtifactPieceBytes * 2 + 100; ++i)
      content_ += static_cast<char>(i * 2654435761u >> 11);
    ASSERT_TRUE(write_all(archive_.get(), content_, "archive"));
  }
  Ship ship(uint64_t reserve = 0) {
    auto spool = SpoolWriter::create(dir_.path() / "spool", kKey, reserve);
    EXPECT_TRUE(spool) << spool.error().what;
    return Ship(*worker_, std::move(*spool), kKey, cancel_.get());
  }
  static Event event() {
    Event out;
    out.seq = 1;
    out.kind = EventKind::note;
    out.call = "x";
    return out;
  }
  // The loop's part: answers each question for room, and renders what it hears.
  std::thread answer(bool room) {
    return std::thread([this, room] {
      while (!done_) {
        std::vector<WaitFor> items{*loop_};
        if (!wait(items, std::chrono::milliseconds(10))) return;
        hear_all(room);
      }
      hear_all(room);
    });
  }
  void hear_all(bool room) {
    for (auto note = hear(*loop_); note && *note; note = hear(*loop_)) {
      if ((*note)->kind == LinkNote::Kind::chunk) heard_ += "chunks " + std::to_string((*note)->chunks) + " ";
      if ((*note)->kind == LinkNote::Kind::ended) heard_ += "ended ";
      if ((*note)->kind != LinkNote::Kind::ask_room) continue;
      heard_ += "room? ";
      (void)tell(*loop_, {.kind = LinkNote::Kind::room, .bytes = room ? (*note)->bytes : 0});
    }
  }
  std::string files() {
    std::string out;
    for (uint32_t i = 0; i < 8; ++i) {
      std::string name = "chunk-" + std::to_string(i);
      if (std::filesystem::exists(dir_.path() / "spool" / kKey.str() / name)) out += name + " ";
    }
    return out;
  }
  TraceFooter end() {
    auto spool = Spool::open(dir_.path() / "spool");
    EXPECT_TRUE(spool && spool->found().size() == 1u);
    auto bytes = spool->end(kKey);
    EXPECT_TRUE(bytes);
    auto message = wire::decode(*bytes);
    EXPECT_TRUE(message);
    return std::get<wire::Done>(*message).footer;
  }
  TempDir dir_;
  Context context_;
  std::optional<Socket> loop_, worker_;
  Fd cancel_, archive_;
  std::string content_, heard_;
  std::atomic<bool> done_ = false;
};

TEST_F(ShipArtifacts, PiecesComeBehindTheTraceAndMakeTheArchiveAgain) {
  Ship out = ship();
  std::thread loop = answer(true);
  ASSERT_TRUE(out.add(event()));
  Status shipped = out.artifacts(archive_.get(), content_.size());
  Status ended = out.done({}, {});
  done_ = true;
  loop.join();
  ASSERT_TRUE(shipped) << shipped.error().what;
  ASSERT_TRUE(ended);
  EXPECT_EQ(heard_, "chunks 1 room? chunks 3 ended ");
  TraceFooter footer = end();
  EXPECT_EQ(footer.chunks, 1u);
  EXPECT_EQ(footer.artifact_chunks, 3u);
  auto spool = Spool::open(dir_.path() / "spool");
  ASSERT_TRUE(spool);
  std::string again;
  for (uint32_t i = 1; i < 4; ++i) {
    auto piece = decode_artifact_piece(*spool->chunk(kKey, i));
    ASSERT_TRUE(piece) << piece.error().what;
    again += *piece;
  }
  EXPECT_TRUE(again == content_);
}

TEST_F(ShipArtifacts, WithoutRoomInTheQuotaTheTraceGoesAlone) {
  Ship out = ship();
  std::thread loop = answer(false);
  ASSERT_TRUE(out.add(event()));
  Status shipped = out.artifacts(archive_.get(), content_.size());
  Status ended = out.done({}, {});
  done_ = true;
  loop.join();
  ASSERT_FALSE(shipped);
  EXPECT_EQ(shipped.error().code, Errc::no_space);
  ASSERT_TRUE(ended);
  EXPECT_EQ(heard_, "chunks 1 room? ended ");
  EXPECT_EQ(files(), "chunk-0 ");
  EXPECT_EQ(end().artifact_chunks, 0u);
}

TEST_F(ShipArtifacts, OnADiskThatIsNearlyFullNothingIsAsked) {
  auto free = free_bytes(dir_.path());
  ASSERT_TRUE(free);
  Ship out = ship(*free / 4 * 3);
  ASSERT_TRUE(out.add(event()));
  EXPECT_EQ(out.artifacts(archive_.get(), content_.size()).error().code, Errc::no_space);
  EXPECT_TRUE(out.done({}, {}));
  EXPECT_EQ(files(), "chunk-0 ");
}

TEST_F(ShipArtifacts, WhatBreaksInTheMiddleLeavesNoPiece) {
  Ship out = ship();
  std::thread loop = answer(true);
  ASSERT_TRUE(out.add(event()));
  Status shipped = out.artifacts(archive_.get(), content_.size() + kArtifactPieceBytes);  // it is shorter
  Status ended = out.done({}, {});
  done_ = true;
  loop.join();
  EXPECT_EQ(shipped.error().code, Errc::corrupt);
  ASSERT_TRUE(ended);
  EXPECT_EQ(heard_, "chunks 1 room? ended ");
  EXPECT_EQ(files(), "chunk-0 ");
  EXPECT_EQ(end().artifact_chunks, 0u);
}

TEST_F(ShipArtifacts, AnArchiveOfMorePiecesThanAnAttemptMayHaveIsNotBegun) {
  Ship out = ship();
  EXPECT_EQ(out.artifacts(archive_.get(), uint64_t{kMaxChunks + 1} * kArtifactPieceBytes).error().code,
            Errc::no_space);
}

}  // namespace
}  // namespace assay
