// The two lines of containers/image (docker/docker_client.go) that matter:
//   Detected 'Retry-After' header "37"
//   Too many requests to URL: sleeping for 37.000000 seconds before next attempt
// The header's number counts, not the sleep, which skopeo cuts to a minute; a date is only seen as the sleep.
#include "agent/pull_log.h"

#include <algorithm>
#include <charconv>

namespace assay {
namespace {

constexpr std::string_view kHeader = "msg=\"Detected 'Retry-After' header \\\"";
constexpr std::string_view kTooMany = "msg=\"Too many requests to ";
constexpr std::string_view kSleeping = "sleeping for ";

std::optional<std::chrono::milliseconds> seconds_at(std::string_view text) {
  uint64_t seconds = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (end == text.data()) return std::nullopt;
  auto most = static_cast<uint64_t>(SkopeoLog::kLongestPause.count()) / 1000;
  if (error != std::errc()) seconds = most;
  return std::chrono::milliseconds(std::min(seconds, most) * 1000);
}

// What stands behind the last `mark`: a URL before it may hold the same words.
std::string_view behind(std::string_view line, std::string_view mark) {
  size_t at = line.rfind(mark);
  return at == std::string_view::npos ? std::string_view() : line.substr(at + mark.size());
}

}  // namespace

void SkopeoLog::add(std::string_view bytes) {
  while (!bytes.empty()) {
    size_t end = bytes.find('\n');
    std::string_view part = bytes.substr(0, end);
    if (partial_.size() < kMaxBytes) partial_ += part.substr(0, kMaxBytes - partial_.size());
    if (end == std::string_view::npos) return;
    take(partial_);
    partial_.clear();
    bytes.remove_prefix(end + 1);
  }
}

void SkopeoLog::end() {
  if (!partial_.empty()) take(partial_);
  partial_.clear();
}

void SkopeoLog::take(std::string_view line) {
  if (line.find("level=debug") == std::string_view::npos) {
    text_ += std::string(line) + "\n";
    if (text_.size() > kMaxBytes) text_.erase(0, text_.size() - kMaxBytes);
    return;
  }
  if (line.find(kHeader) != std::string_view::npos) {
    asked_ = true;
    said_ = seconds_at(behind(line, kHeader));
  } else if (line.find(kTooMany) != std::string_view::npos) {
    if (asked_ && !said_) said_ = seconds_at(behind(line, kSleeping));
    busy_ = said_.value_or(std::chrono::milliseconds(0));
  }
}

}  // namespace assay
