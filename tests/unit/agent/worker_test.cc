// A worker ends when it is told to, whatever its scan waits for, and waits for no scheduler.
#include "agent/worker.h"

#include <gtest/gtest.h>

#include <optional>

#include "tests/unit/agent/test_image.h"

namespace assay {
namespace {

using std::chrono::seconds;

const AttemptKey kKey{"20261125T031500-1f8a3c9e", 1};

class WorkerTest : public testing::Test {
 protected:
  Worker start(const ScanLimits& limits = {}) {
    ScanPlace place{dir_.path() / "data", dir_.path() / "run", "worker-test", "agent"};
    auto worker = Worker::start(context_, 0, place, limits, dir_.path() / "spool", 0);
    EXPECT_TRUE(worker) << worker.error().what;
    return std::move(*worker);
  }
  static wire::Lease lease(const std::string& ref) {
    wire::Lease out{kKey.scan_id, kKey.attempt, {}};
    out.job.ref = ref;
    return out;
  }
  // An image that can be pulled and unpacked; nothing in it can run.
  std::string image() const {
    test::OciLayout layout(dir_.path() / "oci");
    layout.tag(layout.image({test::tar({{.name = "a", .content = "1"}})}, {{"Cmd", {"/a"}}},
                            test::this_architecture()),
               "one");
    return "oci:" + (dir_.path() / "oci").string();
  }
  // Until a note of this kind comes; nothing after 20 seconds.
  static std::optional<LinkNote> wait_for(Worker& worker, LinkNote::Kind kind) {
    auto deadline = std::chrono::steady_clock::now() + seconds(20);
    while (std::chrono::steady_clock::now() < deadline) {
      std::vector<WaitFor> items{worker.link()};
      if (!wait(items, seconds(1))) return std::nullopt;
      auto note = hear(worker.link());
      if (note && *note && (*note)->kind == kind) return **note;
    }
    return std::nullopt;
  }
  test::TempDir dir_;
  Context context_;
};

TEST_F(WorkerTest, IsFreeAsSoonAsAFailureIsInTheSpool) {
  Worker worker = start();
  ASSERT_TRUE(worker.begin(lease("oci:/no/such/layout")));
  auto ended = wait_for(worker, LinkNote::Kind::ended);
  ASSERT_TRUE(ended);
  EXPECT_TRUE(ended->stats.failed);
  ASSERT_TRUE(wait_for(worker, LinkNote::Kind::free));
  auto spool = Spool::open(dir_.path() / "spool");
  ASSERT_TRUE(spool);
  auto message = wire::decode(*spool->end(kKey));
  ASSERT_TRUE(message);
  auto* failed = std::get_if<wire::Failed>(&*message);
  ASSERT_NE(failed, nullptr);
  EXPECT_EQ(failed->code, "not_found");
  EXPECT_EQ(failed->error, "oci:/no/such/layout: there is no /no/such/layout");
}

TEST_F(WorkerTest, NobodyIsLetOutWhereItIsNotAllowed) {
  Worker worker = start();
  wire::Lease egress = lease("oci:/no/such/layout");
  egress.job.network = NetworkMode::egress;
  ASSERT_TRUE(worker.begin(egress));
  ASSERT_TRUE(wait_for(worker, LinkNote::Kind::ended));
  auto spool = Spool::open(dir_.path() / "spool");
  ASSERT_TRUE(spool);
  auto message = wire::decode(*spool->end(kKey));
  ASSERT_TRUE(message);
  auto* failed = std::get_if<wire::Failed>(&*message);
  ASSERT_NE(failed, nullptr);
  EXPECT_EQ(failed->code, "unsupported") << "before anything is pulled, and not tried again";
  EXPECT_EQ(failed->error,
            "oci:/no/such/layout: network egress is not allowed on this agent: its assay-agent.conf must say "
            "`egress = on`");
}

TEST_F(WorkerTest, AScanEndsQuietlyWhenTheSchedulerHasAResultOfItsImage) {
  ASSAY_NEED(find_program("skopeo"), "skopeo");
  Worker worker = start();
  ASSERT_TRUE(worker.begin(lease(image())));
  auto resolved = wait_for(worker, LinkNote::Kind::resolved);
  ASSERT_TRUE(resolved);
  worker.cancel();
  ASSERT_TRUE(wait_for(worker, LinkNote::Kind::dropped));
  ASSERT_TRUE(wait_for(worker, LinkNote::Kind::free));
  EXPECT_FALSE(std::filesystem::exists(dir_.path() / "run" / kKey.str()));
}

TEST_F(WorkerTest, AScanGoesOnWhenNobodySaysWhetherItMay) {
  ASSAY_NEED(find_program("skopeo"), "skopeo");
  ScanLimits limits;
  limits.resolve_patience = std::chrono::milliseconds(50);
  Worker worker = start(limits);
  ASSERT_TRUE(worker.begin(lease(image())));
  EXPECT_TRUE(wait_for(worker, LinkNote::Kind::ready));
}

TEST_F(WorkerTest, EndsWhileItsScanWaitsForAPermit) {
  ASSAY_NEED(find_program("skopeo"), "skopeo");
  auto begin = std::chrono::steady_clock::now();
  {
    Worker worker = start();
    ASSERT_TRUE(worker.begin(lease(image())));
    ASSERT_TRUE(wait_for(worker, LinkNote::Kind::resolved));
    ASSERT_TRUE(tell(worker.link(), {.kind = LinkNote::Kind::proceed}));
    ASSERT_TRUE(wait_for(worker, LinkNote::Kind::ready));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(20));
  EXPECT_FALSE(std::filesystem::exists(dir_.path() / "run" / kKey.str()));
}

TEST_F(WorkerTest, AScanFailsWhenTheSpoolHasReachedItsQuota) {
  ASSAY_NEED(find_program("skopeo"), "skopeo");
  Worker worker = start();
  ASSERT_TRUE(worker.begin(lease(image())));
  ASSERT_TRUE(wait_for(worker, LinkNote::Kind::resolved));
  ASSERT_TRUE(tell(worker.link(), {.kind = LinkNote::Kind::full}));
  auto ended = wait_for(worker, LinkNote::Kind::ended);
  ASSERT_TRUE(ended);
  auto spool = Spool::open(dir_.path() / "spool");
  ASSERT_TRUE(spool);
  auto message = wire::decode(*spool->end(kKey));
  ASSERT_TRUE(message);
  auto* failed = std::get_if<wire::Failed>(&*message);
  ASSERT_NE(failed, nullptr);
  EXPECT_EQ(failed->code, "no_space");
  EXPECT_NE(failed->error.find((dir_.path() / "spool").string() + " has reached its quota"),
            std::string::npos)
      << failed->error;
}

TEST_F(WorkerTest, TakesTheNextLeaseAfterACancelledOne) {
  ASSAY_NEED(find_program("skopeo"), "skopeo");
  Worker worker = start();
  ASSERT_TRUE(worker.begin(lease(image())));
  ASSERT_TRUE(wait_for(worker, LinkNote::Kind::resolved));
  worker.cancel();
  ASSERT_TRUE(wait_for(worker, LinkNote::Kind::free));
  worker.cancel();  // again, too late: it must not reach the next scan
  ASSERT_TRUE(worker.begin(lease("oci:/no/such/layout")));
  EXPECT_TRUE(wait_for(worker, LinkNote::Kind::ended));
}

}  // namespace
}  // namespace assay
