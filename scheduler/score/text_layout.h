// text_layout: columns, wrapping, colour and units for the text report. Pure text; knows nothing of reports.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace assay::layout {

/// Columns that UTF-8 text takes, one per code point (wide scripts come out too narrow: their lines may run
/// over, nothing else).
size_t columns(std::string_view text);
/// At most `width` columns, with an ellipsis when something was cut.
std::string fit(std::string_view text, size_t width);
/// fit(), then spaces up to `width`.
std::string pad(std::string_view text, size_t width);
/// Lines of at most `width` columns, broken between words where possible.
std::vector<std::string> wrap(std::string_view text, size_t width);

std::string size_text(uint64_t bytes);                        // "1.2 KiB"
std::string count_text(uint64_t count);                       // "1,234"
std::string plural(uint64_t count, const std::string& noun);  // "1 event", "3 events"
std::string seconds_text(int64_t ns);                         // "1.234 s"
std::string utc_text(int64_t epoch_ns);                       // "2026-11-25 03:15:00 UTC"

enum class Ink { plain, bold, dim, red, yellow, green, cyan };
class Paint {
 public:
  explicit Paint(bool color) : color_(color) {}
  /// `text` in the ink, if colours are on.
  std::string operator()(Ink ink, const std::string& text) const;

 private:
  bool color_;
};

}  // namespace assay::layout
