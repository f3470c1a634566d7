// html_writer: the only place that turns text into markup. Elements close themselves, every text and every
// attribute's value is escaped, and what came from the image stands isolated in a <bdi>: nothing in it can
// become a tag, end an attribute, or turn the direction of what is beside it. Knows nothing of reports.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace assay::html {

/// An attribute. The name is ours; the value may be anybody's.
struct Attr {
  const char* name;
  std::string value;
};
using Attrs = std::initializer_list<Attr>;

class Writer;

/// An element that is open until this object's end.
class [[nodiscard]] Element {
 public:
  Element(Element&& other) noexcept : writer_(other.writer_), tag_(other.tag_) { other.writer_ = nullptr; }
  Element& operator=(Element&&) = delete;
  ~Element();

 private:
  friend class Writer;
  Element(Writer* writer, const char* tag) : writer_(writer), tag_(tag) {}
  Writer* writer_;
  const char* tag_;
};

class Writer {
 public:
  static constexpr size_t kShownBytes = 600;  // of one text of the image's

  void doctype() { out_ += "<!DOCTYPE html>\n"; }
  /// Opens <tag>. Tags and names of attributes are literals of ours.
  Element in(const char* tag, Attrs attrs = {});
  /// An element that has no end tag: <meta>.
  void lone(const char* tag, Attrs attrs);
  /// Our own words.
  Writer& text(std::string_view words);
  /// Our own words in an element.
  void put(const char* tag, std::string_view words, Attrs attrs = {});
  /// What came from the image, the network or the guest: isolated, characters that hide or reorder as \xNN,
  /// cut to `limit` bytes with a note of how much more there was.
  Writer& theirs(std::string_view text, size_t limit = kShownBytes);
  /// The same, in the face for code.
  Writer& code(std::string_view text, size_t limit = kShownBytes);
  /// Several lines of it, in a <pre>: the line breaks that printable() wrote as \x0a are breaks again.
  /// `label` is what assistive software calls it.
  void block(std::string_view text, size_t limit, std::string_view label);
  /// A style sheet of ours, as it is.
  void style(std::string_view css);

  size_t size() const { return out_.size(); }
  std::string take() { return std::move(out_); }

 private:
  friend class Element;
  void start(const char* tag, Attrs attrs);
  void more(size_t bytes);
  std::string out_;
};

/// &, <, > and both quotes as references; whatever printable() would not let through as \xNN.
std::string escaped(std::string_view text);

}  // namespace assay::html
