// frames: for protocols whose messages stand behind a header with their length: hostile bytes cut into
// messages, of which a bounded part is kept. And the numbers in them. Pure.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace assay::sinkhole {

inline uint32_t number_be(std::string_view bytes) {
  uint32_t out = 0;
  for (char c : bytes) out = out << 8 | static_cast<uint8_t>(c);
  return out;
}
inline uint32_t number_le(std::string_view bytes) {
  uint32_t out = 0;
  for (size_t i = bytes.size(); i > 0; --i) out = out << 8 | static_cast<uint8_t>(bytes[i - 1]);
  return out;
}
inline std::string be16(uint32_t value) { return {static_cast<char>(value >> 8), static_cast<char>(value)}; }
inline std::string be32(uint32_t value) { return be16(value >> 16) + be16(value & 0xffff); }
inline std::string le(uint32_t value, size_t bytes) {
  std::string out;
  for (size_t i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
  return out;
}

class Frames {
 public:
  static constexpr size_t kMaxKeptBytes = 16 * 1024;  // of a message; the rest is skipped
  /// How many bytes follow this header; nullopt: it cannot be one.
  using Length = std::optional<uint32_t> (*)(std::string_view header);

  Frames(size_t header_bytes, Length length) : header_bytes_(header_bytes), length_(length) {}
  /// From the next message on.
  void expect(size_t header_bytes, Length length) { header_bytes_ = header_bytes, length_ = length; }
  bool broken() const { return broken_; }

  /// Calls heard(header, body) for each message that ends within `bytes`, until it returns false. Returns
  /// what follows that message.
  template <class Heard>
  std::string_view feed(std::string_view bytes, Heard&& heard) {
    while (!broken_) {
      if (!left_) {
        take(header_, header_bytes_ - header_.size(), bytes);
        if (header_.size() < header_bytes_) return {};
        left_ = length_(header_);
        broken_ = !left_;
        continue;
      }
      uint32_t here = static_cast<uint32_t>(std::min<size_t>(*left_, bytes.size()));
      body_ += bytes.substr(0, std::min<size_t>(here, kMaxKeptBytes - body_.size()));
      bytes.remove_prefix(here);
      *left_ -= here;
      if (*left_ > 0) return {};
      left_.reset();
      std::string header = std::exchange(header_, {}), body = std::exchange(body_, {});
      if (!heard(std::string_view(header), std::string_view(body))) return bytes;
    }
    return {};
  }

 private:
  static void take(std::string& into, size_t count, std::string_view& from) {
    into += from.substr(0, count);
    from.remove_prefix(std::min(count, from.size()));
  }
  size_t header_bytes_;
  Length length_;
  std::string header_, body_;
  std::optional<uint32_t> left_;
  bool broken_ = false;
};

}  // namespace assay::sinkhole
