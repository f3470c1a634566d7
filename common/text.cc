// UTF-8 validated and escaped.
#include "common/text.h"

#include <cstdint>

#include "common/utf8.h"

namespace assay {
namespace {

// Length of the well-formed UTF-8 sequence at the start of `s` and its code point (Unicode 15, table 3-7); 0
// if malformed.
size_t sequence(std::string_view s, uint32_t& point) {
  auto byte = [&](size_t i) { return i < s.size() ? static_cast<uint8_t>(s[i]) : 0u; };
  auto tail = [&](size_t i) { return (byte(i) & 0xc0) == 0x80; };
  uint32_t b = byte(0);
  if (b < 0x80) {
    point = b;
    return 1;
  }
  if (b >= 0xc2 && b <= 0xdf && tail(1)) {
    point = (b & 0x1f) << 6 | (byte(1) & 0x3f);
    return 2;
  }
  if (b >= 0xe0 && b <= 0xef && tail(1) && tail(2)) {
    point = (b & 0xf) << 12 | (byte(1) & 0x3f) << 6 | (byte(2) & 0x3f);
    return point >= 0x800 && (point < 0xd800 || point > 0xdfff) ? 3 : 0;
  }
  if (b >= 0xf0 && b <= 0xf4 && tail(1) && tail(2) && tail(3)) {
    point = (b & 7) << 18 | (byte(1) & 0x3f) << 12 | (byte(2) & 0x3f) << 6 | (byte(3) & 0x3f);
    return point >= 0x10000 && point <= 0x10ffff ? 4 : 0;
  }
  return 0;
}

// Characters that move, hide or reorder what a reader sees.
bool shows_as_itself(uint32_t point) {
  if (point < 0x20 || (point >= 0x7f && point <= 0x9f)) return false;
  if (point == 0x061c || (point >= 0x200b && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e))
    return false;
  if (point == 0xad || point == 0x34f || point == 0x180e || (point >= 0xfff9 && point <= 0xfffb))
    return false;
  if (point >= 0xe0000 && point <= 0xe0fff) return false;  // tags and variation selectors
  return !(point >= 0x2060 && point <= 0x206f) && point != 0xfeff && point != '\\';
}

}  // namespace

bool is_utf8(std::string_view bytes) {
  while (!bytes.empty()) {
    uint32_t point = 0;
    size_t length = sequence(bytes, point);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

std::string printable(std::string_view bytes) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    uint32_t point = 0;
    size_t length = sequence(bytes, point);
    if (length != 0 && shows_as_itself(point)) {
      out.append(bytes.substr(0, length));
    } else if (bytes[0] == '\\') {
      out += "\\\\";
      length = 1;
    } else {
      length = length == 0 ? 1 : length;
      for (size_t i = 0; i < length; ++i) {
        auto byte = static_cast<uint8_t>(bytes[i]);
        out += "\\x";
        out += kHex[byte >> 4];
        out += kHex[byte & 15];
      }
    }
    bytes.remove_prefix(length);
  }
  return out;
}

namespace {

// At most `limit` bytes, and not to the middle of a character, if it is one.
std::string_view cut(std::string_view bytes, size_t limit) {
  size_t end = limit;
  for (size_t back = 1; back <= 3 && back <= limit; ++back) {
    uint32_t point = 0;
    size_t length = sequence(bytes.substr(limit - back), point);
    if (length > back) end = limit - back;
    if (length != 0) break;
  }
  return bytes.substr(0, end);
}

}  // namespace

std::string printable(std::string_view bytes, size_t limit) {
  return bytes.size() <= limit ? printable(bytes) : printable(cut(bytes, limit)) + "...";
}

std::string still_printable(std::string_view text) {
  std::string out;
  for (;;) {
    size_t at = text.find('\\');
    out += printable(text.substr(0, at));
    if (at == std::string_view::npos) return out;
    out += '\\';
    text.remove_prefix(at + 1);
  }
}

std::string still_printable(std::string_view text, size_t limit) {
  return text.size() <= limit ? still_printable(text) : still_printable(cut(text, limit)) + "...";
}

}  // namespace assay
