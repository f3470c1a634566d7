// PlanBook: the run plan's steps and the ports that were tried, as `provoke` events tell of them
// (agent/provoke). Bounded.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/event.h"
#include "scheduler/score/report.h"

namespace assay {

class PlanBook {
 public:
  static constexpr size_t kMaxSteps = 1000, kMaxPorts = 256, kBannerBytes = 120;

  void add(const Event& event);
  const std::vector<PlanStep>& steps() const { return steps_; }
  /// By protocol and number.
  std::vector<PortProbe> ports() const;
  uint64_t left_out() const { return left_out_; }

 private:
  void add_port(const Event& event);

  std::vector<PlanStep> steps_;
  std::map<std::pair<std::string, uint32_t>, PortProbe> ports_;
  uint64_t left_out_ = 0;
};

}  // namespace assay
