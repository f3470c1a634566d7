// The audit of the farm's simulation finds each kind of broken promise.
#include "tests/farm/audit.h"

#include <gtest/gtest.h>

#include "scheduler/keep.h"
#include "tests/support.h"

namespace assay::farm {
namespace {

constexpr const char* kId = "20261125T031500-00000001";
constexpr const char* kOther = "20261125T031500-00000002";

class AuditTest : public testing::Test {
 protected:
  AuditTest() {
    auto store = Store::open(dir_.path() / "store", Store::Mode::read_write);
    EXPECT_TRUE(store) << store.error().what;
    store_ = std::move(*store);
    slice_.refs = {SimImage{SimImage::Kind::good, "acme", "1"}.ref()};
  }
  void accepted(const std::string& id) {
    ledger_.accepted(slice_, {id}, SimTime() + std::chrono::seconds(1));
  }
  void leased(const std::string& name, uint32_t attempt) {
    SimAgent agent(name, settings_, 1, [](const std::string&) -> Result<Socket> {
      return Error{Errc::unreachable, "no farm here"};
    });
    ledger_.saw(agent, {SimSeen::What::leased, kId, attempt, slice_.refs[0]}, SimTime());
  }
  ScanRecord record(const std::string& id) const {
    ScanRecord out;
    out.scan_id = id;
    out.submission.job.ref = slice_.refs[0];
    out.submission.tenant = "acme";
    out.submission.labels = {{"slice", "1"}};
    return out;
  }
  void commit(StoreBatch batch) {
    auto done = store_->commit({std::move(batch)});
    ASSERT_TRUE(done) << done.error().what;
    ASSERT_TRUE((*done)[0]) << (*done)[0].error().what;
  }
  /// From queued to done by this attempt of this agent, whose trace and report tell of `told`.
  void run_to_done(const std::string& agent, uint32_t attempt, uint32_t told) {
    ScanRecord queued = record(kId), held = queued;
    commit(Keep::submitted(queued));
    held.state = ScanState::leased;
    held.attempt = attempt;
    held.agent = agent;
    commit(Keep::moved(queued, held));
    ChunkWriter writer;
    Event event;
    event.seq = 1;
    event.path = sim_path(kId, told);
    writer.add(event);
    auto chunk = Keep::chunk(held, 0, writer.take());
    ASSERT_TRUE(chunk);
    commit(std::move(*chunk));
    TraceHeader header;
    header.scan_id = kId;
    header.attempt = attempt;
    header.agent_id = agent;
    TraceFooter footer;
    footer.events = footer.chunks = 1;
    ScanRecord shipped = held;
    shipped.state = ScanState::shipped;
    auto whole = Keep::shipped(held, shipped, header, footer);
    ASSERT_TRUE(whole);
    commit(std::move(*whole));
    ScanRecord done = shipped;
    done.state = ScanState::done;
    commit(Keep::reported(shipped, done, "{\"path\":\"" + sim_path(kId, told) + "\"}"));
  }
  std::vector<std::string> broken() {
    store_.reset();
    auto result = audit(dir_.path() / "store", {slice_}, ledger_, {3});
    EXPECT_TRUE(result) << result.error().what;
    return result ? result->first : std::vector<std::string>{"unreadable"};
  }
  bool one_with(const std::vector<std::string>& all, const std::string& text) {
    for (const auto& line : all)
      if (line.find(text) != std::string::npos) return true;
    ADD_FAILURE() << "nothing with '" << text << "' among " << testing::PrintToString(all);
    return false;
  }

  TempDir dir_;
  std::unique_ptr<Store> store_;
  SimSettings settings_;
  Ledger ledger_{{{"acme", 1}}};
  Slice slice_{"1", "acme", "batch", {}};
};

TEST_F(AuditTest, JobDoneByTheAttemptThatHeldItLastIsWhole) {
  accepted(kId);
  leased("a", 1);
  leased("b", 2);
  run_to_done("b", 2, 2);
  EXPECT_EQ(broken(), std::vector<std::string>{});
}

TEST_F(AuditTest, StaleAttemptsReportIsFound) {
  accepted(kId);
  leased("a", 1);
  leased("b", 2);
  run_to_done("a", 1, 1);
  one_with(broken(), "kept attempt 1 of a, held was 2 of b");
}

TEST_F(AuditTest, ReportOfAnotherAttemptThanTheRecordsIsFound) {
  accepted(kId);
  leased("a", 1);
  leased("a", 2);
  run_to_done("a", 2, 1);
  one_with(broken(), "an event of /sim/");
}

TEST_F(AuditTest, LostJobIsFound) {
  accepted(kId);
  one_with(broken(), "accepted, and lost");
}

TEST_F(AuditTest, JobLeftOpenIsFound) {
  accepted(kId);
  commit(Keep::submitted(record(kId)));
  one_with(broken(), "still queued");
}

TEST_F(AuditTest, JobGivenUpTooEarlyIsFound) {
  accepted(kId);
  ScanRecord queued = record(kId), failed = queued;
  commit(Keep::submitted(queued));
  failed.state = ScanState::failed;
  failed.failures = 1;
  failed.error = "its agent fell silent";
  failed.error_code = "timeout";
  commit(Keep::moved(queued, failed));
  one_with(broken(), "given up after 1 failures");
}

TEST_F(AuditTest, HalfOfASliceIsFound) {
  slice_.refs.push_back(slice_.refs[0]);
  accepted(kId);
  leased("a", 1);
  run_to_done("a", 1, 1);
  one_with(broken(), "slice 1: 1 of 2 jobs there");
}

TEST_F(AuditTest, SharedResultOfAnotherImageIsFound) {
  accepted(kId);
  leased("a", 1);
  run_to_done("a", 1, 1);
  ScanRecord other = record(kOther), done = other;
  other.submission.job.ref = done.submission.job.ref = SimImage{SimImage::Kind::good, "acme", "2"}.ref();
  commit(Keep::submitted(other));
  done.state = ScanState::done;
  done.same_as = kId;
  commit(Keep::moved(other, done));
  one_with(broken(), "shares the result of another image");
}

}  // namespace
}  // namespace assay::farm
