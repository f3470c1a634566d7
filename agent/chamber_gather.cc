// What the chamber's sources have to say, while it runs and at its end.
#include "agent/chamber.h"
#include "agent/fence.h"
#include "common/clock.h"
#include "common/starter.h"

namespace assay {
namespace {

constexpr int kKilled = 128 + 9;

}  // namespace

// What remains once the sandbox is gone: the last words of every source, and what the guest left behind.
Status Chamber::gather() {
  // Before the harvest, which may take long: the sinkhole's reports wait in a buffer of limited size.
  if (world_) {
    for (Event& event : world_->finish()) tracer_->add(std::move(event));
    in_.footer.sources.push_back({Source::sinkhole, world_->seen(), world_->lost(),
                                  world_->running() ? "" : "the sinkhole ended early", true,
                                  world_->running()});
  }
  if (egress_) gather_egress();
  gather_limits();
  tell_packages();
  ASSAY_CHECK(gather_files());
  std::vector<Event> rest = tracer_->finish();
  if (network_)
    for (Event& token : tokens_in(rest)) {  // behind all that there is: the tracer takes nothing more
      token.seq = rest.back().seq + 1;
      token.time_ns = rest.back().time_ns;
      rest.push_back(std::move(token));
    }
  ASSAY_CHECK(keep(std::move(rest)));
  if (provoker_) in_.footer.coverage = provoker_->coverage();
  for (SourceCount& count : tracer_->counts()) in_.footer.sources.push_back(std::move(count));
  in_.footer.sources.push_back(own_count());
  if (!guard_hit_.empty()) {  // also one that was heard of only now
    in_.footer.reason = EndReason::guard;
    in_.footer.detail = guard_hit_;
    return Status();
  }
  if (guest_started_) return Status();
  return Error{
      Errc::invalid,
      "cannot be started: " + (in_.footer.detail.empty() ? "the runtime gave no reason" : in_.footer.detail)};
}

void Chamber::gather_egress() {
  for (Event& event : egress_->finish()) tracer_->add(std::move(event));
  in_.footer.sources.push_back(egress_->count());
  for (LimitHit& hit : egress_->limits()) in_.footer.limits.push_back(std::move(hit));
}

void Chamber::tell_packages() {
  Event note;
  note.plane = Plane::host;
  note.time_ns = wall_ns() - in_.header.start_time_ns;
  note.call = "packages";
  note.data = context_->summary();
  if (!note.data.empty()) tracer_->add(std::move(note));
}

// Output beyond its bound is no loss for a verdict, and stands in a note; these two are.
SourceCount Chamber::own_count() const {
  SourceCount out{Source::agent, agent_events_, provenance_->left_out(), "", false, true};
  if (out.lost > 0) out.detail = "executed files too large to be held against the image";
  if (forced_) {
    ++out.lost;
    out.detail +=
        std::string(out.detail.empty() ? "" : "; ") + "the sandbox did not heed its end and was killed";
  }
  out.required = out.lost > 0;
  return out;
}

std::vector<Event> Chamber::tokens_in(const std::vector<Event>& events) {
  return world_ ? world_->tokens_in(events) : egress_->tokens_in(events);
}

// Asked often while the guest runs.
bool Chamber::over_limit() {
  LimitFigures& figures = limits_->figures;
  figures.events_reached = in_.ship.events() >= in_.limits.events;
  figures.trace_reached = in_.ship.bytes() >= in_.limits.trace_bytes;
  return figures.events_reached || figures.trace_reached;
}

void Chamber::gather_limits() {
  limits_->look();
  limits_->read(*cgroup_);
  LimitFigures& figures = limits_->figures;
  // The runtime then ends with a status of its own.
  figures.killed = figures.oom_kills > 0 && in_.footer.reason == EndReason::exited;
  if (figures.killed) in_.footer.exit_status = kKilled;
  figures.output_bytes = in_.limits.output_bytes;
  figures.events = in_.limits.events;
  figures.trace_bytes = in_.limits.trace_bytes;
  figures.output_left_out = output_left_out_;
  if (provoker_) figures.steps_left_out = provoker_->steps_left_out();
  if (world_) {
    auto [dropped, pushed_out, cut] = world_->limits();
    figures.reports_dropped = dropped;
    figures.connections_pushed_out = pushed_out;
    figures.connections_cut = cut;
  }
  for (LimitHit& hit : limit_hits(figures)) in_.footer.limits.push_back(std::move(hit));
}

Status Chamber::record(std::vector<Event> events) {
  if (network_)
    for (Event& token : tokens_in(events)) {
      token.time_ns = events.back().time_ns;  // what is earlier has been released: it would count as late
      tracer_->add(std::move(token));
    }
  return keep(std::move(events));
}

Status Chamber::keep(std::vector<Event> events) {
  for (Event& event : events) {
    // Our own program lies over an empty file of the image's: it is neither changed nor dropped.
    bool ours = provoker_ &&
                (event.path == kStarterPath ||
                 (event.kind == EventKind::start && !event.argv.empty() && event.argv[0] == kStarterPath));
    if (event.kind == EventKind::start && !ours && !guest_started_) guest_starts();
    if (ours && (event.kind == EventKind::start || event.kind == EventKind::exec))
      event.path = kStarterPath;
    else
      provenance_->annotate(event);
    if (!ours) context_->annotate(event);
    if (contents_ && !ours) contents_->note(event);
    if (egress_) egress_->name(event);
    if (provoker_) provoker_->note(event);
    if (patience_)
      if (auto word = patience_->note(event)) heed(*word);
    limits_->note(event);
    if (event.source == Source::agent) ++agent_events_;
    if (guard_hit_.empty() && is_guard_hit(event)) ASSAY_CHECK(guard_hit(event));
    in_.artifacts.note(event);
    ASSAY_CHECK(in_.ship.add(std::move(event)));
  }
  return Status();
}

// Whoever got out of the guest is in this cgroup, or has been: nothing in it is asked to end, and nothing is
// started in it again. What was seen until now still makes a trace.
Status Chamber::guard_hit(const Event& event) {
  guard_hit_ = hit_text(event);
  cgroup_->kill_all();
  return in_.ship.fence(guard_hit_);
}

Status Chamber::gather_files() {
  int64_t now_ns = wall_ns() - in_.header.start_time_ns;
  HarvestLimits limits;
  limits.cancel_fd = in_.cancel_fd;
  Status inspected;
  auto add = [&](Event event) {
    event.time_ns = now_ns;
    tracer_->add(std::move(event));
  };
  auto count = harvest(in_.rootfs.upper(), in_.rootfs.image(), in_.rootfs.staged(), limits, [&](Event event) {
    if (contents_ && inspected) inspected = contents_->fill(event);
    add(std::move(event));
  });
  if (!count) return count.error().context("harvest");
  if (contents_ && inspected)
    inspected = contents_->finish([&](Event event, Fd gone) {
      if (gone) in_.artifacts.add(event.path, std::move(gone), event.origin, true);
      add(std::move(event));
    });
  ASSAY_CHECK(inspected);
  SourceCount source{Source::harvest, count->listed, count->left_out, "", true, true};
  if (count->left_out > 0) source.detail = "more changed files than can be listed";
  if (contents_) contents_->account(source);
  in_.footer.sources.push_back(source);
  return Status();
}

}  // namespace assay
