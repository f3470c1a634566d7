// Taking a full flow table out of the kernel.
#include "agent/trace/flow_collector.h"

#include <bpf/bpf.h>

#include <chrono>

#include "bpf/farm_event.h"
#include "tests/unit/agent/test_image.h"

namespace assay {
namespace {

// As many flows as the table holds: a guest can make them by sending one datagram to each of many addresses.
TEST(FlowCollector, TakesAFullTableInTimeThatGrowsWithItsSize) {
  ASSAY_NEED_ROOT();
  constexpr uint32_t kFlows = 131'072;
  LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_NO_PREALLOC);
  Fd map(
      bpf_map_create(BPF_MAP_TYPE_HASH, "flows", sizeof(farm_flow_key), sizeof(farm_flow), kFlows, &options));
  ASSERT_TRUE(map);
  farm_flow_key key{};
  farm_flow flow{};
  for (uint32_t i = 0; i < kFlows; ++i) {
    std::memcpy(&key, &i, sizeof i);
    ASSERT_EQ(bpf_map_update_elem(map.get(), &key, &flow, BPF_NOEXIST), 0);
  }
  size_t taken = 0;
  auto begin = std::chrono::steady_clock::now();
  FlowCollector::collect_all(map.get(), [&](std::string_view, std::string_view) { ++taken; });
  auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_EQ(taken, kFlows);
  EXPECT_NE(bpf_map_get_next_key(map.get(), nullptr, &key), 0) << "something is left";
  EXPECT_LT(took, std::chrono::seconds(5));
  RecordProperty("ms", static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(took).count()));
}

}  // namespace
}  // namespace assay
