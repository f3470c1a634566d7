// A slot ends when it is told to, whatever its scan waits for.
#include "agent/slot.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <optional>

#include "common/wire.h"

namespace assay {
namespace {

TEST(Slot, EndsWhileItsScanWaitsForAnAcknowledgementThatNeverComes) {
  char dir[] = "/tmp/assay-slot-XXXXXX";
  ASSERT_NE(::mkdtemp(dir), nullptr);
  Context context;
  ScanPlace place{std::filesystem::path(dir) / "data", std::filesystem::path(dir) / "run", "slot-test",
                  "agent"};
  auto begin = std::chrono::steady_clock::now();
  {
    auto slot = Slot::start(context, 0, place, ScanLimits{});
    ASSERT_TRUE(slot) << slot.error().what;
    Job job;
    job.ref = "oci:/no/such/layout";
    ASSERT_TRUE(slot->link().send(wire::encode(wire::Lease{"20261125T031500-1f8a3c9e", 1, job})));
    // Its failure is told, and then nobody answers.
    for (bool failed = false; !failed;) {
      std::vector<WaitFor> items{slot->link()};
      ASSERT_TRUE(wait(items, std::chrono::seconds(20)));
      ASSERT_TRUE(items[0].ready);
      auto frames = slot->link().receive();
      ASSERT_TRUE(frames && *frames);
      auto message = wire::decode((*frames)->back());
      failed = message && std::holds_alternative<wire::Failed>(*message);
    }
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin,
            std::chrono::seconds(20));  // far below the 60 s that an acknowledgement may take
  std::filesystem::remove_all(dir);
}

}  // namespace
}  // namespace assay
