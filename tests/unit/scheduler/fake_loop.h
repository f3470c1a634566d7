// A scheduler's loop that answers at once and does what its orders say: a reference "full", "busy" or "mute"
// is refused for space, for a limit, or not answered at all.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "common/fd.h"
#include "common/ids.h"
#include "common/wire.h"
#include "scheduler/ask.h"
#include "scheduler/keep.h"

namespace assay {

class FakeLoop {
 public:
  FakeLoop(const Context& context, Store& store, const std::string& endpoint)
      : store_(store),
        keep_(store),
        stop_(std::move(*make_event())),
        mute_(std::move(*make_event())),
        socket_(open(context, endpoint)) {
    thread_ = std::thread([this] { run(); });
  }
  ~FakeLoop() {
    raise_event(stop_.get());
    thread_.join();
  }

  /// Until somebody waits for the answer that will not come.
  void wait_for_mute() {
    std::vector<WaitFor> items = {WaitFor(mute_.get())};
    EXPECT_TRUE(wait(items, std::chrono::seconds(15)));
    EXPECT_TRUE(items[0].ready);
  }

 private:
  static Socket open(const Context& context, const std::string& endpoint) {
    auto socket = Socket::open(context, Socket::Type::router);
    EXPECT_TRUE(socket && socket->bind(endpoint));
    return std::move(*socket);
  }
  void run() {
    for (;;) {
      std::vector<WaitFor> items = {WaitFor(socket_), WaitFor(stop_.get())};
      if (!wait(items, std::chrono::seconds(60)) || items[1].ready) return;
      auto frames = socket_.receive();
      if (!frames || !*frames) continue;
      peer_ = (*frames)->front();
      auto message = wire::decode((*frames)->back());
      ASSERT_TRUE(message) << message.error().what;
      if (auto* submit = std::get_if<wire::Submit>(&*message)) take(*submit);
      if (auto* ask = std::get_if<wire::Ask>(&*message)) take(*ask);
      if (auto* watch = std::get_if<wire::Watch>(&*message)) watchers_.emplace_back(peer_, *watch);
    }
  }
  void say(const std::string& peer, const wire::Message& message) {
    (void)socket_.send_frames({peer, wire::encode(message)});
  }
  void take(const wire::Submit& submit) {
    for (const Submission& s : submit.submissions) {
      if (s.job.ref == "mute") return raise_event(mute_.get());
      if (s.job.ref == "full") return say(peer_, wire::Refused{"no_space", "the disk is full"});
      if (s.job.ref == "busy") return say(peer_, wire::Refused{"limit", "too many scans are under way"});
    }
    wire::Accepted accepted;
    std::vector<StoreBatch> group;
    for (const Submission& s : submit.submissions) {
      if (auto known = s.once.empty() ? Result<std::string>(Error{Errc::not_found, ""}) : keep_.once(s)) {
        accepted.taken.push_back(static_cast<uint32_t>(accepted.scan_ids.size()));
        accepted.scan_ids.push_back(*known);
        continue;
      }
      ScanRecord record;
      record.scan_id = ids_.next(std::chrono::system_clock::now());
      record.submission = s;
      record.submitted_ns = 1;
      accepted.scan_ids.push_back(record.scan_id);
      group.push_back(Keep::submitted(record));
    }
    ASSERT_TRUE(store_.commit(group));
    say(peer_, accepted);
  }
  void end(const std::string& scan_id, ScanState state) {
    auto before = keep_.scan(scan_id);
    if (!before || !is_open(before->state)) return;
    ScanRecord after = *before;
    after.state = state;
    after.finished_ns = 2;
    ASSERT_TRUE(store_.commit({Keep::moved(*before, after)}));
    for (const auto& [peer, watch] : watchers_)
      if ((watch.scan_id.empty() || watch.scan_id == scan_id) &&
          (watch.batch.empty() || watch.batch == before->submission.batch)) {
        say(peer, wire::Notice{scan_id, before->submission.batch, "progress", "run", "", 0, "", 0});
        say(peer, wire::Notice{scan_id, before->submission.batch, to_string(state), "", "", 0, "", 0});
      }
  }
  void take(const wire::Ask& ask) {
    auto body = nlohmann::json::parse(ask.body, nullptr, false);
    ASSERT_TRUE(body.is_object()) << ask.body;
    std::string out = "{}";
    if (ask.op == ask::kExplain) out = R"({"waits":[{"code":"slots","text":"all slots are taken"}]})";
    if (ask.op == ask::kQueue) out = R"({"stalled":true})";
    if (ask.op == ask::kAgentMode || ask.op == ask::kCapacity) out = ask.body;
    if (ask.op == ask::kBatchPut) {
      BatchRecord batch{body["batch_id"],   body["name"],    body["tenant"], {},
                        body["created_ns"], body["manifest"]};
      for (const auto& [name, value] : body["labels"].items()) batch.labels.emplace_back(name, value);
      ASSERT_TRUE(store_.commit({Keep::batch(batch)}));
    }
    if (ask.op == ask::kCancel) {
      std::vector<std::string> ids;
      if (body.contains("scan_id")) ids.push_back(body["scan_id"]);
      if (body.contains("batch_id"))
        (void)keep_.each_member(body["batch_id"],
                                [&](const std::string& id) { return ids.push_back(id), true; });
      for (const std::string& id : ids) end(id, ScanState::cancelled);
      out = nlohmann::json{{"cancelled", ids.size()}}.dump();
    }
    say(peer_, wire::Answer{200, out});
  }

  Store& store_;
  Keep keep_;
  Fd stop_, mute_;
  Socket socket_;
  ScanIds ids_;
  std::string peer_;
  std::vector<std::pair<std::string, wire::Watch>> watchers_;
  std::thread thread_;
};

}  // namespace assay
