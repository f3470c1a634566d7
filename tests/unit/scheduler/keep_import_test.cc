// A trace as a file out of one store and into another: the same scan there; what is wrong writes nothing;
// what was cut short is not seen and in nobody's way.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "common/codec.h"
#include "common/fd.h"
#include "scheduler/keep_keys.h"
#include "scheduler/trace_export.h"
#include "scheduler/trace_import.h"
#include "tests/support.h"
#include "tests/unit/scheduler/keep_samples.h"
#include "tests/unit/scheduler/memory_store.h"

namespace assay {
namespace {

using sample::kDigest;
using sample::kId;
using sample::kNewer;

constexpr int64_t kNow = 1'800'000'000'000'000'000;

std::string chunk_of(uint64_t first, uint64_t count) {
  ChunkWriter writer;
  for (uint64_t i = 0; i < count; ++i) {
    Event event;
    event.seq = first + i;
    event.kind = EventKind::exec;
    event.path = "/tmp/.x";
    event.argv = {"/tmp/.x", "--proof"};
    writer.add(event);
  }
  return writer.take();
}

RuleSet rules(const std::string& path = "/tmp/.x") {
  auto made = RuleSet::compile({{"r.yml",
                                 "title: hidden\nid: 5d1fd2e4-9f1c-4e0c-8a52-3f2f7b3f7f11\nlevel: critical\n"
                                 "logsource: {category: process_creation, product: linux}\n"
                                 "detection: {x: {Image: " +
                                     path + "}, condition: x}\n"}});
  EXPECT_TRUE(made) << made.error().what;
  return std::move(*made);
}

TraceHeader header() {
  TraceHeader out = sample::header();
  out.scan_id = kId;
  out.attempt = 2;
  out.image.digest = kDigest;
  return out;
}

TraceFooter footer() {
  TraceFooter out;
  out.events = 3;
  out.chunks = 2;
  out.artifact_chunks = 2;
  out.artifacts = {{"/tmp/y", "0001_y", std::string(64, 'a'), 6}};
  return out;
}

/// A file, part by part, so that each can be made wrong.
struct Parts {
  std::string scan_id = kId;
  TraceHeader header = assay::header();
  TraceFooter footer = assay::footer();
  std::vector<std::string> chunks = {chunk_of(1, 2), chunk_of(3, 1)};
  std::vector<std::string> pieces = {"PK", "more"};
  std::string report;

  std::string bytes() const {
    std::string out;
    TraceFileWriter writer([&](std::string_view bytes) { return out += bytes, Status(); });
    EXPECT_TRUE(writer.begin(header.scan_id, encode_header(header)));
    uint64_t events = 0;
    for (const std::string& chunk : chunks) {
      events += decode_chunk(chunk)->size();
      EXPECT_TRUE(writer.add(TraceRecord::chunk, chunk));
    }
    EXPECT_TRUE(writer.add(TraceRecord::footer, encode_footer(footer)));
    for (const std::string& piece : pieces)
      EXPECT_TRUE(writer.add(TraceRecord::piece, encode_artifact_piece(piece)));
    if (!report.empty()) {
      EXPECT_TRUE(writer.add(TraceRecord::report, report));
    }
    EXPECT_TRUE(writer.finish(events));
    return out;
  }
};

class KeepImport : public testing::Test {
 protected:
  std::string file(const std::string& bytes, const std::string& name = "x.trace") {
    std::string path = dir_.path() / name;
    EXPECT_TRUE(write_file(path, bytes));
    return path;
  }
  Result<ImportedTrace> import(const std::string& bytes) {
    return import_trace(store_, file(bytes), rules_, kNow);
  }
  std::string refused(const std::string& bytes) {
    auto done = import(bytes);
    return done ? "imported" : std::string(to_string(done.error().code)) + ": " + done.error().what;
  }
  Result<std::string> exported(const Keep& keep, bool artifacts = true) {
    ASSAY_TRY(KeptTrace trace, keep.kept_trace(kId));
    std::string out;
    ASSAY_CHECK(
        export_trace(keep, trace, artifacts, [&](std::string_view bytes) { return out += bytes, Status(); }));
    return out;
  }
  /// Every key of the store, by family.
  std::string keys() const {
    std::string out;
    for (size_t i = 0; i < kFamilies; ++i) {
      size_t count = 0;
      EXPECT_TRUE(store_.scan(static_cast<Family>(i), "", false, [&](auto, auto) { return ++count, true; }));
      if (count > 0)
        out += std::string(to_string(static_cast<Family>(i))) + " " + std::to_string(count) + "\n";
    }
    return out;
  }

  TempDir dir_;
  MemoryStore store_;
  RuleSet rules_ = rules();
};

TEST_F(KeepImport, GivesAScanAsAnyOther) {
  auto done = import(Parts().bytes());
  ASSERT_TRUE(done) << done.error().what;
  EXPECT_EQ(done->scan_id, kId);
  EXPECT_EQ(done->verdict, "malicious");
  EXPECT_FALSE(done->present);
  EXPECT_EQ(done->told, "");
  Keep keep(store_);
  auto record = keep.scan(kId);
  ASSERT_TRUE(record);
  EXPECT_EQ(to_string(record->state), std::string("done"));
  EXPECT_EQ(record->verdict, "malicious");
  EXPECT_EQ(record->attempt, 2u);
  EXPECT_EQ(record->digest, kDigest);
  EXPECT_EQ(record->submission.job.ref, sample::job().ref);
  EXPECT_EQ(record->submission.job.auth_file, "");
  ASSERT_EQ(record->submission.labels.size(), 1u);
  EXPECT_EQ(record->submission.labels[0].first, "imported");
  EXPECT_EQ(record->submitted_ns, sample::header().start_time_ns);
  EXPECT_EQ(record->finished_ns, kNow);
  EXPECT_EQ(record->tracer_version, "0.1.0");
  EXPECT_EQ(record->rules_version, rules_.version());
  EXPECT_EQ(record->trace_bytes, chunk_of(1, 2).size() + chunk_of(3, 1).size());
  EXPECT_GT(record->artifact_bytes, 0u);
  EXPECT_EQ(record->pruned, 0);
  auto report = keep.report(kId);
  ASSERT_TRUE(report);
  EXPECT_EQ(record->report_bytes, report->size());
  EXPECT_EQ(nlohmann::json::parse(*report)["verdict"], "malicious");
  uint64_t events = 0;
  EXPECT_TRUE(keep.each_event(kId, [&](const Event&) { ++events; }));
  EXPECT_EQ(events, 3u);
  std::string archive;
  EXPECT_TRUE(keep.artifacts(kId, [&](std::string_view piece) { return archive += piece, true; }));
  EXPECT_EQ(archive, "PKmore");
  EXPECT_FALSE(keep.traits(kId)->empty());
  EXPECT_EQ(*keep.scans_of(kDigest), std::vector<std::string>{kId});
}

TEST_F(KeepImport, IsNeverAResultToUseAgain) {
  ASSERT_TRUE(import(Parts().bytes()));
  EXPECT_EQ(keys().find("results"), std::string::npos) << keys();
  EXPECT_EQ(keys().find("open"), std::string::npos) << keys();
}

TEST_F(KeepImport, ComesOutAsItWentIn) {
  Parts parts;
  std::string bytes = parts.bytes();
  ASSERT_TRUE(import(bytes));
  Keep keep(store_);
  parts.report = *keep.report(kId);
  auto out = exported(keep);
  ASSERT_TRUE(out) << out.error().what;
  EXPECT_TRUE(*out == parts.bytes());
  parts.pieces.clear();
  EXPECT_TRUE(*exported(keep, false) == parts.bytes());
}

TEST_F(KeepImport, TheVerySameIsHereAlreadyAndAnotherIsAConflict) {
  Parts parts;
  ASSERT_TRUE(import(parts.bytes()));
  std::string before = keys();
  auto again = import(parts.bytes());
  ASSERT_TRUE(again) << again.error().what;
  EXPECT_TRUE(again->present);
  EXPECT_EQ(again->verdict, "malicious");
  // With its report, or without its artifacts, it is the same trace.
  parts.report = *Keep(store_).report(kId);
  parts.pieces.clear();
  EXPECT_TRUE(import(parts.bytes())->present);
  parts.chunks[1] = chunk_of(4, 1);
  EXPECT_EQ(refused(parts.bytes()), "conflict: " + (dir_.path() / "x.trace").string() + ": a scan " + kId +
                                        " is here already, and it is another one: nothing was imported");
  parts.chunks[1] = chunk_of(3, 1);
  parts.header.kernel = "another";
  EXPECT_TRUE(refused(parts.bytes()).starts_with("conflict: "));
  EXPECT_EQ(keys(), before);
}

TEST_F(KeepImport, AScanUnderWayIsNotOverwritten) {
  ScanRecord queued;
  queued.scan_id = kId;
  ASSERT_EQ(sample::commit(store_, Keep::submitted(queued)), "ok");
  std::string before = keys();
  EXPECT_TRUE(refused(Parts().bytes()).starts_with("conflict: "));
  EXPECT_EQ(keys(), before);
}

TEST_F(KeepImport, WhatDoesNotAddUpWritesNothing) {
  auto wrong = [&](const std::function<void(Parts&)>& change) {
    Parts parts;
    change(parts);
    std::string said = refused(parts.bytes());
    EXPECT_EQ(keys(), "") << said;
    return said;
  };
  EXPECT_NE(wrong([](Parts& p) { p.header.scan_id = "../../etc/passwd"; }).find("which is no scan id"),
            std::string::npos);
  EXPECT_NE(wrong([](Parts& p) { p.header.attempt = 0; }).find("attempt 0 cannot be"), std::string::npos);
  EXPECT_NE(wrong([](Parts& p) { p.header.attempt = UINT32_MAX; }).find("cannot be"), std::string::npos);
  EXPECT_NE(wrong([](Parts& p) { p.footer.events = 4; }).find("holds 3 events; its footer says 4"),
            std::string::npos);
  EXPECT_NE(wrong([](Parts& p) { p.footer.chunks = 3; }).find("holds 2 chunks; its footer says 3"),
            std::string::npos);
  EXPECT_NE(
      wrong([](Parts& p) { p.pieces.pop_back(); }).find("holds 1 pieces of artifacts; its footer says 2"),
      std::string::npos);
  std::string bytes = Parts().bytes();
  EXPECT_TRUE(refused(bytes.substr(0, bytes.size() / 2)).starts_with("corrupt: "));
  EXPECT_EQ(keys(), "");
}

TEST_F(KeepImport, WithoutItsArtifactsItSaysThatTheyAreGone) {
  Parts parts;
  parts.pieces.clear();
  ASSERT_TRUE(import(parts.bytes()));
  Keep keep(store_);
  EXPECT_EQ(keep.scan(kId)->pruned, kArtifactsPruned);
  EXPECT_TRUE(keep.each_event(kId, [](const Event&) {}));
  EXPECT_TRUE(*exported(keep) == [&] {
    parts.report = *keep.report(kId);
    return parts.bytes();
  }());
}

TEST_F(KeepImport, TheVerdictIsOursAndTheFilesIsOnlyTold) {
  Report clean;
  clean.header = header();
  clean.verdict = Verdict::clean;
  Parts parts;
  parts.report = report_json(clean);
  auto done = import(parts.bytes());
  ASSERT_TRUE(done) << done.error().what;
  EXPECT_EQ(done->verdict, "malicious");
  EXPECT_EQ(done->told, "clean");
  EXPECT_EQ(Keep(store_).scan(kId)->verdict, "malicious");
  MemoryStore other;
  parts.report = "[no report";
  EXPECT_EQ(import_trace(other, file(parts.bytes()), rules_, kNow)->told, "");
}

TEST_F(KeepImport, AFullDiskLeavesNothingThatIsSeen) {
  store_.full = true;
  EXPECT_TRUE(refused(Parts().bytes()).starts_with("no_space: "));
  store_.full = false;
  EXPECT_EQ(keys(), "");
}

TEST_F(KeepImport, WhatAnImportThatDiedHasLeftIsNotSeenAndGoes) {
  ScanRecord record;
  record.scan_id = kId;
  record.attempt = 1;
  for (uint32_t i = 0; i < 9; ++i)
    ASSERT_EQ(sample::commit(store_, Keep::import_chunk(record, i, chunk_of(i, 1))), "ok");
  record.scan_id = kNewer;
  ASSERT_EQ(sample::commit(store_, Keep::import_chunk(record, 0, chunk_of(1, 1))), "ok");
  EXPECT_EQ(Keep(store_).scan(kId).error().code, Errc::not_found);
  ASSERT_TRUE(import(Parts().bytes()));
  EXPECT_TRUE(Keep(store_).each_event(kId, [](const Event&) {}));
  size_t chunks = 0;
  EXPECT_TRUE(store_.scan(Family::chunks, "", false, [&](auto, auto) { return ++chunks, true; }));
  EXPECT_EQ(chunks, 3u);  // its two, and the other scan's
}

TEST_F(KeepImport, FilesOfEarlyReleasesAreTakenAsTheyAre) {
  auto record = [](char type, const std::string& body) {
    std::string out(1, type);
    for (unsigned shift = 0; shift < 32; shift += 8) out += static_cast<char>(body.size() >> shift & 0xff);
    return out + body;
  };
  TraceFooter counted = footer();  // of its chunks before they were packed anew
  counted.chunks = 9;
  std::string bytes = std::string("ASSAYTR\x01", 8) + record('H', encode_header(header())) +
                      record('C', chunk_of(1, 3)) + record('F', encode_footer(counted));
  ASSERT_EQ(refused(bytes), "imported");
  EXPECT_TRUE(Keep(store_).each_event(kId, [](const Event&) {}));
  EXPECT_EQ(Keep(store_).footer(kId)->chunks, 1u);
  EXPECT_TRUE(import(bytes)->present);
}

TEST_F(KeepImport, DamageInTheStoreEndsAnExport) {
  ASSERT_TRUE(import(Parts().bytes()));
  Keep keep(store_);
  std::string key = keep_keys::chunk_key(kId, 2, 1);
  ASSERT_TRUE(store_.write({{Family::chunks, key, chunk_of(3, 2)}}));
  EXPECT_NE(exported(keep).error().what.find("holds 4 events; its footer says 3"), std::string::npos);
  ASSERT_TRUE(store_.write({{Family::chunks, key, "junk"}}));
  EXPECT_EQ(exported(keep).error().code, Errc::corrupt);
  ASSERT_TRUE(store_.write({{Family::chunks, key, "", true}}));
  EXPECT_EQ(exported(keep).error().what, "scan " + kId + ": chunk 1 is missing");
}

TEST_F(KeepImport, ATraceThatIsKeptNoMoreCannotBeExported) {
  ASSERT_TRUE(import(Parts().bytes()));
  Keep keep(store_);
  ScanRecord record = *keep.scan(kId), pruned = record;
  pruned.pruned = kTracePruned;
  ASSERT_EQ(sample::commit(store_, Keep::rescored(record, pruned, "{}", {}, {})), "ok");
  EXPECT_EQ(exported(keep).error().what, "the trace of scan " + kId + " is kept no more");
}

}  // namespace
}  // namespace assay
