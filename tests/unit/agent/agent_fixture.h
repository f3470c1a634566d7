// What the tests of the agent's loop share: an agent served on a thread, before a scheduler that they play.
#pragma once

#include <optional>
#include <thread>

#include "agent/agent.h"
#include "agent/spool.h"
#include "common/fd.h"
#include "tests/unit/agent/fake_scheduler.h"
#include "tests/unit/agent/test_image.h"

namespace assay::test {

class AgentTest : public testing::Test {
 protected:
  void SetUp() override {
    config_.endpoint = "inproc://scheduler";
    config_.data_dir = dir_.path() / "data";
    config_.run_base = dir_.path() / "run";
    config_.agent_id = "agent-1";
    config_.keep_spool = true;
    scheduler_.emplace(context_, config_.endpoint);
    auto event = make_event();
    ASSERT_TRUE(event);
    stop_ = std::move(*event);
  }
  void TearDown() override { stop(); }

  void start() {
    agent_ = std::thread([this] { ended_ = serve_agent(context_, config_, stop_.get()); });
  }
  /// Twice: at once, whatever it is at.
  void stop() {
    if (!agent_.joinable()) return;
    raise_event(stop_.get());
    std::this_thread::yield();
    raise_event(stop_.get());
    join();
  }
  void join() {
    if (agent_.joinable()) agent_.join();
  }

  void say(const wire::Message& message) { scheduler_->say(message); }
  template <class M>
  std::optional<M> expect(const std::function<bool(const M&)>& accept = [](const M&) { return true; }) {
    return scheduler_->expect<M>(accept);
  }
  wire::Hello welcome() { return scheduler_->welcome(); }
  static wire::Lease lease(const std::string& ref, uint32_t attempt = 1) {
    wire::Lease out{kId, attempt, {}};
    out.job.ref = ref;
    return out;
  }
  /// An image that can be pulled and unpacked; nothing in it can run.
  std::string image() const {
    OciLayout layout(dir_.path() / "oci");
    layout.tag(layout.image({tar({{.name = "a", .content = "1"}})}, {{"Cmd", {"/a"}}}, this_architecture()),
               "one");
    return "oci:" + (dir_.path() / "oci").string();
  }
  /// A whole attempt of `chunks`, as a dead agent leaves it; `pieces` of them are of its archive.
  void spool(uint32_t attempt, uint32_t chunks, uint32_t pieces = 0) const {
    auto writer = SpoolWriter::create(config_.data_dir / "spool", {kId, attempt}, 0);
    ASSERT_TRUE(writer) << writer.error().what;
    for (uint32_t i = 0; i < chunks; ++i) ASSERT_TRUE(writer->chunk(i, "chunk " + std::to_string(i)));
    wire::Done done{kId, attempt, {}, {}};
    done.header.scan_id = kId;
    done.footer.chunks = chunks - pieces;
    done.footer.artifact_chunks = pieces;
    ASSERT_TRUE(writer->done(done));
  }
  bool spooled(uint32_t attempt) const {
    return std::filesystem::exists(config_.data_dir / "spool" / AttemptKey{kId, attempt}.str());
  }
  static bool soon(const std::function<bool()>& true_yet) {
    for (int i = 0; i < 2000 && !true_yet(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return true_yet();
  }

  inline static const std::string kId = "20261125T031500-1f8a3c9e";
  TempDir dir_;
  Context context_;
  AgentConfig config_;
  std::optional<FakeScheduler> scheduler_;
  Fd stop_;
  std::thread agent_;
  Status ended_;
};

}  // namespace assay::test
