// What is kept of a scan comes back whole, in order, from the attempt that counts; what is missing or damaged
// is told.
#include "scheduler/keep.h"

#include <gtest/gtest.h>

#include "common/codec.h"
#include "scheduler/scan_codec.h"
#include "tests/support.h"
#include "tests/unit/common/sample_trace.h"

namespace assay {
namespace {

const std::string kId = "20261125T031500-1f8a3c9e", kOlder = "20261124T031500-00000001",
                  kNewer = "20261126T031500-00000002";
const std::string kDigest = "sha256:" + std::string(64, 'a');

ScanRecord record(const std::string& id = kId) {
  ScanRecord r;
  r.scan_id = id;
  r.job = sample::job();
  r.state = ScanState::shipped;
  r.attempt = 2;
  r.submitted_ns = 11;
  r.finished_ns = -12;
  r.digest = kDigest;
  r.verdict = "malicious";
  r.score = 97;
  r.error = "none";
  return r;
}

std::string str(const Result<ScanRecord>& r) {
  if (!r) return std::string(to_string(r.error().code)) + ": " + r.error().what;
  return r->scan_id + " " + sample::str(r->job) + " " + to_string(r->state) + " " +
         std::to_string(r->attempt) + " " + std::to_string(r->submitted_ns) + " " +
         std::to_string(r->finished_ns) + " " + r->digest + " " + r->verdict + " " +
         std::to_string(r->score) + " " + r->error;
}

class KeepTest : public testing::Test {
 protected:
  KeepTest() { reopen(); }
  void reopen() {
    store_.reset();
    auto store = Store::open(dir_.path(), Store::Mode::read_write);
    EXPECT_TRUE(store) << store.error().what;
    store_ = std::make_unique<Store>(std::move(*store));
  }
  Keep keep() { return Keep(*store_); }

  // `chunks` chunks of two events each.
  void put_trace(uint32_t attempt, uint32_t chunks, uint64_t salt, bool end = true) {
    uint64_t seq = 0;
    for (uint32_t index = 0; index < chunks; ++index) {
      ChunkWriter writer;
      for (int i = 0; i < 2; ++i) {
        Event e;
        e.seq = ++seq;
        e.data = "attempt " + std::to_string(salt);
        writer.add(e);
      }
      ASSERT_TRUE(keep().put_chunk(kId, attempt, index, writer.take()));
    }
    if (!end) return;
    TraceHeader header = sample::header();
    header.attempt = attempt;
    TraceFooter footer = sample::footer();
    footer.chunks = chunks;
    footer.events = seq;
    ASSERT_TRUE(keep().put_trace_end(record(), header, footer));
  }
  std::string events() {
    std::string out;
    auto status =
        keep().each_event(kId, [&](const Event& e) { out += std::to_string(e.seq) + ":" + e.data + " "; });
    return status ? out : out + std::string(to_string(status.error().code)) + ": " + status.error().what;
  }
  size_t chunk_keys() {
    size_t count = 0;
    EXPECT_TRUE(store_->scan(Family::chunks, "", false,
                             [&](std::string_view, std::string_view) { return ++count, true; }));
    return count;
  }

  TempDir dir_;
  std::unique_ptr<Store> store_;
};

TEST(ScanCodec, RecordComesBackWhole) {
  EXPECT_EQ(str(decode_scan(encode_scan(record()))), str(record()));
  EXPECT_EQ(str(decode_scan(encode_scan({}))), str(ScanRecord()));
  EXPECT_EQ(decode_scan("junk").error().code, Errc::corrupt);
}

TEST_F(KeepTest, HoldsScansNewestFirst) {
  for (const auto& id : {kId, kNewer, kOlder}) ASSERT_TRUE(keep().put_scan(record(id)));
  reopen();
  std::string ids;
  ASSERT_TRUE(keep().each_scan([&](const ScanRecord& r) { return ids += r.scan_id + " ", true; }));
  EXPECT_EQ(ids, kNewer + " " + kId + " " + kOlder + " ");
  ids.clear();
  ASSERT_TRUE(keep().each_scan([&](const ScanRecord& r) { return ids += r.scan_id, false; }));
  EXPECT_EQ(ids, kNewer);
  EXPECT_EQ(str(keep().scan(kId)), str(record()));
}

TEST_F(KeepTest, LastRecordOfAScanCounts) {
  ScanRecord r = record();
  ASSERT_TRUE(keep().put_scan(r));
  r.state = ScanState::failed;
  ASSERT_TRUE(keep().put_scan(r));
  EXPECT_EQ(str(keep().scan(kId)), str(r));
}

TEST_F(KeepTest, ShowsTheOtherScansBesideADamagedRecord) {
  ASSERT_TRUE(keep().put_scan(record(kOlder)));
  ASSERT_TRUE(keep().put_scan(record(kNewer)));
  ASSERT_TRUE(store_->write({{Family::scans, kId, "junk"}}));
  std::string ids;
  auto status = keep().each_scan([&](const ScanRecord& r) { return ids += r.scan_id + " ", true; });
  EXPECT_EQ(ids, kNewer + " " + kOlder + " ");
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().what, "scan " + kId + ": scan record: does not begin as one");
}

TEST_F(KeepTest, TellsUnknownAndMalformedIdsApart) {
  EXPECT_EQ(str(keep().scan(kId)),
            "not_found: scan " + kId + " is not known here; `assay list` shows what is");
  EXPECT_EQ(str(keep().scan("x\n")), "invalid: 'x\\x0a' is no scan id; `assay list` shows them");
  EXPECT_EQ(keep().header(kId).error().what, "scan " + kId + " has no whole trace");
  EXPECT_EQ(keep().report(kId).error().what, "scan " + kId + " has no report");
  EXPECT_EQ(keep().put_chunk("../x", 1, 0, "").error().code, Errc::invalid);
  EXPECT_EQ(keep().put_chunk(kId, 1, 0, std::string(kMaxChunkBytes + 1, 'x')).error().code, Errc::limit);
}

TEST_F(KeepTest, TraceComesBackAfterReopening) {
  put_trace(1, 3, 1);
  reopen();
  EXPECT_EQ(events(), "1:attempt 1 2:attempt 1 3:attempt 1 4:attempt 1 5:attempt 1 6:attempt 1 ");
  EXPECT_EQ(keep().header(kId)->attempt, 1u);
  EXPECT_EQ(keep().footer(kId)->chunks, 3u);
  EXPECT_EQ(str(keep().scan(kId)), str(record()));
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

TEST_F(KeepTest, ReadsOnlyTheKeptAttemptAndDropsEarlierOnes) {
  put_trace(1, 3, 1, false);
  put_trace(255, 1, 255, false);
  put_trace(256, 2, 256);
  EXPECT_EQ(events(), "1:attempt 256 2:attempt 256 3:attempt 256 4:attempt 256 ");
  EXPECT_EQ(chunk_keys(), 2u);
  put_trace(1, 3, 1, false);  // a late agent
  EXPECT_EQ(events(), "1:attempt 256 2:attempt 256 3:attempt 256 4:attempt 256 ");
}

TEST_F(KeepTest, ChunksOfOtherScansStay) {
  ASSERT_TRUE(keep().put_chunk(kOlder, 1, 0, "x"));
  ASSERT_TRUE(keep().put_chunk(kNewer, 1, 0, "x"));
  put_trace(2, 1, 2);
  EXPECT_EQ(chunk_keys(), 3u);
}

TEST_F(KeepTest, SecondCopyOfAChunkReplacesTheFirst) {
  ASSERT_TRUE(keep().put_chunk(kId, 1, 0, "torn"));
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

TEST_F(KeepTest, ReportIsFoundByIdAndByDigest) {
  ASSERT_TRUE(keep().put_report(record(kOlder), "{\"old\":1}"));
  ASSERT_TRUE(keep().put_report(record(kId), std::string(100'000, 'r')));
  ScanRecord other = record(kNewer);
  other.digest = "sha256:" + std::string(64, 'b');
  ASSERT_TRUE(keep().put_report(other, "{}"));
  reopen();
  EXPECT_EQ(*keep().report(kId), std::string(100'000, 'r'));
  EXPECT_EQ(*keep().report(kOlder), "{\"old\":1}");
  EXPECT_EQ(*keep().scans_of(kDigest), (std::vector<std::string>{kId, kOlder}));
  EXPECT_EQ(*keep().scans_of("sha256:" + std::string(64, 'c')), std::vector<std::string>{});
  EXPECT_EQ(keep().scans_of("sha256:").error().code, Errc::invalid);
}

TEST_F(KeepTest, ReportOfAnUnknownDigestIsKeptWithoutIndex) {
  ScanRecord r = record();
  r.digest.clear();
  ASSERT_TRUE(keep().put_report(r, "{}"));
  EXPECT_EQ(*keep().report(kId), "{}");
  r.digest = "no digest";
  EXPECT_EQ(keep().put_report(r, "{}").error().code, Errc::invalid);
}

}  // namespace
}  // namespace assay
