// A farm in this process is given all images at once; its agent takes as many as it has slots.
#include <iostream>
#include <map>

#include "cli/progress.h"
#include "cli/status_line.h"
#include "cli/vet_scans.h"
#include "common/signals.h"
#include "common/text.h"
#include "common/wire.h"
#include "scheduler/keep.h"
#include "scheduler/score/text_layout.h"

namespace assay::cli {
namespace {

using std::chrono::milliseconds;

class HereScans {
 public:
  HereScans(Farm& farm, Socket& link, int signal_fd, std::span<const VetImage> images)
      : farm_(farm), link_(link), signal_fd_(signal_fd), images_(images), outcomes_(images.size()) {}

  Result<std::vector<ScanOutcome>> run() {
    ASSAY_CHECK(submit());
    while (ended_ < submitted_.size()) {
      std::vector<WaitFor> items{link_, WaitFor(signal_fd_)};
      ASSAY_CHECK(wait(items, milliseconds(200)));
      if (items[1].ready) ASSAY_CHECK(interrupted());
      if (stuck()) break;
      ASSAY_TRY(auto frames, link_.receive());
      if (!frames) continue;
      ASSAY_TRY(wire::Message message, wire::decode(frames->back()));
      ASSAY_CHECK(take(message));
      line_.show(progress());
    }
    return std::move(outcomes_);
  }

 private:
  Status submit() {
    wire::Submit order{{}, true};
    for (size_t i = 0; i < images_.size(); ++i) {
      if (auto platform = read_host_platform(images_[i].job.platform); !platform) {
        outcomes_[i].trouble = platform.error().what;
        continue;
      }
      Submission submission;
      submission.job = images_[i].job;
      submission.fresh = true;  // whoever vets here wants to see it run
      order.submissions.push_back(std::move(submission));
      submitted_.push_back(i);
    }
    return submitted_.empty() ? Status() : link_.send(wire::encode(order));
  }

  Status take(wire::Message& message) {
    if (auto* accepted = std::get_if<wire::Accepted>(&message)) {
      for (size_t i = 0; i < accepted->scan_ids.size() && i < submitted_.size(); ++i) {
        places_[accepted->scan_ids[i]] = submitted_[i];
        outcomes_[submitted_[i]].scan_id = accepted->scan_ids[i];
      }
    }
    if (auto* refused = std::get_if<wire::Refused>(&message)) return Error{Errc::invalid, refused->reason};
    if (auto* progress = std::get_if<wire::Progress>(&message)) running_[progress->scan_id] = progress->phase;
    if (auto* finished = std::get_if<wire::Finished>(&message)) return finish(*finished);
    return Status();
  }

  Status finish(wire::Finished& finished) {
    auto place = places_.find(finished.scan_id);
    if (place == places_.end()) return Status();
    ScanOutcome& outcome = outcomes_[place->second];
    if (finished.ok && finished.report.empty()) {  // too large for a frame
      ASSAY_TRY(finished.report, Keep(farm_.store()).report(finished.scan_id));
    }
    if (finished.ok) {
      if (auto report = parse_report(finished.report))
        outcome.report = std::move(*report);
      else
        outcome.trouble = report.error().what;
    } else {
      outcome.trouble = finished.error.empty() ? "the scan failed" : finished.error;
    }
    ++ended_;
    running_.erase(finished.scan_id);
    tell(images_[place->second], outcome);
    places_.erase(place);
    return Status();
  }

  void tell(const VetImage& image, const ScanOutcome& outcome) {
    line_.clear();
    std::cerr << "[" << ended_ << " of " << submitted_.size() << "] " << printable(image.name, 100) << ": "
              << (outcome.report ? std::string(to_string(outcome.report->verdict)) + " " +
                                       std::to_string(outcome.report->score)
                                 : "no result: " + still_printable(outcome.trouble, 300))
              << "\n";
  }

  // Whether nothing more can end; what has not, says why.
  bool stuck() {
    std::string why;
    if (const auto& trouble = farm_.trouble()) why = trouble->what;
    const auto& fenced = farm_.fenced();
    if (fenced && !places_.contains(fenced->key.scan_id))  // the one that hit still has its report to give
      why = "not run: the agent was fenced after scan " + fenced->key.scan_id + ": " + fenced->reason +
            "; look at this host before you scan on it again";
    if (why.empty()) return false;
    for (size_t place : submitted_)
      if (!outcomes_[place].report && outcomes_[place].trouble.empty()) outcomes_[place].trouble = why;
    return true;
  }

  Status interrupted() {
    clear_signals(signal_fd_);
    if (cancelling_ || places_.empty()) return Error{Errc::cancelled, "interrupted"};
    cancelling_ = true;
    for (const auto& [scan_id, place] : places_)
      ASSAY_CHECK(link_.send(wire::encode(wire::Cancel{scan_id, 0})));
    return Status();
  }

  std::string progress() const {
    std::string out = std::to_string(ended_) + " of " + layout::plural(submitted_.size(), "image") + " done";
    for (const auto& [scan_id, phase] : running_) {
      auto place = places_.find(scan_id);
      if (place == places_.end() || phase == "queued") continue;
      out += "; " + printable(images_[place->second].name, 30) + ": " + phase_text(phase);
    }
    return out;
  }

  Farm& farm_;
  Socket& link_;
  int signal_fd_;
  std::span<const VetImage> images_;
  std::vector<ScanOutcome> outcomes_;
  std::vector<size_t> submitted_;               // places of images
  std::map<std::string, size_t> places_;        // by scan id, of what has not ended
  std::map<std::string, std::string> running_;  // phases, by scan id
  size_t ended_ = 0;
  bool cancelling_ = false;
  StatusLine line_;
};

}  // namespace

Result<std::vector<ScanOutcome>> vet_here(const LocalOptions& local, const VetOptions& options,
                                          std::span<const VetImage> images) {
  ASSAY_CHECK(prepare_agent_process());
  ASSAY_TRY(Fd signals, catch_end_signals());
  ASSAY_TRY(auto rules, find_rules(local.rules));
  AgentConfig agent = local.agent;
  agent.slots = options.at_once;
  for (const VetImage& image : images)
    if (image.job.network == NetworkMode::egress) agent.limits.egress.allowed = true;
  ASSAY_TRY(std::unique_ptr<Farm> farm, Farm::start(rules, agent));
  ASSAY_TRY(Socket link, farm->client());
  return HereScans(*farm, link, signals.get(), images).run();
}

}  // namespace assay::cli
