// What an answer's headers say, and text for URLs. Pure.
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

std::string url_encode(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF", kPlain = "-._~";
  std::string out;
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                 kPlain.find(c) != std::string_view::npos;
    if (plain)
      out += c;
    else
      (out += '%') += {kHex[byte >> 4], kHex[byte & 15]};
  }
  return out;
}

}  // namespace assay::sources
