// A number and its unit.
#include "common/units.h"

#include <charconv>
#include <map>
#include <string>

#include "common/text.h"

namespace assay {
namespace {

using Units = std::map<std::string_view, uint64_t>;

// The number in the smallest unit, or nothing.
bool parse(std::string_view text, const Units& units, uint64_t most, uint64_t& out) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  auto unit = units.find(text.substr(static_cast<size_t>(end - text.data())));
  if (error != std::errc() || unit == units.end() || out > most / unit->second) return false;
  out *= unit->second;
  return true;
}

}  // namespace

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  static const Units kUnits = {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}};
  uint64_t value = 0;
  if (!parse(text, kUnits, 1'000'000'000'000, value))
    return Error{Errc::invalid,
                 "duration '" + printable(text, 64) + "' is not a number with ms, s, m or h, as in 30s"};
  return std::chrono::milliseconds(value);
}

Result<uint64_t> parse_bytes(std::string_view text) {
  static const Units kUnits = {
      {"", 1}, {"K", 1ull << 10}, {"M", 1ull << 20}, {"G", 1ull << 30}, {"T", 1ull << 40}};
  uint64_t value = 0;
  if (!parse(text, kUnits, 1ull << 60, value))
    return Error{Errc::invalid,
                 "size '" + printable(text, 64) + "' is not a number with K, M, G or T, as in 512M"};
  return value;
}

}  // namespace assay
