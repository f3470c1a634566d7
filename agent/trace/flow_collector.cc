// Lookup-and-delete on the kernel's flow map.
#include "agent/trace/flow_collector.h"

#include <bpf/bpf.h>

#include <cstring>
#include <vector>

#include "agent/trace/bpf_support.h"
#include "bpf/farm_event.h"
#include "common/clock.h"

namespace assay {
namespace {

constexpr int64_t kLingerNs = 2'000'000'000;
constexpr size_t kMaxKeys = 1 << 18;  // twice what the table holds

void take(int map_fd, const char* key, const FlowCollector::Emit& emit) {
  farm_flow flow;
  if (bpf_map_lookup_and_delete_elem(map_fd, key, &flow) != 0) return;
  emit({key, sizeof(farm_flow_key)}, {reinterpret_cast<const char*>(&flow), sizeof flow});
}

}  // namespace

void FlowCollector::note(std::string_view record) {
  farm_flow_record head;
  if (record.size() < sizeof head) return;
  std::memcpy(&head, record.data(), sizeof head);
  if (head.type != FARM_FLOW_END) return;
  ended_.push_back({wall_ns(), std::string(reinterpret_cast<const char*>(&head.key), sizeof head.key)});
}

void FlowCollector::collect_ended(int64_t now_ns, const Emit& emit) {
  for (; !ended_.empty() && now_ns - ended_.front().time_ns >= kLingerNs; ended_.pop_front())
    take(map_fd_, ended_.front().key.data(), emit);
}

// First all keys, then each: to ask for the first key again and again would walk the emptied part of the
// table each time.
void FlowCollector::collect_all(int map_fd, const Emit& emit) {
  std::vector<farm_flow_key> keys;
  farm_flow_key key;
  while (keys.size() < kMaxKeys &&
         bpf_map_get_next_key(map_fd, keys.empty() ? nullptr : &keys.back(), &key) == 0)
    keys.push_back(key);
  for (const farm_flow_key& each : keys) take(map_fd, reinterpret_cast<const char*>(&each), emit);
}

}  // namespace assay
