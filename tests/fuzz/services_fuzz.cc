// The simulated services, of anything said to them: the first byte picks whom the guest has reached, the
// second how the rest is cut into pieces. Answers and reports stay bounded.
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <string_view>

#include "agent/sinkhole/talk.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace assay;
  using namespace assay::sinkhole;
  if (size < 2) return 0;
  const Address guest = Address::v4(0xac110002);
  const Peer peers[] = {
      {guest, Address::v4(0xa9fea9fe), 40000, 80, "", "", false},                  // instance metadata
      {guest, Address::v4(0xa9feaa02), 40000, 80, "", "", false},                  // task metadata
      {guest, Address::v4(0x0a600001), 40000, 8001, "", "", false},                // the API server
      {guest, Address::v4(0xc6120307), 40000, 80, "api.telegram.org", "", false},  // and other hosts by Host
      {{}, {}, 0, 0, "", "docker.sock", false},
      {{}, {}, 0, 0, "", "containerd.sock", false},
  };
  static Scene scene([] {
    lure::Lures lures;
    lures.seed.fill(7);
    lures.tokens = lure::draw_tokens(lures.seed, {});
    return lures;
  }());
  Talk talk(peers[data[0] % std::size(peers)], scene);
  std::vector<Report> told;
  std::string_view bytes(reinterpret_cast<const char*>(data + 2), size - 2);
  for (size_t step = 1 + data[1]; !bytes.empty() && !talk.closing();
       bytes.remove_prefix(std::min(step, bytes.size())))
    if (talk.hear(bytes.substr(0, step), 1'700'000'000'000'000'000, told).size() > 2 << 20) std::abort();
  for (const Report& report : told)
    if (encode_report(report).size() > kMaxReportBytes || !decode_report(encode_report(report))) std::abort();
  return 0;
}
