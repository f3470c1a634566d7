// Layout of UTF-8 text by code points.
#include "scheduler/score/text_layout.h"

#include <cinttypes>
#include <cstdio>
#include <ctime>

namespace assay::layout {
namespace {

bool starts_point(char c) { return (static_cast<uint8_t>(c) & 0xc0) != 0x80; }

// Bytes of the first `width` columns.
size_t bytes_of(std::string_view text, size_t width) {
  size_t seen = 0;
  for (size_t i = 0; i < text.size(); ++i)
    if (starts_point(text[i]) && seen++ == width) return i;
  return text.size();
}

}  // namespace

size_t columns(std::string_view text) {
  size_t out = 0;
  for (char c : text) out += starts_point(c);
  return out;
}

std::string fit(std::string_view text, size_t width) {
  if (columns(text) <= width) return std::string(text);
  if (width == 0) return {};
  return std::string(text.substr(0, bytes_of(text, width - 1))) + "…";
}

std::string pad(std::string_view text, size_t width) {
  std::string out = fit(text, width);
  size_t used = columns(out);
  return used < width ? out + std::string(width - used, ' ') : out;
}

std::vector<std::string> wrap(std::string_view text, size_t width) {
  std::vector<std::string> out;
  if (width < 8) width = 8;
  while (!text.empty()) {
    size_t line = bytes_of(text, width);
    size_t next = line;
    auto newline = text.substr(0, line).find('\n');
    if (newline != std::string_view::npos) {
      line = newline;
      next = newline + 1;
    } else if (line < text.size() && text[line] == ' ') {
      next = line + 1;
    } else if (line < text.size()) {
      auto space = text.substr(0, line).rfind(' ');
      if (space != std::string_view::npos && space > 0) {
        line = space;
        next = space + 1;
      }
    }
    out.emplace_back(text.substr(0, line));
    text.remove_prefix(next);
  }
  return out;
}

std::string size_text(uint64_t bytes) {
  static constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1024) return std::to_string(bytes) + " B";
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1024 && unit + 1 < std::size(kUnits)) value /= 1024, ++unit;
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %s", value, kUnits[unit]);
  return text;
}

std::string count_text(uint64_t count) {
  std::string out = std::to_string(count);
  for (size_t at = out.size(); at > 3;) out.insert(at -= 3, ",");
  return out;
}

std::string plural(uint64_t count, const std::string& noun) {
  if (count == 1) return "1 " + noun;
  bool es = noun.ends_with("s") || noun.ends_with("h");
  return count_text(count) + " " + noun + (es ? "es" : "s");
}

std::string seconds_text(int64_t ns) {
  char text[32];
  std::snprintf(text, sizeof text, ns >= 10'000'000'000 ? "%.1f s" : "%.3f s", static_cast<double>(ns) / 1e9);
  return text;
}

std::string utc_text(int64_t epoch_ns) {
  std::time_t seconds = epoch_ns / 1'000'000'000;
  std::tm parts{};
  if (epoch_ns <= 0 || gmtime_r(&seconds, &parts) == nullptr) return "unknown time";
  char text[40];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts);
  return text;
}

std::string Paint::operator()(Ink ink, const std::string& text) const {
  if (!color_ || ink == Ink::plain || text.empty()) return text;
  static constexpr const char* kCodes[] = {"0", "1", "2", "1;31", "1;33", "1;32", "36"};
  return std::string("\x1b[") + kCodes[static_cast<size_t>(ink)] + "m" + text + "\x1b[0m";
}

}  // namespace assay::layout
