// What is taken away, what reading says then, and that nothing dangles after whatever order of it.
#include <gtest/gtest.h>

#include <random>

#include "common/codec.h"
#include "scheduler/keep.h"
#include "scheduler/pruner.h"
#include "tests/store_check.h"
#include "tests/unit/scheduler/keep_samples.h"
#include "tests/unit/scheduler/memory_store.h"

namespace assay {
namespace {

using sample::commit;

constexpr int64_t kDay = 86'400'000'000'000, kStart = 1'795'000'000'000'000'000;

std::string id_of(int number) {
  char text[40];
  std::snprintf(text, sizeof text, "20261125T%06d-%08x", number, static_cast<unsigned>(number));
  return text;
}

class KeepPrune : public testing::Test {
 protected:
  // A scan that ended on that day, with one event, one piece of an archive, a report and traits of its own.
  std::string add(int day, const std::string& verdict = "clean", bool archive = true) {
    ScanRecord r;
    r.scan_id = id_of(++last_);
    r.submission.job.ref = "registry.example/a@sha256:" + std::string(64, 'a');
    r.submission.batch = batch_;
    r.submitted_ns = kStart + day * kDay;
    EXPECT_EQ(commit(store_, Keep::submitted(r)), "ok");
    ScanRecord leased = r;
    leased.state = ScanState::leased;
    leased.attempt = 2;
    leased.agent = "a";
    EXPECT_EQ(commit(store_, Keep::moved(r, leased)), "ok");
    ChunkWriter writer;
    Event event;
    event.seq = 1;
    event.kind = EventKind::start;
    writer.add(event);
    EXPECT_EQ(commit(store_, Keep::chunk(leased, 0, writer.take())), "ok");
    TraceHeader header;
    header.scan_id = r.scan_id;
    header.attempt = 2;
    header.tracer_version = "1";
    header.image.digest = sample::kDigest;
    TraceFooter footer;
    footer.events = footer.chunks = 1;
    if (archive) {
      EXPECT_EQ(commit(store_, Keep::chunk(leased, 1, encode_artifact_piece("PK of " + r.scan_id))), "ok");
      footer.artifact_chunks = 1;
    }
    ScanRecord shipped = leased;
    shipped.state = ScanState::shipped;
    shipped.digest = sample::kDigest;
    shipped.tracer_version = "1";
    EXPECT_EQ(commit(store_, Keep::shipped(leased, shipped, header, footer)), "ok");
    ScanRecord done = shipped;
    done.state = ScanState::done;
    done.verdict = verdict;
    done.finished_ns = kStart + day * kDay;
    done.trace_bytes = 1000;
    done.artifact_bytes = archive ? 100 : 0;
    done.report_bytes = 10;
    Traits traits = {{TraitKind::domain, TraitRole::asked, "pool.example"},
                     {TraitKind::rule, TraitRole::found, "rule of " + r.scan_id}};
    EXPECT_EQ(commit(store_, Keep::reported(shipped, done, R"({"of":")" + r.scan_id + "\"}", traits)), "ok");
    return r.scan_id;
  }
  // One that ended without a trace.
  std::string add_cancelled(int day) {
    ScanRecord r, after;
    r.scan_id = id_of(++last_);
    r.submission.batch = batch_;
    r.submitted_ns = kStart + day * kDay;
    EXPECT_EQ(commit(store_, Keep::submitted(r)), "ok");
    after = r;
    after.state = ScanState::cancelled;
    after.finished_ns = kStart + day * kDay;
    EXPECT_EQ(commit(store_, Keep::moved(r, after)), "ok");
    return r.scan_id;
  }
  std::string add_sharer(int day, const std::string& of) {
    ScanRecord r, after;
    r.scan_id = id_of(++last_);
    r.submission.batch = batch_;
    r.submitted_ns = kStart + day * kDay;
    EXPECT_EQ(commit(store_, Keep::submitted(r)), "ok");
    after = r;
    after.state = ScanState::done;
    after.same_as = of;
    after.digest = sample::kDigest;
    after.verdict = keep_.scan(of)->verdict;
    after.finished_ns = kStart + day * kDay;
    EXPECT_EQ(commit(store_, Keep::moved(r, after)), "ok");
    return r.scan_id;
  }
  ScanRecord keyed(const std::string& key) {
    ScanRecord r;
    r.scan_id = id_of(++last_);
    r.submission.tenant = "team";
    r.submission.once = key;
    return r;
  }
  void take(const std::string& id, int bits) {
    auto what = keep_.prepare_prune(id, static_cast<uint8_t>(bits));
    ASSERT_TRUE(what) << what.error().what;
    EXPECT_EQ(commit(store_, Keep::pruned(*what)), "ok");
  }
  // One run; how many scans it took something of.
  size_t prune(const RetentionPolicy& policy, int day) {
    Pruner pruner(store_, policy, kStart + day * kDay);
    size_t taken = 0;
    while (!pruner.finished()) {
      auto actions = pruner.step();
      if (!actions) {
        ADD_FAILURE() << actions.error().what;
        return 0;
      }
      for (const PruneAction& action : *actions) {
        EXPECT_EQ(commit(store_, action.batch), "ok");
        pruner.committed(action.choice);
        taken += !action.choice.scan_id.empty();
      }
    }
    return taken;
  }
  size_t prune(const std::vector<std::string>& rules, int day) { return prune(*parse_retention(rules), day); }
  std::string events(const std::string& id) {
    Status read = keep_.each_event(id, [](const Event&) {});
    return read ? "read" : sample::str(read.error());
  }
  std::string archive(const std::string& id) {
    std::string all;
    Status read = keep_.artifacts(id, [&](std::string_view piece) { return all += piece, true; });
    return read ? all : sample::str(read.error());
  }
  std::string dangling() {
    std::string out;
    for (const std::string& line : StoreCheck::dangling(store_)) out += line + "\n";
    return out;
  }
  void add_batch(int day) {
    BatchRecord batch;
    batch.batch_id = batch_;
    batch.created_ns = kStart + day * kDay;
    ASSERT_EQ(commit(store_, Keep::batch(batch)), "ok");
  }

  MemoryStore store_;
  Keep keep_{store_};
  std::string batch_ = sample::kBatch;
  int last_ = 0;
};

// Its key goes with the record, and only then: whoever submits it again starts a scan.
TEST_F(KeepPrune, AKeyStaysAsLongAsTheRecordOfItsScan) {
  ScanRecord r = keyed("night/1"), other = keyed("night/1");
  EXPECT_EQ(commit(store_, Keep::submitted(r)), "ok");
  std::string name = std::string("once team") + "\\x00" + "night/1";
  EXPECT_EQ(commit(store_, Keep::submitted(other)), "conflict: " + name + " is there already");
  EXPECT_EQ(commit(store_, Keep::taken_before(other.submission, r.scan_id)), "ok");
  EXPECT_EQ(commit(store_, Keep::taken_before(other.submission, other.scan_id)),
            "conflict: " + name + " holds something else");
  ScanRecord after = r;
  after.state = ScanState::cancelled;
  EXPECT_EQ(commit(store_, Keep::moved(r, after)), "ok");
  take(r.scan_id, kReportPruned);
  EXPECT_EQ(*keep_.once(other.submission), r.scan_id);
  EXPECT_TRUE(StoreCheck::dangling(store_).empty());
  take(r.scan_id, kRecordPruned);
  EXPECT_FALSE(keep_.once(other.submission));
  EXPECT_EQ(commit(store_, Keep::submitted(other)), "ok");
  EXPECT_TRUE(StoreCheck::dangling(store_).empty());
}

TEST_F(KeepPrune, PiecesOfAnArchiveStandInAFamilyOfTheirOwn) {
  std::string id = add(0);
  EXPECT_GT(store_.bytes(Family::artifacts)->disk, 0u);
  EXPECT_EQ(archive(id), "PK of " + id);
  EXPECT_EQ(events(id), "read");
  EXPECT_EQ(*keep_.artifact_bytes(id), encode_artifact_piece("PK of " + id).size());
  EXPECT_EQ(dangling(), "");
}

TEST_F(KeepPrune, TheArchiveGoesAndTheTraceStays) {
  std::string id = add(0);
  take(id, kArtifactsPruned);
  EXPECT_EQ(archive(id), "not_found: the artifacts of scan " + id +
                             " were taken away by retention (its report is still there)");
  EXPECT_EQ(events(id), "read");
  EXPECT_EQ(keep_.scan(id)->pruned, kArtifactsPruned);
  EXPECT_EQ(keep_.scan(id)->artifact_bytes, 0u);
  EXPECT_EQ(keep_.scan(id)->trace_bytes, 1000u);
  EXPECT_EQ(dangling(), "");
}

TEST_F(KeepPrune, TheTraceGoesAndReportAndArchiveStay) {
  std::string id = add(0);
  take(id, kTracePruned);
  EXPECT_EQ(events(id), "not_found: the trace of scan " + id +
                            " was taken away by retention (its report is still there)");
  EXPECT_TRUE(keep_.report(id));
  EXPECT_TRUE(keep_.header(id));
  EXPECT_EQ(archive(id), "PK of " + id);
  EXPECT_EQ(dangling(), "");
}

TEST_F(KeepPrune, AReportTakesItsIndexAndIsUsedForNoEqualJob) {
  std::string id = add(0);
  std::string key = result_key(sample::kDigest, keep_.scan(id)->submission.job, "1");
  ASSERT_EQ(*keep_.result(key), id);
  take(id, kReportPruned);
  EXPECT_FALSE(keep_.result(key));
  std::string gone = "not_found: the report of scan " + id + " was taken away by retention";
  EXPECT_EQ(sample::str(keep_.report(id)), gone);
  EXPECT_EQ(events(id), gone);
  EXPECT_EQ(archive(id), gone);
  EXPECT_EQ(store_.bytes(Family::index)->disk, 0u);
  EXPECT_EQ(keep_.scan(id)->verdict, "clean");
  EXPECT_EQ(dangling(), "");
}

TEST_F(KeepPrune, AnotherScansEntryForEqualJobsStays) {
  std::string older = add(0), newer = add(1);
  take(older, kReportPruned);
  EXPECT_EQ(*keep_.result(result_key(sample::kDigest, keep_.scan(newer)->submission.job, "1")), newer);
  EXPECT_EQ(dangling(), "");
}

TEST_F(KeepPrune, OfARecordThatGoesNothingIsLeft) {
  uint64_t before = *store_.disk_bytes();
  std::string id = add(0);
  take(id, kRecordPruned);
  EXPECT_EQ(*store_.disk_bytes(), before);
  EXPECT_EQ(sample::str(keep_.report(id)),
            "not_found: scan " + id + " is not known here; `assay list` shows what is");
}

TEST_F(KeepPrune, TheArchiveOfAnEarlierVersionIsReadAndTaken) {
  std::string id = add(0);
  // As it was kept before it had a family of its own, and its size was known.
  std::string key = keep_keys::chunk_key(id, 2, 1), piece = *store_.get(Family::artifacts, key);
  ScanRecord old = *keep_.scan(id);
  old.artifact_bytes = old.trace_bytes = old.report_bytes = 0;
  ASSERT_TRUE(store_.write({{Family::artifacts, key, "", true},
                            {Family::chunks, key, piece},
                            {Family::scans, id, encode_scan(old)}}));
  EXPECT_EQ(archive(id), "PK of " + id);
  EXPECT_EQ(prune({"artifacts=1d"}, 2), 1u);
  EXPECT_EQ(archive(id).substr(0, 25), "not_found: the artifacts ");
  EXPECT_EQ(events(id), "read");
  EXPECT_FALSE(store_.get(Family::chunks, key));
}

TEST_F(KeepPrune, WhatChangedMeanwhileIsRefused) {
  std::string id = add(0);
  auto what = keep_.prepare_prune(id, kRecordPruned);
  ASSERT_EQ(commit(store_, keep_.pinned(id, "a case")), "ok");
  EXPECT_EQ(commit(store_, Keep::pruned(*what)), "conflict: scans " + id + " holds something else");
  EXPECT_TRUE(keep_.report(id));
  std::string other = add_cancelled(0);
  what = keep_.prepare_prune(other, kRecordPruned);
  ScanRecord again = *keep_.scan(other);
  again.state = ScanState::queued;
  ASSERT_EQ(commit(store_, Keep::reopened(again)), "ok");
  EXPECT_NE(commit(store_, Keep::pruned(*what)), "ok");
  EXPECT_EQ(dangling(), "");
}

TEST_F(KeepPrune, PinsAreSetAndTakenOff) {
  std::string id = add(0);
  ASSERT_EQ(commit(store_, keep_.pinned(id, "a case")), "ok");
  EXPECT_EQ(keep_.scan(id)->pinned, "a case");
  EXPECT_EQ(prune({"records=1d"}, 99), 0u);
  ASSERT_EQ(commit(store_, keep_.pinned(id, "")), "ok");
  EXPECT_EQ(prune({"records=1d"}, 99), 1u);
  EXPECT_EQ(sample::str(keep_.pinned(id, "x").error()).substr(0, 10), "not_found:");
}

TEST_F(KeepPrune, TakesByAgeAndVerdict) {
  std::string old = add(0), bad = add(0, "malicious"), fresh = add(20);
  EXPECT_EQ(prune({"traces=14d", "traces/malicious=1y"}, 20), 1u);
  EXPECT_EQ(events(old).substr(0, 9), "not_found");
  EXPECT_EQ(events(bad), "read");
  EXPECT_EQ(events(fresh), "read");
  EXPECT_EQ(prune({"traces=14d", "traces/malicious=1y"}, 20), 0u);
}

TEST_F(KeepPrune, WhatIsSharedStaysAsLongAsTheLastWhoSharesIt) {
  std::string owner = add(0), sharer = add_sharer(20, owner);
  EXPECT_EQ(prune({"traces=14d", "reports=14d", "records=30d"}, 31), 0u);
  EXPECT_EQ(events(sharer), "read");
  EXPECT_EQ(prune({"traces=14d", "reports=14d", "records=30d"}, 35), 1u);
  EXPECT_EQ(events(sharer), "not_found: the report of scan " + owner + " was taken away by retention");
  EXPECT_EQ(dangling(), "");
  // The record of whom others name is the last to go.
  EXPECT_EQ(prune({"records=30d"}, 51), 1u);
  EXPECT_FALSE(keep_.scan(sharer));
  EXPECT_TRUE(keep_.scan(owner));
  EXPECT_EQ(prune({"records=30d"}, 51), 1u);
  EXPECT_FALSE(keep_.scan(owner));
  EXPECT_EQ(dangling(), "");
}

TEST_F(KeepPrune, APinOfWhoSharesKeepsTheOwner) {
  std::string owner = add(0), sharer = add_sharer(1, owner);
  ASSERT_EQ(commit(store_, keep_.pinned(sharer, "a case")), "ok");
  EXPECT_EQ(prune({"records=1d"}, 99), 0u);
  EXPECT_EQ(events(sharer), "read");
}

TEST_F(KeepPrune, ABatchGoesWithItsLastScan) {
  add_batch(0);
  add(0);
  EXPECT_EQ(prune({"records=30d"}, 31), 1u);
  EXPECT_TRUE(keep_.batch(batch_));  // seen as empty by the next look
  prune({"records=30d"}, 31);
  EXPECT_FALSE(keep_.batch(batch_));
  EXPECT_EQ(*store_.disk_bytes(), 0u);
}

TEST_F(KeepPrune, ABudgetTakesTheLeastWorthFirstAndNoMoreThanItMust) {
  std::string bad = add(0, "malicious"), pinned = add(0);
  std::vector<std::string> clean;
  for (int i = 0; i < 20; ++i) clean.push_back(add(i));
  ASSERT_EQ(commit(store_, keep_.pinned(pinned, "a case")), "ok");
  RetentionPolicy policy;
  policy.budget_bytes = *store_.disk_bytes() - 1;
  prune(policy, 30);
  EXPECT_LE(*store_.disk_bytes(), policy.budget_bytes);
  EXPECT_GT(*store_.disk_bytes(), policy.budget_bytes * 8 / 10);
  EXPECT_EQ(archive(clean[0]).substr(0, 9), "not_found");
  EXPECT_EQ(events(clean[19]), "read");
  for (const std::string& id : {bad, pinned}) EXPECT_EQ(events(id) + archive(id), "readPK of " + id);
  // Down to what is pinned.
  policy.budget_bytes = 1;
  prune(policy, 30);
  EXPECT_FALSE(keep_.scan(bad));
  EXPECT_EQ(events(pinned), "read");
  EXPECT_EQ(archive(pinned), "PK of " + pinned);
  EXPECT_EQ(dangling(), "");
}

TEST_F(KeepPrune, ALookIsBoundedAndSaysSo) {
  for (int i = 0; i < 5; ++i) add(0);
  auto plan = plan_prune(store_, *parse_retention({"traces=1d"}), kStart + 9 * kDay, 3);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->choices.size(), 3u);
  EXPECT_TRUE(plan->more);
}

// Property: whatever is taken in whatever order, among scans that come, share, are pinned and run again,
// every family agrees with the others.
TEST_F(KeepPrune, NothingDanglesAfterAnySequence) {
  std::mt19937 random(7);
  auto any = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  add_batch(0);
  const char* verdicts[] = {"clean", "clean", "inconclusive", "suspicious", "malicious"};
  std::vector<std::string> owners, all;
  for (int step = 0; step < 400; ++step) {
    switch (any(6)) {
      case 0:
        owners.push_back(add(step / 10, verdicts[any(5)], any(2) == 0));
        all.push_back(owners.back());
        break;
      case 1:
        all.push_back(add_cancelled(step / 10));
        break;
      case 2:
        if (owners.empty()) break;
        if (auto owner = keep_.scan(owners[random() % owners.size()]);
            owner && !(owner->pruned & kReportPruned))
          all.push_back(add_sharer(step / 10, owner->scan_id));
        break;
      case 3:
        if (!all.empty()) {
          auto batch = keep_.pinned(all[random() % all.size()], any(4) == 0 ? "a case" : "");
          if (batch) {
            EXPECT_EQ(commit(store_, batch), "ok");
          }
        }
        break;
      case 4: {
        const char* kinds[] = {"artifacts", "traces", "reports", "records"};
        prune({std::string(kinds[any(4)]) + "=" + std::to_string(any(20)) + "d"}, step / 10);
        break;
      }
      case 5: {
        RetentionPolicy policy;
        policy.budget_bytes = *store_.disk_bytes() * static_cast<uint64_t>(60 + any(50)) / 100 + 1;
        prune(policy, step / 10);
        break;
      }
    }
    ASSERT_EQ(dangling(), "") << "after step " << step;
  }
  EXPECT_GT(all.size(), 100u);
}

}  // namespace
}  // namespace assay
