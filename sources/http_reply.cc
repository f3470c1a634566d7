// What an answer's headers say. Pure.
#include <curl/curl.h>

#include <algorithm>
#include <charconv>

#include "sources/http.h"

namespace assay::sources {

namespace {
constexpr int64_t kLongestRetryS = 24 * 3600;
}

std::string HttpReply::header(const std::string& lower_case_name) const {
  auto found = headers.find(lower_case_name);
  return found == headers.end() ? "" : found->second;
}

std::optional<std::chrono::milliseconds> HttpReply::retry_after(int64_t now_s) const {
  std::string text = header("retry-after");
  int64_t seconds = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (text.empty()) return std::nullopt;
  if (error != std::errc() || end != text.data() + text.size()) {
    time_t when = curl_getdate(text.c_str(), nullptr);
    if (when == -1) return std::nullopt;
    seconds = static_cast<int64_t>(when) - now_s;
  }
  return std::chrono::seconds(std::clamp<int64_t>(seconds, 0, kLongestRetryS));
}

}  // namespace assay::sources
