// The name service on any packet: bounded replies that repeat the id, names that are printable, and tunnels
// and bursts that never trip over one. One scene for many packets, as in a scan.
#include <cstdlib>
#include <memory>

#include "agent/sinkhole/dns/dns_service.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace assay::sinkhole;
  static std::unique_ptr<Scene> scene;
  static int used = 0;
  if (!scene || ++used > 10'000) {
    assay::lure::Lures lures;
    lures.tokens = {{"t:1", "aws_key", "/x", {"ZqT4vXw8LmN2pRs6YbCd"}}};
    scene = std::make_unique<Scene>(std::move(lures));
    used = 0;
  }
  std::string_view packet(reinterpret_cast<const char*>(data), size);
  std::vector<Report> told;
  DnsReply reply = answer_name_query(packet, *scene, used * 100'000'000ll, told);
  if (!reply.packet.empty() && reply.packet.substr(0, 2) != packet.substr(0, 2)) std::abort();
  if (reply.packet.size() > packet.size() + 400) std::abort();
  if (reply.question)
    for (char c : reply.question->name)
      if (c <= ' ' || c == 0x7f) std::abort();
  for (const Report& report : told)
    if (!decode_report(encode_report(report))) std::abort();
  return 0;
}
