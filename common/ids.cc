// Scan ids made and checked.
#include "common/ids.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <random>

namespace assay {

namespace {

std::string second_of(std::time_t seconds) {
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char time[32];
  std::strftime(time, sizeof time, "%Y%m%dT%H%M%S-", &utc);
  return time;
}

std::string second_of(std::chrono::system_clock::time_point now) {
  return second_of(std::chrono::system_clock::to_time_t(now));
}

std::string id_of(const std::string& second, uint32_t number) {
  char digits[16];
  std::snprintf(digits, sizeof digits, "%08x", number);
  return second + digits;
}

}  // namespace

std::string make_scan_id(std::chrono::system_clock::time_point now) {
  std::random_device random;
  return id_of(second_of(now), random());
}

std::string scan_id_at(int64_t second, uint32_t number) {
  return id_of(second_of(static_cast<std::time_t>(second)), number);
}

std::string ScanIds::next(std::chrono::system_clock::time_point now) {
  // A clock that was set back does not bring ids back.
  std::string second = std::max(second_of(now), second_);
  if (second != second_) {
    second_ = second;
    number_ = std::random_device()() & 0x7fffffff;  // room to count up
  }
  return id_of(second_, number_++);
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
