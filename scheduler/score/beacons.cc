// Starts of connections by destination; medians of their gaps.
#include "scheduler/score/beacons.h"

#include <algorithm>

#include "common/text.h"
#include "scheduler/score/event_facts.h"
#include "scheduler/score/peer_fields.h"
#include "scheduler/score/process_fields.h"

namespace assay {
namespace {

int64_t median(std::vector<int64_t> values) {
  auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Datagrams have no connect() that could be relied upon; names and time are asked for by every host.
bool begins(const Event& event, const NetworkMap& network) {
  if (!is_remote(event.dst_addr)) return false;
  if (event.kind == EventKind::connect) return event.proto == "tcp" && event.dst_port != 0;
  return event.kind == EventKind::flow_start && event.proto == "udp" && event.dst_port != 53 &&
         event.dst_port != 123 && network.outbound(event);
}

}  // namespace

void Beacons::add(const Event& event) {
  if (!begins(event, network_) || network_.is_probe(event)) return;
  if (tree_.is_starter(event.pid)) return;
  const std::string& name = network_.name_of(event.dst_addr);
  Key key{name.empty() ? event.dst_addr : name, event.dst_port, event.proto};
  if (destinations_.size() >= kMaxDestinations && !destinations_.contains(key)) return;
  Destination& to = destinations_[key];
  bool fresh = to.starts.empty() || event.time_ns - to.starts.back() >= kSameNs;
  if (fresh && to.starts.size() < kMaxStarts) to.starts.push_back(event.time_ns);
  to.last = event;
  to.process = tree_.find(event.pid);
}

void Beacons::finish(const Emit& emit) const {
  for (const auto& [key, to] : destinations_) {
    if (to.starts.size() < kLeastStarts) continue;
    std::vector<int64_t> gaps, off;
    for (size_t i = 1; i < to.starts.size(); ++i) gaps.push_back(to.starts[i] - to.starts[i - 1]);
    int64_t interval = median(gaps);
    if (interval < kLeastIntervalNs) continue;
    for (int64_t gap : gaps) off.push_back(std::abs(gap - interval));
    auto jitter = static_cast<uint64_t>(median(off) * 100 / interval);
    auto seconds = static_cast<uint64_t>((interval + 500'000'000) / 1'000'000'000);
    Record record(Category::beacon);
    add_process_fields(record, tree_, to.process);
    add_peer(record, network_, to.last.proto, to.last.dst_addr, to.last.dst_port);
    record.own(Field::Count, static_cast<uint64_t>(to.starts.size()));
    record.own(Field::IntervalSeconds, seconds);
    record.own(Field::JitterPercent, jitter);
    record.evidence = printable(std::get<0>(key)) + ":" + std::to_string(to.last.dst_port) + " contacted " +
                      std::to_string(to.starts.size()) + " times, every " + std::to_string(seconds) +
                      " s, give or take " + std::to_string(jitter) + " %";
    emit(record, to.last);
  }
}

}  // namespace assay
