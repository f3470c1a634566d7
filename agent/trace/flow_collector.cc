// Lookup-and-delete on the kernel's flow map.
#include "agent/trace/flow_collector.h"

#include <bpf/bpf.h>

#include <cstring>

#include "agent/trace/bpf_support.h"
#include "bpf/farm_event.h"
#include "common/clock.h"

namespace assay {
namespace {

constexpr int64_t kLingerNs = 2'000'000'000;

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

void FlowCollector::collect_all(int map_fd, const Emit& emit) {
  farm_flow_key key;
  while (bpf_map_get_next_key(map_fd, nullptr, &key) == 0) {
    auto bytes = std::string(reinterpret_cast<const char*>(&key), sizeof key);
    size_t before = bytes.size();
    take(map_fd, bytes.data(), emit);
    if (bpf_map_get_next_key(map_fd, nullptr, &key) == 0 && std::memcmp(&key, bytes.data(), before) == 0)
      break;  // cannot be removed
  }
}

}  // namespace assay
