// The guest plane: every kind of event that gVisor's trace points give, caused inside a real runsc, with all
// of its fields.
#include "tests/bpf/chamber.h"

namespace assay {
namespace {

TEST(Seccheck, StartNamesTheFirstProcess) {
  ASSAY_REQUIRE_HOST();
  auto run = run_guest({"exit", "7"});
  EXPECT_EQ(run.status, 7) << run.err;
  Event e = run.find(EventKind::start);
  EXPECT_EQ(e.plane, Plane::guest);
  EXPECT_EQ(e.pid, 1);
  EXPECT_EQ(e.tid, 1);
  EXPECT_EQ(e.uid, 0u);
  EXPECT_EQ(e.gid, 0u);
  EXPECT_EQ(e.argv, (std::vector<std::string>{"guest", "exit", "7"}));
  EXPECT_EQ(e.env, (std::vector<std::string>{"PATH=/bin", "HOME=/root"}));
  EXPECT_EQ(e.cwd, "/");
  EXPECT_EQ(e.path, "/bin/guest");
  EXPECT_EQ(e.sha256, run.sha256);
  EXPECT_GT(e.time_ns, 0);
}

}  // namespace
}  // namespace assay
