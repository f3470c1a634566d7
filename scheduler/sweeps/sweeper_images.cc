// What becomes of each image that was listed: known, scored again, submitted; and its repository on record
// once that is so.
#include <nlohmann/json.hpp>

#include "common/log.h"
#include "common/text.h"
#include "common/wire.h"
#include "scheduler/api/loop_client.h"
#include "scheduler/ask.h"
#include "scheduler/submit.h"
#include "scheduler/sweeps/deciding.h"
#include "scheduler/sweeps/sweeping.h"

namespace assay::sweeps {
namespace {

constexpr size_t kMessageBytes = 2 << 20;  // of submissions, or of records; half of what a frame takes
constexpr size_t kSubmissions = 500;
static_assert(kSubmissions <= wire::kMaxSubmissions);
constexpr size_t kRecords = 500;

size_t record_bytes(const RepositoryRecord& record) {
  size_t bytes = 300 + record.host.size() + record.name.size() + 2 * record.reason.size();
  for (const Item& item : record.items)
    bytes += 350 + item.tag.size() + 2 * item.reason.size() + item.scan_id.size();
  return bytes;
}

}  // namespace

void Sweeping::take_images(ActiveRun& run, RepositoryRecord record) {
  run.pending.push_back({std::move(record), 0, {}, false});
  Pending& pending = run.pending.back();
  pending.open = pending.record.items.size();
  pending.fresh.resize(pending.open);
  if (pending.open == 0) return close(run, pending);
  for (size_t i = 0; i < pending.record.items.size(); ++i) decide_on(run, pending, i);
}

void Sweeping::decide_on(ActiveRun& run, Pending& pending, size_t index) {
  Item& item = pending.record.items[index];
  // Listing has said so already.
  if (item.outcome != Outcome::submitted)
    return settle(run, {&pending, index}, item.outcome, "", item.reason);
  std::string key = image_key(item);
  auto [fate, first] = run.fates.try_emplace(key);
  if (!first) {
    run.same.emplace(key, ActiveRun::Image{&pending, index});
    if (fate->second.settled) settle_same(run, key);
    return;
  }
  if (run.expired)
    return settle(run, {&pending, index}, Outcome::not_reached, "",
                  std::string(kDeadlinePassed) + " before it was submitted");
  Submission as = submission_for(run.record, pending.record, item, false);
  if (Status ok = check_submission(as); !ok)
    return settle(run, {&pending, index}, Outcome::failed, "", ok.error().what);
  Decision decision = decide(keep_, run.record, pending.record, item, rules_version_);
  pending.fresh[index] = decision.fresh;
  switch (decision.kind) {
    case Decision::Kind::known:
      return settle(run, {&pending, index}, Outcome::known, decision.scan_id, "");
    case Decision::Kind::submitted:
      return settle(run, {&pending, index}, Outcome::submitted, decision.scan_id, "");
    case Decision::Kind::rescore:
      item.was_verdict = decision.verdict;
      ++run.rescoring;
      ++run.asks;
      rescores_.push_back({&run, {&pending, index}, decision.scan_id});
      return;
    case Decision::Kind::submit:
      run.to_submit.emplace_back(&pending, index);
  }
}

void Sweeping::settle(ActiveRun& run, ActiveRun::Image image, Outcome outcome, const std::string& scan_id,
                      const std::string& reason) {
  auto [pending, index] = image;
  Item& item = pending->record.items[index];
  bool of_listing = item.outcome != Outcome::submitted;  // it has no fate that others share
  item.outcome = outcome;
  item.scan_id = scan_id;
  item.reason = printable(reason, 500);
  if (outcome != Outcome::rescored) item.was_verdict.clear();
  if (outcome == Outcome::submitted) {
    ++run.submitted;
    run.open.push_back(scan_id);
  }
  if (!of_listing) {
    std::string key = image_key(item);
    run.fates[key] = {true, outcome, scan_id, item.reason};
    if (run.same.contains(key)) settle_same(run, key);
  }
  if (--pending->open == 0) close(run, *pending);
}

// They share whatever became of the first.
void Sweeping::settle_same(ActiveRun& run, const std::string& key) {
  const Fate fate = run.fates[key];
  auto [begin, end] = run.same.equal_range(key);
  std::vector<ActiveRun::Image> images;
  for (auto it = begin; it != end; ++it) images.push_back(it->second);
  run.same.erase(begin, end);
  for (auto [pending, index] : images) {
    Item& item = pending->record.items[index];
    item.outcome = fate.scan_id.empty() ? fate.outcome : Outcome::same;
    item.scan_id = fate.scan_id;
    item.reason = fate.reason;
    if (--pending->open == 0) close(run, *pending);
  }
}

void Sweeping::close(ActiveRun& run, Pending& pending) { run.to_record.push_back(&pending); }

void Sweeping::submit_some(ActiveRun& run) {
  if (run.removed || run.paused || run.expired || run.submitting > 0 || run.to_submit.empty()) return;
  std::vector<ActiveRun::Image> images;
  wire::Submit message;
  size_t bytes = 0, most = run.singly > 0 ? 1 : kSubmissions;
  while (!run.to_submit.empty() && images.size() < most && bytes < kMessageBytes) {
    auto image = run.to_submit.front();
    run.to_submit.pop_front();
    uint64_t limit = run.record.spec.most_scans;
    if (limit > 0 && run.submitted + images.size() >= limit) {
      settle(run, image, Outcome::not_reached, "",
             "the sweep's most_scans: " + std::to_string(limit) + " are submitted in one run");
      continue;
    }
    message.submissions.push_back(submission_for(run.record, image.first->record,
                                                 image.first->record.items[image.second],
                                                 image.first->fresh[image.second]));
    bytes += api::frame_bytes(message.submissions.back()) + message.submissions.back().once.size();
    images.push_back(image);
  }
  if (images.empty()) return;
  run.submitting = images.size();
  if (run.singly > 0) --run.singly;
  ++run.asks;
  parts_.loop.say(std::move(message), true,
                  [this, at = &run, images = std::move(images)](const wire::Message& answer) {
                    --at->asks;
                    at->submitting = 0;
                    if (!at->removed) submitted(*at, images, answer);
                  });
}

void Sweeping::submitted(ActiveRun& run, const std::vector<ActiveRun::Image>& images,
                         const wire::Message& answer) {
  const auto* accepted = std::get_if<wire::Accepted>(&answer);
  if (accepted != nullptr && accepted->scan_ids.size() == images.size()) {
    for (size_t i = 0; i < images.size(); ++i)
      settle(run, images[i], Outcome::submitted, accepted->scan_ids[i], "");
    return;
  }
  const auto* refused = std::get_if<wire::Refused>(&answer);
  std::string why = refused != nullptr ? refused->reason : "the scheduler's loop did not take it";
  if (images.size() == 1) return settle(run, images[0], Outcome::failed, "", why);
  run.singly += images.size();
  run.to_submit.insert(run.to_submit.begin(), images.begin(), images.end());
}

void Sweeping::rescore_some() {
  for (Line& line : parts_.rescores) {
    if (rescores_.empty()) return;
    if (line.waiting() > 0) continue;
    Rescore next = rescores_.front();
    rescores_.pop_front();
    line.ask(ask::kRescore, nlohmann::json{{"scan_id", next.scan_id}, {"apply", true}}.dump(), true,
             [this, next](const wire::Answer& answer) { rescored(next, answer); });
  }
}

// Where its trace will not do after all, it is scanned.
void Sweeping::rescored(const Rescore& rescore, const wire::Answer& answer) {
  ActiveRun& run = *rescore.run;
  --run.asks;
  --run.rescoring;
  if (run.removed) return;
  if (answer.status == 200) return settle(run, rescore.image, Outcome::rescored, rescore.scan_id, "");
  spdlog::info("event=sweep_not_rescored scan={} why=\"{}\"", rescore.scan_id, printable(answer.body, 200));
  if (run.expired)
    return settle(run, rescore.image, Outcome::not_reached, "",
                  std::string(kDeadlinePassed) + " before it was submitted");
  rescore.image.first->fresh[rescore.image.second] = true;
  run.to_submit.push_back(rescore.image);
}

void Sweeping::record_some(ActiveRun& run) {
  if (run.removed || run.recording > 0 || run.to_record.empty()) return;
  std::vector<StoreOp> ops;
  std::vector<Pending*> taken;
  size_t bytes = 0;
  while (!run.to_record.empty() && ops.size() < kRecords &&
         (ops.empty() || bytes + record_bytes(run.to_record.front()->record) < kMessageBytes)) {
    Pending* next = run.to_record.front();
    run.to_record.pop_front();
    bytes += record_bytes(next->record);
    ops.push_back(put(run.record.run_id, next->record));
    taken.push_back(next);
  }
  run.recording = taken.size();
  ++run.asks;
  keep(std::move(ops), [this, at = &run, taken = std::move(taken)] {
    --at->asks;
    at->recording = 0;
    std::set<const Pending*> done(taken.begin(), taken.end());
    for (const Pending* one : taken)
      if (!one->counted) count(*at, one->record);
    at->pending.remove_if([&](const Pending& one) { return done.contains(&one); });
  });
}

void Sweeping::count(ActiveRun& run, const RepositoryRecord& record) {
  ++run.repositories[static_cast<size_t>(record.state)];
  metrics_.repositories.add(to_string(record.state));
  for (const Item& item : record.items) {
    ++run.images[static_cast<size_t>(item.outcome)];
    metrics_.images.add(to_string(item.outcome));
  }
}

}  // namespace assay::sweeps
