// A whole conversation: the first byte picks the port and whether the client waits for a greeting first, the
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
  constexpr uint16_t kPorts[] = {21, 22, 25, 80, 465, 587, 1080, 3306, 3333, 5432, 6379, 6667, 8080, 40'000};
  constexpr size_t kMaxReports = 4096;  // of TLS and HTTP, too, which bound theirs by themselves
  lure::Lures lures;
  lures.seed.fill(7);
  Scene scene(lures);
  scene.awaited[40'000] = {"", "upload", false};
  uint16_t port = kPorts[(data[0] & 0x7f) % std::size(kPorts)];
  Talk talk({Address::v4(0xac110002), Address::v4(0xc6120307), 40000, port, "fuzz.example", "", false},
            scene);
  std::vector<Report> told;
  std::string_view bytes(reinterpret_cast<const char*>(data + 2), size - 2);
  if (data[0] & 0x80) talk.silence(1, told);
  for (size_t step = 1 + data[1]; !bytes.empty() && !talk.closing();
       bytes.remove_prefix(std::min(step, bytes.size())))
    if (talk.hear(bytes.substr(0, step), 1'700'000'000'000'000'000, told).size() > 1 << 20) std::abort();
  if (told.size() > kMaxReports) std::abort();
  for (const Report& report : told)
    if (encode_report(report).size() > kMaxReportBytes || !decode_report(encode_report(report))) std::abort();
  return 0;
}
