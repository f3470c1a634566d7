// Changes of scans and batches: what each writes, and that only who holds a scan can move it.
#include <gtest/gtest.h>

#include <set>

#include "common/codec.h"
#include "tests/unit/scheduler/keep_samples.h"
#include "tests/unit/scheduler/memory_store.h"

namespace assay {
namespace {

using namespace sample;

constexpr char kElsewhere[] = "conflict: open 20261125T031500-1f8a3c9e holds something else";
constexpr char kNotOpen[] = "conflict: open 20261125T031500-1f8a3c9e is not there";

ScanRecord fresh(const std::string& id = kId) {
  ScanRecord r;
  r.scan_id = id;
  r.submission = submission();
  return r;
}

ScanRecord with(ScanRecord r, ScanState state, uint32_t attempt = 1, const std::string& agent = "agent-1") {
  r.state = state;
  r.attempt = attempt;
  r.agent = agent;
  return r;
}

ScanRecord named(ScanRecord r, const std::string& digest = kDigest, const std::string& tracer = "0.1.0") {
  r.digest = digest;
  r.tracer_version = tracer;
  return r;
}

TraceHeader header(uint32_t attempt = 1) {
  TraceHeader h = sample::header();
  h.scan_id = kId;
  h.attempt = attempt;
  h.image.digest = kDigest;
  return h;
}

class KeepChange : public testing::Test {
 protected:
  std::string commit(const StoreBatch& batch) { return sample::commit(store_, batch); }
  std::string commit(const Result<StoreBatch>& batch) { return sample::commit(store_, batch); }
  /// Keys of a family, binary ones by their length.
  std::string keys(Family family) {
    std::string out;
    EXPECT_TRUE(store_.scan(family, "", false, [&](std::string_view key, std::string_view) {
      return out += std::string(key) + " ", true;
    }));
    return out;
  }
  size_t chunks() { return keys(Family::chunks).size() / (kId.size() + 9); }
  std::string opened() {
    std::string out;
    auto all = keep_.each_open([&](ScanRecord r) {
      out += r.scan_id + ":" + to_string(r.state) + "/" + std::to_string(r.attempt) + "/" + r.agent + " ";
    });
    EXPECT_TRUE(all) << all.error().what;
    if (all->unreadable > 0) out += std::to_string(all->unreadable) + " unreadable: " + all->first_error;
    return out;
  }

  MemoryStore store_;
  Keep keep_{store_};
};

TEST_F(KeepChange, ScanComesIntoBeingOnceAndInItsBatch) {
  EXPECT_EQ(commit(Keep::submitted(fresh())), "ok");
  EXPECT_EQ(commit(Keep::submitted(fresh())), "conflict: scans " + kId + " is there already");
  EXPECT_EQ(str(keep_.scan(kId)), str(fresh()));
  EXPECT_EQ(opened(), kId + ":queued/0/ ");
  EXPECT_EQ(keys(Family::members), kBatch + kId + " ");
  ScanRecord alone = fresh(kNewer);
  alone.submission.batch.clear();
  EXPECT_EQ(commit(Keep::submitted(alone)), "ok");
  EXPECT_EQ(keys(Family::members), kBatch + kId + " ");
}

TEST_F(KeepChange, OnlyFromTheStateAttemptAndAgentThatAreTrue) {
  ASSERT_EQ(commit(Keep::submitted(fresh())), "ok");
  ScanRecord leased = with(fresh(), ScanState::leased);
  ASSERT_EQ(commit(Keep::moved(fresh(), leased)), "ok");
  EXPECT_EQ(opened(), kId + ":leased/1/agent-1 ");
  ScanRecord next = with(fresh(), ScanState::queued);
  EXPECT_EQ(commit(Keep::moved(fresh(), next)), kElsewhere) << "state";
  EXPECT_EQ(commit(Keep::moved(with(leased, ScanState::leased, 2), next)), kElsewhere) << "attempt";
  EXPECT_EQ(commit(Keep::moved(with(leased, ScanState::leased, 1, "agent-2"), next)), kElsewhere) << "agent";
  EXPECT_EQ(commit(Keep::moved(with(leased, ScanState::leased, 1, ""), next)), kElsewhere) << "no agent";
  EXPECT_EQ(str(keep_.scan(kId)), str(leased));
  EXPECT_EQ(commit(Keep::moved(leased, next)), "ok");
  EXPECT_EQ(opened(), kId + ":queued/1/agent-1 ");
}

TEST_F(KeepChange, EndedScanIsNotOpenAndMovesNoMore) {
  for (ScanState end : {ScanState::done, ScanState::failed, ScanState::cancelled}) {
    MemoryStore store;
    ASSERT_EQ(sample::commit(store, Keep::submitted(fresh())), "ok");
    ASSERT_EQ(sample::commit(store, Keep::moved(fresh(), with(fresh(), end))), "ok");
    EXPECT_EQ(store.get(Family::open, kId).error().code, Errc::not_found);
    EXPECT_EQ(sample::commit(store, Keep::moved(fresh(), with(fresh(), ScanState::leased))), kNotOpen);
    EXPECT_EQ(Keep(store).scan(kId)->state, end);
  }
}

TEST_F(KeepChange, AgentNameThatTheRecordCutsStillIsTheFenceAfterARestart) {
  std::string name(100, 'n');
  ASSERT_EQ(commit(Keep::submitted(fresh())), "ok");
  ASSERT_EQ(commit(Keep::moved(fresh(), with(fresh(), ScanState::leased, 1, name))), "ok");
  ScanRecord read = *keep_.scan(kId);
  EXPECT_LT(read.agent.size(), name.size());
  EXPECT_EQ(commit(Keep::moved(read, with(read, ScanState::queued))), "ok");
}

TEST_F(KeepChange, ChunkIsTakenFromWhoHoldsTheLeaseOnly) {
  ASSERT_EQ(commit(Keep::submitted(fresh())), "ok");
  ScanRecord leased = with(fresh(), ScanState::leased, 2);
  EXPECT_EQ(commit(Keep::chunk(leased, 0, "x")), kElsewhere) << "not leased yet";
  ASSERT_EQ(commit(Keep::moved(fresh(), leased)), "ok");
  EXPECT_EQ(commit(Keep::chunk(leased, 0, "x")), "ok");
  EXPECT_EQ(commit(Keep::chunk(leased, 0, "again")), "ok");
  EXPECT_EQ(commit(Keep::chunk(with(leased, ScanState::leased, 1), 1, "x")), kElsewhere);
  EXPECT_EQ(commit(Keep::chunk(with(leased, ScanState::leased, 2, "agent-2"), 1, "x")), kElsewhere);
  EXPECT_EQ(chunks(), 1u);
  ScanRecord shipped = named(with(leased, ScanState::shipped, 2));
  ASSERT_EQ(commit(Keep::shipped(leased, shipped, header(2), {})), "ok");
  EXPECT_EQ(commit(Keep::chunk(shipped, 1, "late")), kElsewhere);
  EXPECT_EQ(commit(Keep::chunk(fresh("../x"), 0, "")),
            "invalid: '../x' is no scan id; `assay list` shows them");
  EXPECT_EQ(commit(Keep::chunk(leased, 1, std::string(kMaxChunkBytes + 1, 'x'))),
            "limit: a chunk of 1048577 bytes");
}

TEST_F(KeepChange, StagedInOneGroupEachSeesTheOneBefore) {
  ScanRecord leased = with(fresh(), ScanState::leased);
  auto done =
      store_.commit({Keep::submitted(fresh()), Keep::moved(fresh(), leased), *Keep::chunk(leased, 0, "x"),
                     Keep::moved(fresh(), leased), Keep::moved(leased, with(leased, ScanState::failed))});
  std::string outcome;
  for (const Status& status : *done) outcome += status ? "ok " : str(status.error()) + " ";
  EXPECT_EQ(outcome, std::string("ok ok ok ") + kElsewhere + " ok ");
}

TEST_F(KeepChange, HeaderOfAnotherTraceIsRefused) {
  ScanRecord leased = with(fresh(), ScanState::leased), after = named(with(leased, ScanState::shipped));
  auto refusal = [&](auto&& spoil) {
    TraceHeader h = header();
    spoil(h);
    return commit(Keep::shipped(leased, after, h, {}));
  };
  std::string of = "invalid: the header of scan " + kId + " is of ";
  EXPECT_EQ(refusal([](TraceHeader& h) { h.attempt = 2; }), of + "scan " + kId + ", attempt 2");
  EXPECT_EQ(refusal([](TraceHeader& h) { h.scan_id = "x\n"; }), of + "scan x\\x0a, attempt 1");
  EXPECT_EQ(refusal([](TraceHeader& h) { h.image.digest = "other"; }), of + "image other");
  EXPECT_EQ(refusal([](TraceHeader& h) { h.tracer_version = "9"; }), of + "tracer version 9");
  EXPECT_EQ(refusal([](TraceHeader&) {}), kNotOpen);
}

TEST_F(KeepChange, WholeTraceTakesAwayEarlierAttemptsAndOnlyThisScans) {
  for (const auto& id : {kOlder, kNewer}) {
    ASSERT_EQ(commit(Keep::submitted(fresh(id))), "ok");
    ASSERT_EQ(commit(Keep::moved(fresh(id), with(fresh(id), ScanState::leased))), "ok");
    ASSERT_EQ(commit(Keep::chunk(with(fresh(id), ScanState::leased), 0, "x")), "ok");
  }
  ASSERT_EQ(commit(Keep::submitted(fresh())), "ok");
  ScanRecord now = fresh();
  for (uint32_t attempt : {1u, 255u, 256u}) {
    ScanRecord leased = with(fresh(), ScanState::leased, attempt);
    ASSERT_EQ(commit(Keep::moved(now, leased)), "ok");
    ASSERT_EQ(commit(Keep::chunk(leased, 0, "x")), "ok");
    ASSERT_EQ(commit(Keep::chunk(leased, 1, "x")), "ok");
    now = leased;
  }
  EXPECT_EQ(chunks(), 8u);
  ASSERT_EQ(commit(Keep::shipped(now, named(with(now, ScanState::shipped, 256)), header(256), {})), "ok");
  EXPECT_EQ(chunks(), 4u);
}

TEST_F(KeepChange, DoneWithAReportIsFoundByDigestAndAsAResult) {
  ScanRecord shipped = named(with(fresh(), ScanState::shipped)), done = named(with(fresh(), ScanState::done));
  ASSERT_EQ(commit(Keep::submitted(shipped)), "ok");
  EXPECT_EQ(keep_.result(result_key(kDigest, shipped.submission.job, "0.1.0")).error().code, Errc::not_found);
  ASSERT_EQ(commit(Keep::reported(shipped, done, "{}")), "ok");
  EXPECT_EQ(*keep_.scans_of(kDigest), std::vector<std::string>{kId});
  EXPECT_EQ(*keep_.result(result_key(kDigest, shipped.submission.job, "0.1.0")), kId);
  EXPECT_EQ(*keep_.report(kId), "{}");
}

TEST_F(KeepChange, NewestResultOfAKeyCounts) {
  for (const auto& id : {kNewer, kOlder}) {
    ScanRecord shipped = named(with(fresh(id), ScanState::shipped));
    ASSERT_EQ(commit(Keep::submitted(shipped)), "ok");
    ASSERT_EQ(commit(Keep::reported(shipped, with(shipped, ScanState::done), "{}")), "ok");
  }
  EXPECT_EQ(*keep_.result(result_key(kDigest, submission().job, "0.1.0")), kOlder) << "it came last";
}

TEST_F(KeepChange, SharedResultIsNoResultOfItsOwn) {
  ScanRecord shared = named(with(fresh(), ScanState::done));
  shared.same_as = kOlder;
  ASSERT_EQ(commit(Keep::submitted(fresh())), "ok");
  ASSERT_EQ(commit(Keep::moved(fresh(), shared)), "ok");
  EXPECT_EQ(keys(Family::results), "");
  EXPECT_EQ(*keep_.scans_of(kDigest), std::vector<std::string>{kId});
}

TEST_F(KeepChange, WhatIsNoDigestOrHasNoTracerIsKeptWithoutIndex) {
  ScanRecord shipped = with(fresh(), ScanState::shipped);
  ASSERT_EQ(commit(Keep::submitted(shipped)), "ok");
  ASSERT_EQ(commit(Keep::reported(shipped, named(with(fresh(), ScanState::done), "no digest"), "{}")), "ok");
  EXPECT_EQ(keys(Family::digests) + keys(Family::results), "");
  EXPECT_EQ(*keep_.report(kId), "{}");
  ScanRecord other = with(fresh(kNewer), ScanState::shipped);
  ASSERT_EQ(commit(Keep::submitted(other)), "ok");
  ASSERT_EQ(commit(Keep::reported(other, named(with(other, ScanState::done), kDigest, ""), "{}")), "ok");
  EXPECT_EQ(keys(Family::results), "");
  EXPECT_EQ(keys(Family::digests), kDigest + "/" + kNewer + " ");
}

TEST_F(KeepChange, EndedScanIsQueuedAgainAndKeepsItsTraceUntilTheNextIsWhole) {
  ScanRecord leased = with(fresh(), ScanState::leased);
  ScanRecord shipped = named(with(leased, ScanState::shipped)), done = with(shipped, ScanState::done);
  ASSERT_EQ(commit(Keep::submitted(fresh())), "ok");
  ScanRecord again = with(fresh(), ScanState::queued);
  EXPECT_EQ(commit(Keep::reopened(again)), "conflict: open " + kId + " is there already");
  ASSERT_EQ(commit(Keep::moved(fresh(), leased)), "ok");
  ASSERT_EQ(commit(Keep::chunk(leased, 0, "old")), "ok");
  ASSERT_EQ(commit(Keep::shipped(leased, shipped, header(), {})), "ok");
  ASSERT_EQ(commit(Keep::reported(shipped, done, "{\"old\":1}")), "ok");

  ASSERT_EQ(commit(Keep::reopened(again)), "ok");
  EXPECT_EQ(opened(), kId + ":queued/1/agent-1 ");
  EXPECT_EQ(*keep_.report(kId), "{\"old\":1}");
  EXPECT_EQ(keep_.header(kId)->attempt, 1u);
  ScanRecord second = with(fresh(), ScanState::leased, 2);
  ASSERT_EQ(commit(Keep::moved(again, second)), "ok");
  EXPECT_EQ(commit(Keep::chunk(leased, 1, "late")), kElsewhere) << "the attempt before it ended";
  ASSERT_EQ(commit(Keep::chunk(second, 0, "new")), "ok");
  EXPECT_EQ(chunks(), 2u);
  ASSERT_EQ(commit(Keep::shipped(second, named(with(second, ScanState::shipped, 2)), header(2), {})), "ok");
  EXPECT_EQ(chunks(), 1u);
  EXPECT_EQ(keep_.header(kId)->attempt, 2u);
  EXPECT_EQ(str(keep_.report(kId)), "not_found: scan " + kId + " has no report") << "it was the old trace's";
}

TEST_F(KeepChange, BatchComesIntoBeingOnce) {
  BatchRecord batch{kBatch, "nightly", "tenant-1", {{"a", "b"}}, -5, "[\"nginx\"]"};
  EXPECT_EQ(commit(Keep::batch(batch)), "ok");
  EXPECT_EQ(commit(Keep::batch(batch)), "conflict: batches " + kBatch + " is there already");
  EXPECT_EQ(str(keep_.batch(kBatch)), str(batch));
  batch.batch_id = kNewer;
  batch.manifest.assign(kMaxManifestBytes, 'm');
  ASSERT_EQ(commit(Keep::batch(batch)), "ok");
  EXPECT_TRUE(keep_.batch(kNewer)->manifest == batch.manifest);
}

TEST(ResultKey, TellsApartWhatMakesAnotherResult) {
  Job job = sample::job();
  EXPECT_EQ(result_key(kDigest, job, "0.1.0"),
            kDigest + "/none/12345+54321ms/1500/2147483648/cloud-still/0.1.0");
  std::vector<std::string> keys = {result_key(kDigest, job, "0.1.0"), result_key("sha256:b", job, "0.1.0"),
                                   result_key(kDigest, job, "0.2.0")};
  auto with_job = [&](auto&& change) {
    Job other = job;
    change(other);
    keys.push_back(result_key(kDigest, other, "0.1.0"));
  };
  with_job([](Job& j) { j.duration += std::chrono::milliseconds(1); });
  with_job([](Job& j) { j.network = NetworkMode::sinkhole; });
  with_job([](Job& j) { j.cpu_millis = 1; });
  with_job([](Job& j) { j.memory_bytes = 1; });
  with_job([](Job& j) { j.persona = Persona::ci; });
  with_job([](Job& j) { j.provoke = true; });
  with_job([](Job& j) { j.extension += std::chrono::milliseconds(1); });
  EXPECT_EQ(std::set<std::string>(keys.begin(), keys.end()).size(), keys.size());
  Job elsewhere = job;
  elsewhere.ref = "mirror.io/app@" + kDigest;
  elsewhere.insecure = false;
  elsewhere.auth_file = "other";
  elsewhere.platform = "linux/amd64";  // a manifest is one platform's, asked for or not
  EXPECT_EQ(result_key(kDigest, elsewhere, "0.1.0"), keys[0]) << "where it is pulled from does not matter";
  EXPECT_EQ(result_key("x\n", job, std::string(1000, '\xff')).find('\n'), std::string::npos);
}

}  // namespace
}  // namespace assay
