// Scan ids made and checked.
#include "common/ids.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <random>

namespace assay {

std::string make_scan_id(std::chrono::system_clock::time_point now) {
  std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char time[32], id[48];
  std::strftime(time, sizeof time, "%Y%m%dT%H%M%S", &utc);
  std::random_device random;
  std::snprintf(id, sizeof id, "%s-%08x", time, static_cast<unsigned>(random()));
  return id;
}

bool is_scan_id(std::string_view text) {
  constexpr std::string_view kShape =
      "dddddddd\x01"
      "dddddd\x02hhhhhhhh";
  if (text.size() != kShape.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    bool digit = c >= '0' && c <= '9';
    bool ok = kShape[i] == 'd'   ? digit
              : kShape[i] == 'h' ? digit || (c >= 'a' && c <= 'f')
                                 : c == (kShape[i] == 1 ? 'T' : '-');
    if (!ok) return false;
  }
  return true;
}

}  // namespace assay
