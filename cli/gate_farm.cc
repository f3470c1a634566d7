// Submission in the lane gate, the stream of events, reports.
#include <iostream>
#include <map>
#include <set>

#include "cli/farm_text.h"
#include "cli/gate_ways.h"
#include "cli/submitting.h"
#include "cli/watched.h"
#include "common/text.h"

namespace assay::cli {
namespace {

struct Asked {
  size_t ref = 0;
  Persona persona = Persona::bare;
};

class FarmGate {
 public:
  FarmGate(const Remote& remote, const Remote& after, const GateOrder& order, const Stop& stop)
      : remote_(remote), after_(after), order_(order), stop_(stop) {}
  Result<GateAnswers> run();

 private:
  Status submit();
  Result<decisions::Decision> decide(const ScanView& scan, size_t ref) const;
  bool late(const Status& status) const {
    return !status && status.error().code == Errc::cancelled && stop_.timed_out() && !stop_.interrupted();
  }
  std::string in_time() const { return "within " + order_.timeout; }

  const Remote &remote_, &after_;
  const GateOrder& order_;
  const Stop& stop_;
  Watched watched_;
  std::map<std::string, Asked> asked_;  // by scan id
};

Status FarmGate::submit() {
  return submit_refs(remote_, order_.refs, order_.wish,
                     [&](size_t first, const std::vector<std::string>& ids, const Wish& wish) {
                       for (size_t i = 0; i < ids.size(); ++i) {
                         const std::string& ref = order_.refs[first + i];
                         watched_.set(queued_view(ids[i], ref, wish));
                         asked_[ids[i]] = {first + i, wish.personas.at(0)};
                         std::cerr << ids[i] << "  " << shown_ref(ref, wish) << "\n";
                       }
                     });
}

Result<decisions::Decision> FarmGate::decide(const ScanView& scan, size_t ref) const {
  if (scan.state == "failed") return decide_without(order_, ref, "the scan failed: " + scan.error);
  if (scan.state == "cancelled") return decide_without(order_, ref, "the scan was cancelled");
  if (scan.state != "done")
    return decide_without(order_, ref,
                          "it was not done " + in_time() + " and goes on: assay watch " + scan.scan_id);
  auto json = after_.get("/v1/scans/" + scan.scan_id + "/report");
  if (!json && json.error().code == Errc::not_found) return decide_without(order_, ref, json.error().what);
  if (!json) return json.error();
  auto decision = decide_report(order_, ref, *json);
  return decision ? decision : decision.error().context("the report of scan " + scan.scan_id);
}

Result<GateAnswers> FarmGate::run() {
  Status done = submit();
  if (done) {
    Live live(false);
    done = follow_submitted(remote_, watched_, live);
  }
  if (!done && !late(done)) {
    if (done.error().code == Errc::cancelled && watched_.total() > 0)
      return Error{Errc::cancelled, still_going(watched_)};
    return done.error();
  }
  GateAnswers answers;
  std::set<std::pair<size_t, Persona>> submitted;
  for (const auto& [id, asked] : asked_) {
    submitted.insert({asked.ref, asked.persona});
    ASSAY_TRY(decisions::Decision decision, decide(watched_.find(id)->scan, asked.ref));
    answers.push_back({asked.ref, asked.persona, std::move(decision)});
  }
  // Where the time was up before all were submitted.
  for (size_t ref = 0; ref < order_.refs.size(); ++ref)
    for (Persona persona : order_.wish.personas)
      if (!submitted.contains({ref, persona}))
        answers.push_back({ref, persona, decide_without(order_, ref, "it was not submitted " + in_time())});
  return answers;
}

}  // namespace

Result<GateAnswers> gate_by_farm(const Remote& remote, const Remote& after, const GateOrder& order,
                                 const Stop& stop) {
  return FarmGate(remote, after, order, stop).run();
}

}  // namespace assay::cli
