// Losses, absent sources, early ends: each a reason in words.
#include "scheduler/score/completeness.h"

#include "common/text.h"

namespace assay {
namespace {

constexpr size_t kMaxDetailBytes = 300;

std::string with_detail(std::string text, const std::string& detail) {
  if (!detail.empty()) text += ": " + printable(detail, kMaxDetailBytes);
  return text;
}

void judge_source(const SourceCount& source, Completeness& out) {
  out.lost += source.lost;
  if (!source.required) return;
  std::string name = to_string(source.source);
  if (!source.attached)
    out.reasons.push_back(with_detail("source " + name + " was not attached", source.detail));
  if (source.lost > 0)
    out.reasons.push_back(with_detail("source " + name + " lost " + std::to_string(source.lost) + " of " +
                                          std::to_string(source.seen + source.lost) + " events",
                                      source.detail));
}

void judge_end(const TraceFooter& footer, Completeness& out) {
  switch (footer.reason) {
    case EndReason::exited:
    case EndReason::deadline:
      return;
    case EndReason::limit:
      out.reasons.push_back(with_detail("the run was stopped early at a limit", footer.detail));
      return;
    case EndReason::start_failed:
      out.reasons.push_back(with_detail("the container could not be started", footer.detail));
      return;
    case EndReason::cancelled:
      out.reasons.push_back(with_detail("the run was cancelled", footer.detail));
      return;
    case EndReason::guard:
      out.reasons.push_back(with_detail("the sandbox's guard was hit: the agent was fenced", footer.detail));
      return;
  }
}

// What did not happen for want of a processor was not seen to be harmless.
void judge_time(const TraceFooter& footer, int64_t asked_ns, Completeness& out) {
  int64_t missing_ns = footer.starved_ns - footer.made_up_ns;
  if (missing_ns <= asked_ns / 2) return;
  auto seconds = [](int64_t ns) { return std::to_string(ns / 1'000'000'000) + " s"; };
  out.reasons.push_back("the host was too busy to run it: of " + seconds(footer.starved_ns) +
                        " that it waited, " + seconds(footer.made_up_ns) + " were made up for");
}

}  // namespace

void CompletenessBook::add(const Event& event) {
  ++events_;
  if (event.kind == EventKind::start) started_ = true;
}

Completeness CompletenessBook::judge(const TraceFooter& footer, int64_t asked_ns,
                                     uint64_t processes_left_out) const {
  Completeness out;
  out.sources = footer.sources;
  judge_end(footer, out);
  judge_time(footer, asked_ns, out);
  for (const auto& source : footer.sources) judge_source(source, out);
  if (footer.sources.empty()) out.reasons.push_back("no source gave an account of itself");
  if (events_ < footer.events) {
    uint64_t missing = footer.events - events_;
    out.lost += missing;
    out.reasons.push_back(std::to_string(missing) + " of " + std::to_string(footer.events) +
                          " events are missing from the stored trace");
  } else if (events_ > footer.events) {
    out.reasons.push_back("the trace holds " + std::to_string(events_) + " events, but its end speaks of " +
                          std::to_string(footer.events));
  }
  if (!started_ && footer.reason != EndReason::start_failed)
    out.reasons.push_back("the start of the container was not seen");
  if (processes_left_out > 0)
    out.reasons.push_back(std::to_string(processes_left_out) +
                          " processes did not fit into the process tree");
  out.complete = out.reasons.empty();
  return out;
}

}  // namespace assay
