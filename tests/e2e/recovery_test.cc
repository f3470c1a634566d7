// An agent that is killed leaves nothing once the next one has started; its job is run again; an interrupted
// scan cleans up after itself.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "agent/cleanup.h"
#include "common/fd.h"
#include "common/loop.h"
#include "common/wire.h"
#include "tests/e2e/assay.h"

namespace assay::e2e {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

// A daemon of ours, its log in a file; ended by SIGTERM at the end of the test.
class Daemon {
 public:
  Daemon(std::vector<std::string> argv, const fs::path& log) {
    auto fd = open_file(log, O_WRONLY | O_CREAT | O_APPEND);
    EXPECT_TRUE(fd);
    Command command{.argv = std::move(argv), .stdout_fd = fd->get(), .stderr_fd = fd->get()};
    auto child = spawn(command);
    EXPECT_TRUE(child) << child.error().what;
    if (child) child_ = std::move(*child);
  }
  ~Daemon() {
    if (!child_.running()) return;
    child_.kill(SIGTERM);
    if (!child_.wait_until(steady_clock::now() + seconds(20))) ADD_FAILURE() << "did not end on SIGTERM";
  }
  void kill_now() {
    child_.kill(SIGKILL);
    (void)child_.wait();
  }

 private:
  Child child_;
};

class Client {
 public:
  explicit Client(const std::string& endpoint)
      : socket_(std::move(*Socket::open(context_, Socket::Type::dealer))) {
    EXPECT_TRUE(socket_.connect(endpoint));
  }
  void submit(const std::string& ref, milliseconds duration) {
    Job job;
    job.ref = ref;
    job.duration = duration;
    EXPECT_TRUE(socket_.send(wire::encode(wire::Submit{job})));
  }
  /// The next message that `wanted` takes, or nothing within a minute.
  bool wait_for(const std::function<bool(const wire::Message&)>& wanted) {
    auto deadline = steady_clock::now() + seconds(60);
    while (steady_clock::now() < deadline) {
      std::vector<WaitFor> items{socket_};
      if (!wait(items, milliseconds(200))) return false;
      auto frames = socket_.receive();
      if (!frames || !*frames) continue;
      auto message = wire::decode((*frames)->back());
      if (message && wanted(*message)) return true;
    }
    return false;
  }

 private:
  Context context_;
  Socket socket_;
};

TEST(Recovery, KilledAgentLeavesNothingAndItsJobRunsAgain) {
  ASSAY_NEEDS_HOST();
  TempDir dir;
  auto before = leftovers();
  std::string endpoint = "ipc://" + (dir.path() / "s.sock").string();
  Daemon scheduler({bin("assay-scheduler"), "--bind", endpoint, "--data", dir.path() / "store", "--rules",
                    std::string(ASSAY_SOURCE_DIR) + "/rules"},
                   dir.path() / "scheduler.log");
  std::vector<std::string> agent_argv{bin("assay-agent"), "--connect", endpoint, "--data",
                                      dir.path() / "agent"};
  auto first = std::make_unique<Daemon>(agent_argv, dir.path() / "agent1.log");
  Client client(endpoint);
  client.submit("oci-archive:" + image("quiet").string(), seconds(5));
  ASSERT_TRUE(client.wait_for([](const wire::Message& m) {
    auto* progress = std::get_if<wire::Progress>(&m);
    return progress != nullptr && progress->phase == "run" && progress->events > 0;
  }));
  EXPECT_NE(left_behind(before), std::set<std::string>());  // the scan is there to be seen
  first->kill_now();

  Daemon second(agent_argv, dir.path() / "agent2.log");
  bool ok = false;
  ASSERT_TRUE(client.wait_for([&](const wire::Message& m) {
    auto* finished = std::get_if<wire::Finished>(&m);
    if (finished) ok = finished->ok;
    return finished != nullptr;
  })) << *read_file(dir.path() / "agent2.log", 1 << 20);
  EXPECT_TRUE(ok);
  // The second agent's own run directory is the only thing that lives; nothing of the first one or of any
  // scan does.
  std::set<std::string> extra = left_behind(before);
  EXPECT_LE(extra.size(), 3u);
  for (const auto& thing : extra)
    EXPECT_TRUE(thing.starts_with("/run/assay/") || thing.starts_with("cgroup ")) << thing;
}

TEST(Recovery, KilledScanLeavesNothingAfterTheNext) {
  ASSAY_NEEDS_HOST();
  TempDir data;
  auto before = leftovers();
  Command command{.argv = {bin("assay"), "scan", "oci-archive:" + image("nginx").string(), "--duration",
                           "60s", "--data", data.path() / "data"}};
  auto scan = spawn(command);
  ASSERT_TRUE(scan);
  auto sandboxed = [&] {
    for (const auto& thing : leftovers())
      if (thing.starts_with("process exe") && !before.contains(thing)) return true;
    return false;
  };
  auto deadline = steady_clock::now() + seconds(60);
  while (!sandboxed() && steady_clock::now() < deadline)
    ASSERT_FALSE(scan->wait_until(steady_clock::now() + milliseconds(50)));
  ASSERT_TRUE(sandboxed());
  scan->kill(SIGKILL);
  (void)scan->wait();

  Ran next =
      assay(data, {"scan", "oci-archive:" + image("quiet").string(), "--duration", "2s", "--format", "json"});
  EXPECT_EQ(next.code, 0) << next.err;
  EXPECT_EQ(left_behind(before), std::set<std::string>());
  Ran listed = assay(data, {"list", "--format", "json"});
  EXPECT_EQ(listed.json()[1]["error"], "interrupted: the scan that ran it was ended") << listed.out;
}

TEST(Recovery, InterruptedScanEndsInOrder) {
  ASSAY_NEEDS_HOST();
  TempDir data;
  auto before = leftovers();
  int fds[2];
  ASSERT_EQ(::pipe2(fds, O_CLOEXEC), 0);
  Fd read_end(fds[0]), write_end(fds[1]);
  Command command{.argv = {bin("assay"), "scan", "oci-archive:" + image("quiet").string(), "--duration",
                           "60s", "--data", data.path() / "data"},
                  .stderr_fd = write_end.get()};
  auto scan = spawn(command);
  write_end.reset();
  ASSERT_TRUE(scan);
  auto deadline = steady_clock::now() + seconds(60);
  while (left_behind(before).empty() && steady_clock::now() < deadline)
    ASSERT_FALSE(scan->wait_until(steady_clock::now() + milliseconds(50)));
  scan->kill(SIGINT);
  auto status = scan->wait_until(steady_clock::now() + seconds(20));
  ASSERT_TRUE(status) << "still running 20 s after SIGINT";
  EXPECT_EQ(status->code, 1);
  EXPECT_NE(read_fd(read_end.get(), 1 << 16, "stderr")->find("cancelled"), std::string::npos);
  EXPECT_EQ(left_behind(before), std::set<std::string>());
}

}  // namespace
}  // namespace assay::e2e
