// What comes to the agent from its forwarder, and what the forwarder makes of datagrams: reports that decode
// are the same bytes again, configurations that are read are read again, and a datagram's packets fit the
// link and hold it.
#include <cstdlib>

#include "agent/egress/config.h"
#include "agent/egress/packet.h"
#include "agent/egress/report.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace assay::egress;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  if (auto report = decode_report(input); report && encode_report(*report) != input) std::abort();
  if (auto config = decode_config(input)) {
    std::string text = encode_config(*config);
    auto again = decode_config(text);
    if (!again || encode_config(*again) != text) std::abort();
  }
  bool six = size % 2 == 1;
  Endpoint from{six ? Address{{0x26, 6}} : Address::v4(0x08080808), 53};
  Endpoint to{six ? Address{{0xfd}} : Address::v4(0xac110002), 40'000};
  size_t held = 0;
  for (const std::string& packet : udp_packets(from, to, input, 1)) {
    if (packet.size() > kMtu) std::abort();
    bool fragment = six && packet[6] == 44;
    held += packet.size() - (six ? 40 : 20) - (fragment ? 8 : 0);
  }
  if (size <= kMaxDatagram && held != size + 8) std::abort();
  return 0;
}
