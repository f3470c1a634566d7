// EventBridge's way: events in a queue of an AWS endpoint of ours that checks every signature, polled by the
// real poller into a loop of few words.
#include <gtest/gtest.h>

#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <nlohmann/json.hpp>

#include "common/fd.h"
#include "scheduler/hooks/queue_poller.h"
#include "tests/farm/aws_server.h"
#include "tests/support.h"
#include "tests/unit/scheduler/fake_loop.h"
#include "tests/unit/scheduler/hook_samples.h"

namespace assay::hooks {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

// A message that was handed out is shown again after a while, unless it was deleted.
class TestQueue {
 public:
  void put(const std::string& body) {
    std::lock_guard lock(mutex_);
    messages_.push_back({"r" + std::to_string(++last_), body, {}});
    changed_.notify_all();
  }
  /// So many times it is not there, which no client tries again by itself.
  void fail(int times) {
    std::lock_guard lock(mutex_);
    failures_ = times;
  }
  size_t left() {
    std::lock_guard lock(mutex_);
    return messages_.size();
  }
  std::string url_of_last_ask() {
    std::lock_guard lock(mutex_);
    return url_;
  }
  farm::AwsAnswer receive(const farm::AwsAsk& ask) {
    json asked = json::parse(ask.body);
    std::unique_lock lock(mutex_);
    url_ = asked.value("QueueUrl", "");
    if (failures_ > 0 && failures_-- > 0)
      return farm::aws_error("QueueDoesNotExist", "The specified queue does not exist.");
    auto end = Clock::now() + std::chrono::seconds(asked.value("WaitTimeSeconds", 0));
    json out = json::array();
    while (out.empty() && Clock::now() < end && !closed_) {
      for (Message& message : messages_) {
        if (message.hidden_until > Clock::now()) continue;
        message.hidden_until = Clock::now() + milliseconds(200);
        out.push_back(
            {{"MessageId", message.receipt}, {"ReceiptHandle", message.receipt}, {"Body", message.body}});
      }
      if (out.empty()) changed_.wait_for(lock, milliseconds(50));
    }
    return {json{{"Messages", out}}.dump()};
  }
  farm::AwsAnswer remove(const farm::AwsAsk& ask) {
    std::string receipt = json::parse(ask.body).value("ReceiptHandle", "");
    std::lock_guard lock(mutex_);
    std::erase_if(messages_, [&](const Message& message) { return message.receipt == receipt; });
    return {"{}"};
  }
  void close() {
    std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

 private:
  struct Message {
    std::string receipt, body;
    Clock::time_point hidden_until;
  };
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Message> messages_;
  std::string url_;
  int last_ = 0, failures_ = 0;
  bool closed_ = false;
};

class HookQueue : public testing::Test {
 protected:
  void SetUp() override {
    ::setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
    ::setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI", 1);
    ::unsetenv("AWS_SESSION_TOKEN");
    auto server = farm::AwsServer::start({{"AKIDEXAMPLE", "wJalrXUtnFEMI"}});
    ASSERT_TRUE(server) << server.error().what;
    server_.emplace(std::move(*server));
    server_->handle("sqs", "ReceiveMessage", [this](const farm::AwsAsk& ask) { return queue_.receive(ask); });
    server_->handle("sqs", "DeleteMessage", [this](const farm::AwsAsk& ask) { return queue_.remove(ask); });
    auto store = Store::open(dir_.path() / "store", Store::Mode::read_write);
    ASSERT_TRUE(store) << store.error().what;
    store_ = std::move(*store);
    write_hook("");
  }
  void TearDown() override {
    poller_.reset();
    queue_.close();
    loop_.reset();
    server_.reset();
  }
  std::string queue_url() { return server_->url() + "/123456789012/pushes"; }
  void write_hook(const std::string& options) {
    std::string line = "amazon ecr team " + Digest::of("unused").str() + " queue=" + queue_url() +
                       " region=eu-west-1 endpoint=" + server_->url() + options + "\n";
    ASSERT_TRUE(write_file(dir_.path() / "hooks", line, 0600));
  }
  void start_loop() { loop_.emplace(context_, *store_, "inproc://clients"); }
  void start_poller() {
    QueuePollerConfig config;
    config.clients = "inproc://clients";
    config.answer = milliseconds(300);
    config.first_delay = milliseconds(50);
    config.longest_delay = milliseconds(200);
    config.reread = milliseconds(100);
    auto poller = QueuePoller::start(context_, config, intake_);
    ASSERT_TRUE(poller) << poller.error().what;
    poller_.emplace(std::move(*poller));
  }
  template <class Done>
  static bool soon(Done done) {
    for (auto end = Clock::now() + std::chrono::seconds(20); Clock::now() < end;
         std::this_thread::sleep_for(milliseconds(10)))
      if (done()) return true;
    return false;
  }
  std::vector<std::string> refs() {
    std::vector<std::string> out;
    EXPECT_TRUE(Keep(*store_).each_scan([&](const ScanRecord& record) {
      out.push_back(record.submission.job.ref);
      return true;
    }));
    return out;
  }
  bool counted(const std::string& line) { return metrics_.text().find(line) != std::string::npos; }

  TempDir dir_;
  Context context_;
  TestQueue queue_;
  std::optional<farm::AwsServer> server_;
  std::unique_ptr<Store> store_;
  std::optional<FakeLoop> loop_;
  Metrics metrics_;
  Intake intake_{dir_.path() / "hooks", metrics_};
  std::optional<QueuePoller> poller_;
};

TEST_F(HookQueue, AnEventInTheQueueStartsOneScanHoweverOftenItComes) {
  start_loop();
  for (int i = 0; i < 3; ++i) queue_.put(sample::ecr());  // SQS delivers at least once
  queue_.put("no event at all");
  queue_.put(R"({"source":"aws.ec2","detail-type":"EC2 Instance State-change Notification"})");
  start_poller();
  EXPECT_TRUE(soon([&] { return queue_.left() == 0; }));
  EXPECT_EQ(refs(), std::vector<std::string>{"123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/app@" +
                                             sample::kDigest});
  EXPECT_EQ(queue_.url_of_last_ask(), queue_url());
  EXPECT_TRUE(counted(R"(assay_hook_pushes_total{hook="amazon",outcome="started"} 1)")) << metrics_.text();
  EXPECT_TRUE(counted(R"(assay_hook_pushes_total{hook="amazon",outcome="seen"} 2)")) << metrics_.text();
  EXPECT_TRUE(counted(R"(assay_hook_refusals_total{hook="amazon",reason="payload"} 1)")) << metrics_.text();
}

TEST_F(HookQueue, AMessageStaysUntilItsScanIsOnDisk) {
  queue_.put(sample::ecr());
  start_poller();
  EXPECT_TRUE(soon([&] { return counted(R"(assay_hook_refusals_total{hook="amazon",reason="queue"})"); }));
  EXPECT_EQ(queue_.left(), 1u);
  EXPECT_EQ(server_->answered("DeleteMessage"), 0u);
  start_loop();
  EXPECT_TRUE(soon([&] { return queue_.left() == 0; }));
  EXPECT_EQ(refs().size(), 1u);
}

TEST_F(HookQueue, AQueueThatFailsIsAskedAgain) {
  start_loop();
  queue_.fail(3);
  queue_.put(sample::ecr());
  start_poller();
  EXPECT_TRUE(soon([&] { return queue_.left() == 0; }));
  EXPECT_EQ(refs().size(), 1u);
  EXPECT_TRUE(counted(R"(assay_hook_refusals_total{hook="amazon",reason="queue"} 3)")) << metrics_.text();
}

TEST_F(HookQueue, ALongPollEndsAtOnceWithThePoller) {
  start_loop();
  start_poller();
  EXPECT_TRUE(soon([&] { return server_->came("ReceiveMessage") > 0; }));
  auto begin = Clock::now();
  poller_.reset();
  EXPECT_LT(Clock::now() - begin, std::chrono::seconds(3));
}

TEST_F(HookQueue, ARevokedHooksQueueIsLeftAloneAndANewOneTakenUp) {
  start_loop();
  ASSERT_TRUE(write_file(dir_.path() / "hooks", "", 0600));
  start_poller();
  queue_.put(sample::ecr());
  std::this_thread::sleep_for(milliseconds(300));
  EXPECT_EQ(server_->came("ReceiveMessage"), 0u);
  write_hook(" repositories=other/*");
  EXPECT_TRUE(soon([&] { return queue_.left() == 0; })) << "it is of no use, and goes";
  EXPECT_TRUE(refs().empty());
  EXPECT_TRUE(counted(R"(assay_hook_pushes_total{hook="amazon",outcome="left_out"} 1)")) << metrics_.text();
}

}  // namespace
}  // namespace assay::hooks
