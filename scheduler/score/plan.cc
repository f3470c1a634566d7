// Steps in order; of several tries of a port, the one that was answered counts.
#include "scheduler/score/plan.h"

#include "common/text.h"

namespace assay {

void PlanBook::add(const Event& e) {
  if (e.kind != EventKind::provoke) return;
  if (steps_.size() < kMaxSteps)
    steps_.push_back(
        {e.call, e.path.substr(0, 4096), e.name, static_cast<int32_t>(e.result), e.pid, e.duration_ns});
  else
    ++left_out_;
  if (e.dst_port == 0) return;
  auto key = std::make_pair(e.proto, e.dst_port);
  if (ports_.size() >= kMaxPorts && !ports_.contains(key)) return;
  PortProbe& port = ports_[key];
  port.port = (e.proto.empty() ? "tcp" : e.proto) + "/" + std::to_string(e.dst_port);
  if (port.answered || e.data.empty()) return;
  port.answered = true;
  port.app = e.app;
  port.banner = e.data.substr(0, kBannerBytes);
}

std::vector<PortProbe> PlanBook::ports() const {
  std::vector<PortProbe> out;
  for (const auto& [key, port] : ports_) out.push_back(port);
  return out;
}

}  // namespace assay
