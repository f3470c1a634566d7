// starvation: what a busy host took of a run.
#include "agent/starvation.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include "common/process.h"
#include "tests/support.h"

namespace assay {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

TEST(RunDelay, IsTheSecondNumber) {
  EXPECT_EQ(run_delay_ns("1202 3707926 17\n"), 3'707'926u);
  EXPECT_EQ(run_delay_ns("0 0 0"), 0u);
  EXPECT_EQ(run_delay_ns("12"), 0u);
  EXPECT_EQ(run_delay_ns("12 soon 3"), 0u);
  EXPECT_EQ(run_delay_ns(""), 0u);
}

class StarvationTest : public testing::Test {
 protected:
  void SetUp() override {
    auto mounts = cgroup_mounts();
    bool usable = ::geteuid() == 0 && mounts && !mounts->empty();
    ASSAY_NEED(usable, "root and a cgroup hierarchy");
  }
};

// Two threads on one processor, of which one is told of: it waits while the other runs.
TEST_F(StarvationTest, CountsWaitsOfThreadsAndNeverMoreThanHasGoneBy) {
  auto cgroup = Cgroup::create("assay/unit-" + std::to_string(::getpid()) + "/starvation", {});
  ASSERT_TRUE(cgroup) << cgroup.error().what;
  cpu_set_t was, first;
  CPU_ZERO(&first);
  CPU_SET(0, &first);
  ASSERT_EQ(::sched_getaffinity(0, sizeof was, &was), 0);
  Command busy;
  busy.argv = {"sh", "-c", "while :; do :; done"};
  auto other = spawn(busy);
  ASSERT_TRUE(other) << other.error().what;
  ASSERT_EQ(::sched_setaffinity(other->pid(), sizeof first, &first), 0);
  ASSERT_EQ(::sched_setaffinity(0, sizeof first, &first), 0);
  auto begun = std::chrono::steady_clock::now();
  Starvation starvation(*cgroup, {::gettid(), ::gettid(), ::gettid()}, begun);
  nanoseconds taken(0);
  while (taken < milliseconds(100) && std::chrono::steady_clock::now() < begun + seconds(20))
    taken = starvation.look(std::chrono::steady_clock::now()).all;
  ASSERT_EQ(::sched_setaffinity(0, sizeof was, &was), 0);
  EXPECT_GE(taken, milliseconds(100));
  EXPECT_LE(taken, std::chrono::steady_clock::now() - begun);
  EXPECT_GE(starvation.look(std::chrono::steady_clock::now()).all, taken);
  EXPECT_EQ(starvation.look(std::chrono::steady_clock::now()).sandbox, nanoseconds(0)) << "nobody is in it";
}

}  // namespace
}  // namespace assay
