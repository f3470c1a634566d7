// Steps in order, ports by their numbers.
#include "scheduler/score/plan.h"

#include <charconv>

namespace assay {

void PlanBook::add(const Event& e) {
  if (e.kind != EventKind::provoke) return;
  if (steps_.size() < kMaxSteps)
    steps_.push_back({e.call, e.path.substr(0, 4096), e.name, static_cast<int32_t>(e.result), e.pid,
                      e.duration_ns, e.time_ns});
  else
    ++left_out_;
  if (e.call == "port") add_port(e);
}

// "tcp/80"; of several tries the answered one counts, else the first.
void PlanBook::add_port(const Event& e) {
  uint32_t number = 0;
  size_t slash = e.path.find('/');
  if (slash == std::string::npos || slash > 8) return;
  auto [end, error] = std::from_chars(e.path.data() + slash + 1, e.path.data() + e.path.size(), number);
  if (error != std::errc() || *end != 0 || number > 65535) return;
  auto key = std::make_pair(e.path.substr(0, slash), number);
  bool fresh = !ports_.contains(key);
  if (fresh && ports_.size() >= kMaxPorts) return;
  PortProbe& port = ports_[key];
  bool answered = !e.data.empty() || !e.app.empty();
  if (!fresh && (port.answered || !answered)) return;
  port = {e.path, answered, e.name, e.app, e.data.substr(0, kBannerBytes)};
}

std::vector<PortProbe> PlanBook::ports() const {
  std::vector<PortProbe> out;
  for (const auto& [key, port] : ports_) out.push_back(port);
  return out;
}

}  // namespace assay
