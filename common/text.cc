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

struct Points {
  uint32_t first, last;
};
// Characters that move, hide or reorder what a reader sees: controls, separators of lines, marks and
// overrides of direction, and all that Unicode 15 draws as nothing (Default_Ignorable_Code_Point, and its
// four fillers); U+FFFE and U+FFFF are none. In order.
constexpr Points kHidden[] = {{0x00, 0x1f},       {'\\', '\\'},      {0x7f, 0x9f},     {0xad, 0xad},
                              {0x34f, 0x34f},     {0x61c, 0x61c},    {0x115f, 0x1160}, {0x17b4, 0x17b5},
                              {0x180b, 0x180f},   {0x200b, 0x200f},  {0x2028, 0x202e}, {0x2060, 0x206f},
                              {0x2800, 0x2800},   {0x3164, 0x3164},  {0xfe00, 0xfe0f}, {0xfeff, 0xfeff},
                              {0xffa0, 0xffa0},   {0xfff0, 0xfffb},  {0xfffe, 0xffff}, {0x1bca0, 0x1bca3},
                              {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff}};

bool shows_as_itself(uint32_t point) {
  for (const Points& hidden : kHidden)
    if (point <= hidden.last) return point < hidden.first;
  return true;
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
