// Escaping as WHATWG's HTML wants it (13.1.2.3 attributes, 13.1.4 character references).
#include "scheduler/export/html_writer.h"

#include <algorithm>

#include "common/text.h"
#include "scheduler/score/text_layout.h"

namespace assay::html {
namespace {

void append_escaped(std::string& out, std::string_view text) {
  for (char c : text) switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
}

// At most `limit` bytes, not ending within a character.
std::string_view head(std::string_view text, size_t limit) {
  if (text.size() <= limit) return text;
  size_t end = limit;
  while (end > 0 && (static_cast<uint8_t>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

// Up to the line break that printable() wrote as \x0a; a backslash of the text's own is doubled before it.
constexpr std::string_view kLineBreak = "\\x0a";
size_t line_end(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i).starts_with(kLineBreak)) return i;
    if (text[i] == '\\') ++i;
  }
  return text.size();
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  append_escaped(out, still_printable(text));
  return out;
}

Element::~Element() {
  if (writer_ == nullptr) return;
  writer_->out_ += "</";
  writer_->out_ += tag_;
  writer_->out_ += '>';
}

void Writer::start(const char* tag, Attrs attrs) {
  out_ += '<';
  out_ += tag;
  for (const Attr& attr : attrs) {
    out_ += ' ';
    out_ += attr.name;
    out_ += "=\"";
    append_escaped(out_, still_printable(attr.value));
    out_ += '"';
  }
  out_ += '>';
}

Element Writer::in(const char* tag, Attrs attrs) {
  start(tag, attrs);
  return Element(this, tag);
}

void Writer::lone(const char* tag, Attrs attrs) { start(tag, attrs); }

Writer& Writer::text(std::string_view words) {
  append_escaped(out_, still_printable(words));
  return *this;
}

void Writer::put(const char* tag, std::string_view words, Attrs attrs) {
  Element element = in(tag, attrs);
  text(words);
}

Writer& Writer::theirs(std::string_view words, size_t limit) {
  std::string_view shown = head(words, limit);
  put("bdi", shown);
  if (shown.size() < words.size()) more(words.size() - shown.size());
  return *this;
}

Writer& Writer::code(std::string_view words, size_t limit) {
  Element element = in("code");
  return theirs(words, limit);
}

void Writer::block(std::string_view words, size_t limit, std::string_view label) {
  Element element = in("pre", {{"tabindex", "0"}, {"role", "region"}, {"aria-label", std::string(label)}});
  std::string_view shown = head(words, limit), rest = shown;
  while (!rest.empty()) {
    size_t end = line_end(rest);
    put("bdi", rest.substr(0, end));
    out_ += '\n';
    rest.remove_prefix(std::min(rest.size(), end + kLineBreak.size()));
  }
  if (shown.size() < words.size()) more(words.size() - shown.size());
}

void Writer::more(size_t bytes) {
  put("span", "… " + layout::count_text(bytes) + " bytes more", {{"class", "cut"}});
}

void Writer::style(std::string_view css) {
  Element element = in("style");
  out_ += css;
}

}  // namespace assay::html
