// pull_log: what skopeo logs (logrus lines, with --debug), read as it comes. skopeo sleeps and tries again by
// itself when a registry answers 429, for as long as minutes, and says so only in its debug log. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace assay {

class SkopeoLog {
 public:
  static constexpr size_t kMaxBytes = 64 * 1024;  // kept
  static constexpr std::chrono::milliseconds kLongestPause{3'600'000};

  void add(std::string_view bytes);
  /// Set once the registry has answered that it wants to be left alone: for how long, 0 if it did not say.
  std::optional<std::chrono::milliseconds> busy() const { return busy_; }
  /// Everything but debug lines, the newest kept.
  const std::string& text() const { return text_; }
  /// The last, unfinished line too.
  void end();

 private:
  void take(std::string_view line);
  std::string partial_, text_;
  std::optional<std::chrono::milliseconds> said_, busy_;
  bool asked_ = false;  // a Retry-After header was there
};

}  // namespace assay
