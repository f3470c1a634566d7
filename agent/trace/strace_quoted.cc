// Go's quoting (strconv.Quote): \a \b \f \n \r \t \v \\ \" \xNN \uNNNN \UNNNNNNNN; all else as it is.
#include "agent/trace/strace_quoted.h"

#include <charconv>

#include "agent/trace/seccheck_decode.h"

namespace assay {
namespace {

void append_utf8(std::string& out, uint32_t c) {
  auto put = [&](uint32_t byte) { out += static_cast<char>(byte); };
  if (c < 0x80) return put(c);
  if (c < 0x800) {
    put(0xc0 | c >> 6);
  } else if (c < 0x10000) {
    put(0xe0 | c >> 12);
    put(0x80 | (c >> 6 & 0x3f));
  } else {
    put(0xf0 | (c >> 18 & 7));
    put(0x80 | (c >> 12 & 0x3f));
    put(0x80 | (c >> 6 & 0x3f));
  }
  put(0x80 | (c & 0x3f));
}

// Takes one escape off `text`, which begins behind the backslash.
bool unescape(std::string_view& text, std::string& out) {
  constexpr std::string_view kLetters = "abfnrtv", kMeanings = "\a\b\f\n\r\t\v";
  char letter = text[0];
  text.remove_prefix(1);
  if (size_t at = kLetters.find(letter); at != std::string_view::npos) {
    out += kMeanings[at];
    return true;
  }
  size_t digits = letter == 'x' ? 2 : letter == 'u' ? 4 : letter == 'U' ? 8 : 0;
  if (digits == 0) {
    out += letter;  // \\ and \"
    return true;
  }
  uint32_t value = 0;
  if (text.size() < digits) return false;
  auto [end, error] = std::from_chars(text.data(), text.data() + digits, value, 16);
  if (error != std::errc() || end != text.data() + digits) return false;
  text.remove_prefix(digits);
  if (letter == 'x')
    out += static_cast<char>(value);
  else
    append_utf8(out, value);
  return true;
}

}  // namespace

std::vector<std::string> parse_quoted_list(std::string_view text, uint64_t& truncated) {
  std::vector<std::string> out;
  size_t bytes = 0;
  if (!text.starts_with('[')) return out;
  text.remove_prefix(1);
  while (text.starts_with('"')) {
    text.remove_prefix(1);
    std::string item;
    while (!text.empty() && text[0] != '"') {
      if (text[0] != '\\' || text.size() == 1) {
        item += text[0];
        text.remove_prefix(1);
        continue;
      }
      text.remove_prefix(1);
      if (!unescape(text, item)) return out;
    }
    if (text.empty()) return out;
    text.remove_prefix(1);
    if (item.size() > kMaxItemBytes) {
      truncated += item.size() - kMaxItemBytes;
      item.resize(kMaxItemBytes);
    }
    if (out.size() < kMaxItems && bytes < kMaxListBytes) {
      bytes += item.size();
      out.push_back(std::move(item));
    } else {
      truncated += item.size() + 1;
    }
    if (text.starts_with(", ")) text.remove_prefix(2);
  }
  return out;
}

}  // namespace assay
