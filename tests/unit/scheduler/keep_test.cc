// What is kept of a scan comes back whole, in order, from the attempt that counts; what is missing or damaged
// is told. On the real store.
#include "scheduler/keep.h"

#include <gtest/gtest.h>

#include "common/codec.h"
#include "tests/support.h"
#include "tests/unit/scheduler/keep_samples.h"

namespace assay {
namespace {

using namespace sample;

class KeepTest : public testing::Test {
 protected:
  KeepTest() { reopen(); }
  void reopen() {
    store_.reset();
    auto store = Store::open(dir_.path(), Store::Mode::read_write);
    EXPECT_TRUE(store) << store.error().what;
    store_ = std::move(*store);
  }
  Keep keep() { return Keep(*store_); }
  void put(const ScanRecord& record) { ASSERT_EQ(commit(*store_, Keep::submitted(record)), "ok"); }

  // The scan, leased for that attempt, whatever it was.
  ScanRecord leased(uint32_t attempt) {
    ScanRecord now = record(kId, ScanState::leased);
    now.same_as.clear();
    now.attempt = attempt;
    auto before = keep().scan(kId);
    StoreBatch batch = !before                  ? Keep::submitted(now)
                       : is_open(before->state) ? Keep::moved(*before, now)
                                                : StoreBatch();
    EXPECT_EQ(commit(*store_, batch), "ok");
    return now;
  }
  // `chunks` chunks of two events each.
  void put_trace(uint32_t attempt, uint32_t chunks, uint64_t salt, bool end = true,
                 const std::vector<std::string>& pieces = {}) {
    ScanRecord now = leased(attempt);
    uint64_t seq = 0;
    for (uint32_t index = 0; index < chunks; ++index) {
      ChunkWriter writer;
      for (int i = 0; i < 2; ++i) {
        Event e;
        e.seq = ++seq;
        e.data = "attempt " + std::to_string(salt);
        writer.add(e);
      }
      ASSERT_EQ(commit(*store_, Keep::chunk(now, index, writer.take())), "ok");
    }
    for (const std::string& piece : pieces)
      ASSERT_EQ(commit(*store_, Keep::chunk(now, chunks++, encode_artifact_piece(piece))), "ok");
    if (!end) return;
    TraceHeader header = sample::header();
    header.attempt = attempt;
    header.image.digest = kDigest;
    TraceFooter footer = sample::footer();
    footer.artifact_chunks = static_cast<uint32_t>(pieces.size());
    footer.chunks = chunks - footer.artifact_chunks;
    footer.events = seq;
    ScanRecord shipped = now;
    shipped.state = ScanState::shipped;
    ASSERT_EQ(commit(*store_, Keep::shipped(now, shipped, header, footer)), "ok");
  }
  void put_report(const ScanRecord& shipped, const std::string& json) {
    ScanRecord done = shipped;
    done.state = ScanState::done;
    ASSERT_EQ(commit(*store_, Keep::reported(shipped, done, json)), "ok");
  }
  // A scan that ended with the result of another.
  void put_sharing(const std::string& id, const std::string& same_as) {
    ScanRecord sharing = record(id, ScanState::done);
    sharing.same_as = same_as;
    put(record(id));
    ASSERT_EQ(commit(*store_, Keep::moved(record(id), sharing)), "ok");
  }
  std::string events(const std::string& id = kId) {
    std::string out;
    auto status =
        keep().each_event(id, [&](const Event& e) { out += std::to_string(e.seq) + ":" + e.data + " "; });
    return status ? out : out + str(status.error());
  }

  TempDir dir_;
  std::unique_ptr<Store> store_;
};

TEST_F(KeepTest, HoldsScansNewestFirstFromWhereItIsTold) {
  for (const auto& id : {kId, kNewer, kOlder}) put(record(id));
  reopen();
  auto ids = [&](const std::string& start, bool all = true) {
    std::string out;
    auto status = keep().each_scan([&](const ScanRecord& r) { return out += r.scan_id + " ", all; }, start);
    return status ? out : str(status.error());
  };
  EXPECT_EQ(ids(""), kNewer + " " + kId + " " + kOlder + " ");
  EXPECT_EQ(ids("", false), kNewer + " ");
  EXPECT_EQ(ids(kId), kId + " " + kOlder + " ");
  EXPECT_EQ(ids("20261125T031500-1f8a3c9d"), kOlder + " ") << "where none is";
  EXPECT_EQ(ids("x"), "invalid: 'x' is no scan id; `assay list` shows them");
  EXPECT_EQ(str(keep().scan(kId)), str(record()));
}

TEST_F(KeepTest, ShowsTheOtherScansBesideADamagedRecord) {
  for (const auto& id : {kOlder, kNewer}) put(record(id));
  ASSERT_TRUE(store_->write({{Family::scans, kId, "junk"}}));
  std::string ids;
  auto status = keep().each_scan([&](const ScanRecord& r) { return ids += r.scan_id + " ", true; });
  EXPECT_EQ(ids, kNewer + " " + kOlder + " ");
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().what, "scan " + kId + ": scan record: does not begin as one");
}

TEST_F(KeepTest, ShowsOpenScansOldestFirstAndReadsNoOthers) {
  ASSERT_TRUE(keep().upgrade());
  for (const auto& id : {kNewer, kOlder, kId}) put(record(id, ScanState::queued));
  ScanRecord done = record(kId, ScanState::failed);
  ASSERT_EQ(commit(*store_, Keep::moved(record(kId, ScanState::queued), done)), "ok");
  ASSERT_TRUE(store_->write({{Family::scans, kId, "an ended scan's record is not looked at"}}));
  reopen();
  std::string out;
  auto all = keep().each_open([&](ScanRecord r) { out += str(r) + "\n"; });
  ASSERT_TRUE(all) << all.error().what;
  EXPECT_EQ(out,
            str(record(kOlder, ScanState::queued)) + "\n" + str(record(kNewer, ScanState::queued)) + "\n");
  EXPECT_EQ(all->unreadable, 0u);
}

TEST_F(KeepTest, OpenScanThatCannotBeReadIsCountedAndHidesNoOther) {
  std::string second = "20261124T031500-00000002", third = "20261124T031500-00000003";
  for (const auto& id : {kOlder, second, third, kId, kNewer}) put(record(id, ScanState::queued));
  ASSERT_TRUE(store_->write({{Family::scans, kOlder, "junk"},
                             {Family::scans, second, "", true},
                             {Family::open, third, "of another attempt"},
                             {Family::open, "no scan id", "x"}}));
  std::string ids;
  auto all = keep().each_open([&](ScanRecord r) { ids += r.scan_id + " "; });
  ASSERT_TRUE(all) << all.error().what;
  EXPECT_EQ(ids, kId + " " + kNewer + " ");
  EXPECT_EQ(all->unreadable, 4u);
  EXPECT_EQ(all->first_error, "scan " + kOlder + ": scan record: does not begin as one");
}

TEST_F(KeepTest, TellsUnknownAndMalformedIdsApart) {
  EXPECT_EQ(str(keep().scan(kId)),
            "not_found: scan " + kId + " is not known here; `assay list` shows what is");
  EXPECT_EQ(str(keep().scan("x\n")), "invalid: 'x\\x0a' is no scan id; `assay list` shows them");
  EXPECT_EQ(str(keep().report(kId)), str(keep().scan(kId)));
  ScanRecord own = record(kOlder);
  own.same_as.clear();
  put(own);
  put_sharing(kId, kOlder);
  EXPECT_EQ(keep().header(kId).error().what, "scan " + kOlder + " has no whole trace");
  EXPECT_EQ(keep().footer(kId).error().what, "scan " + kOlder + " has no whole trace");
  EXPECT_EQ(keep().report(kId).error().what, "scan " + kOlder + " has no report");
  EXPECT_EQ(str(keep().batch("x")), "invalid: 'x' is no batch id");
  EXPECT_EQ(str(keep().batch(kBatch)), "not_found: batch " + kBatch + " is not known here");
  EXPECT_EQ(str(keep().result("k\n")), "not_found: no result of k\\x0a");
}

TEST_F(KeepTest, BatchesComeNewestFirstAndTheirMembersOldestFirst) {
  std::string second = "20261126T000000-0000000c";
  for (const auto& id : {kBatch, second})
    ASSERT_EQ(commit(*store_, Keep::batch({id, "b", "t", {}, 1, "{}"})), "ok");
  for (const auto& id : {kNewer, kOlder}) put(record(id));
  ScanRecord other = record(kId);
  other.submission.batch = second;
  put(other);
  reopen();
  std::string batches, members;
  ASSERT_TRUE(keep().each_batch([&](const BatchRecord& b) { return batches += b.batch_id + " ", true; }));
  EXPECT_EQ(batches, second + " " + kBatch + " ");
  ASSERT_TRUE(keep().each_member(kBatch, [&](const std::string& id) { return members += id + " ", true; }));
  EXPECT_EQ(members, kOlder + " " + kNewer + " ");
  members.clear();
  ASSERT_TRUE(keep().each_member(kBatch, [&](const std::string& id) { return members += id, false; }));
  EXPECT_EQ(members, kOlder);
  EXPECT_EQ(keep().each_member("", [](const std::string&) { return true; }).error().what,
            "'' is no batch id");
}

TEST_F(KeepTest, SharedResultIsReadFromWhereItIs) {
  put_trace(1, 2, 1);
  put_report(*keep().scan(kId), "{\"own\":1}");
  put_sharing(kNewer, kId);
  reopen();
  EXPECT_EQ(*keep().report(kNewer), "{\"own\":1}");
  EXPECT_EQ(keep().header(kNewer)->scan_id, kId);
  EXPECT_EQ(keep().footer(kNewer)->chunks, 2u);
  EXPECT_EQ(events(kNewer), events(kId));
  EXPECT_EQ(keep().scan(kNewer)->scan_id, kNewer);
}

TEST_F(KeepTest, SharingIsOneStepOnly) {
  std::string third = "20261127T031500-00000003";
  put_trace(1, 2, 1);
  put_sharing(kNewer, kId);
  put_sharing(third, kNewer);
  std::string refusal =
      "corrupt: scan " + third + " shares the result of scan " + kNewer + ", which has none of its own";
  EXPECT_EQ(str(keep().report(third)), refusal);
  EXPECT_EQ(str(keep().header(third).error()), refusal);
  EXPECT_EQ(str(keep().footer(third).error()), refusal);
  EXPECT_EQ(events(third), refusal);
  put_sharing(kOlder, kOlder);
  EXPECT_EQ(keep().report(kOlder).error().code, Errc::corrupt) << "itself";
  std::string lost = "20261127T031500-00000004", none = "20261127T031500-00000005";
  put_sharing(lost, none);
  EXPECT_EQ(str(keep().report(lost)), "corrupt: scan " + lost + " shares a result: scan " + none +
                                          " is not known here; `assay list` shows what is");
}

TEST_F(KeepTest, TraceComesBackAfterReopening) {
  put_trace(1, 3, 1);
  reopen();
  EXPECT_EQ(events(), "1:attempt 1 2:attempt 1 3:attempt 1 4:attempt 1 5:attempt 1 6:attempt 1 ");
  EXPECT_EQ(keep().header(kId)->attempt, 1u);
  EXPECT_EQ(keep().footer(kId)->chunks, 3u);
}

TEST_F(KeepTest, TraceHasNoEndBeforeItIsPut) {
  put_trace(1, 2, 1, false);
  EXPECT_EQ(events(), "not_found: scan " + kId + " has no whole trace");
}

TEST_F(KeepTest, OrdersChunksByNumberNotByText) {
  put_trace(1, 300, 1);
  std::string expected;
  for (int i = 1; i <= 600; ++i) expected += std::to_string(i) + ":attempt 1 ";
  EXPECT_EQ(events(), expected);
}

TEST_F(KeepTest, ReadsOnlyTheKeptAttempt) {
  put_trace(1, 3, 1, false);
  put_trace(255, 1, 255, false);
  put_trace(256, 2, 256);
  EXPECT_EQ(events(), "1:attempt 256 2:attempt 256 3:attempt 256 4:attempt 256 ");
}

TEST_F(KeepTest, SecondCopyOfAChunkReplacesTheFirst) {
  ASSERT_EQ(commit(*store_, Keep::chunk(leased(1), 0, "torn")), "ok");
  put_trace(1, 1, 9);
  EXPECT_EQ(events(), "1:attempt 9 2:attempt 9 ");
}

std::string chunk_key(uint32_t attempt, uint32_t index) {
  return kId + std::string({0, 0, 0, static_cast<char>(attempt), 0, 0, 0, static_cast<char>(index)});
}

TEST_F(KeepTest, MissingChunkIsCorrupt) {
  put_trace(1, 3, 1);
  ASSERT_TRUE(store_->write({{Family::chunks, chunk_key(1, 1), "", true}}));
  EXPECT_EQ(events(), "1:attempt 1 2:attempt 1 corrupt: scan " + kId + ": chunk 1 is missing");
}

TEST_F(KeepTest, MissingLastChunkIsCorrupt) {
  put_trace(1, 3, 1);
  ASSERT_TRUE(store_->write({{Family::chunks, chunk_key(1, 2), "", true}}));
  EXPECT_EQ(events(), "1:attempt 1 2:attempt 1 3:attempt 1 4:attempt 1 corrupt: scan " + kId +
                          ": holds 2 chunks with 4 events; its footer says 3 with 6");
}

TEST_F(KeepTest, DamagedChunkIsCorrupt) {
  put_trace(1, 2, 1);
  std::string bytes = *store_->get(Family::chunks, chunk_key(1, 1));
  bytes[bytes.size() / 2] = static_cast<char>(~bytes[bytes.size() / 2]);
  ASSERT_TRUE(store_->write({{Family::chunks, chunk_key(1, 1), bytes}}));
  std::string seen = events(), start = "1:attempt 1 2:attempt 1 corrupt: scan " + kId + ", chunk 1: ";
  EXPECT_EQ(seen.substr(0, start.size()), start);
}

std::string pieces_of(const Keep& keep, const std::string& id) {
  std::string out;
  Status read = keep.artifacts(id, [&](std::string_view piece) {
    out += std::string(piece) + "|";
    return true;
  });
  return read ? out : out + to_string(read.error().code) + ": " + read.error().what;
}

TEST_F(KeepTest, TheArchiveBehindATraceIsReadPieceByPieceAndNeverAsEvents) {
  put_trace(1, 2, 1, true, {"PK one", std::string(5000, 'x'), "three"});
  EXPECT_EQ(pieces_of(keep(), kId), "PK one|" + std::string(5000, 'x') + "|three|");
  EXPECT_EQ(events(), "1:attempt 1 2:attempt 1 3:attempt 1 4:attempt 1 ");
  size_t visits = 0;
  EXPECT_TRUE(keep().artifacts(kId, [&](std::string_view) { return ++visits < 2; }));
  EXPECT_EQ(visits, 2u);
}

TEST_F(KeepTest, AnArchiveThatLacksAPieceOrHoldsADamagedOneIsCorrupt) {
  put_trace(1, 1, 1, true, {"one", "two", "three"});
  std::string at = "scan " + kId + ", piece 2 of its artifacts";
  ASSERT_TRUE(store_->write({{Family::artifacts, chunk_key(1, 3), "", true}}));
  EXPECT_EQ(pieces_of(keep(), kId), "one|two|corrupt: " + at + " is missing");
  EXPECT_EQ(events(), "1:attempt 1 2:attempt 1 ");  // the trace is whole all the same
  ASSERT_TRUE(store_->write({{Family::artifacts, chunk_key(1, 3), "damage"}}));
  EXPECT_EQ(pieces_of(keep(), kId),
            "one|two|corrupt: " + at + ": piece of an archive: does not begin as one");
}

TEST_F(KeepTest, AScanWithoutAnArchiveSaysSo) {
  put_trace(1, 1, 1);
  std::string none = pieces_of(keep(), kId);
  EXPECT_EQ(none, "not_found: scan " + kId + " has kept no files: " +
                      std::to_string(sample::footer().artifacts_left_out) + " were beyond its bounds");
}

TEST_F(KeepTest, ReportIsFoundByIdAndByDigest) {
  for (const auto& [id, digest, report] : {std::tuple{kOlder, kDigest, std::string("{\"old\":1}")},
                                           {kId, kDigest, std::string(100'000, 'r')},
                                           {kNewer, "sha256:" + std::string(64, 'b'), std::string("{}")}}) {
    ScanRecord shipped = record(id);
    shipped.same_as.clear();
    shipped.digest = digest;
    put(shipped);
    put_report(shipped, report);
  }
  reopen();
  EXPECT_EQ(*keep().report(kId), std::string(100'000, 'r'));
  EXPECT_EQ(*keep().report(kOlder), "{\"old\":1}");
  EXPECT_EQ(*keep().scans_of(kDigest), (std::vector<std::string>{kId, kOlder}));
  EXPECT_EQ(*keep().scans_of("sha256:" + std::string(64, 'c')), std::vector<std::string>{});
  EXPECT_EQ(keep().scans_of("sha256:").error().code, Errc::invalid);
}

}  // namespace
}  // namespace assay
