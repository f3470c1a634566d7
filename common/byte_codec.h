// byte_codec: numbers in little endian and strings behind their lengths, one after the other: what our own
// programs say to each other over a channel. What is read may be hostile.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace assay {

struct ByteWriter {
  std::string out;
  /// An integer or enumeration, in as many bytes as it has.
  template <class T>
  void number(T value) {
    for (size_t i = 0; i < sizeof value; ++i)
      out += static_cast<char>(static_cast<uint64_t>(value) >> (8 * i));
  }
  /// Its length as a Length, which must hold it.
  template <class Length>
  void text(std::string_view value) {
    number(static_cast<Length>(value.size()));
    out += value;
  }
};

struct ByteReader {
  std::string_view in;
  bool ok = true;  // false from the first thing on that was not there, or too long
  template <class T>
  void number(T& value) {
    if (in.size() < sizeof value) {
      ok = false;
      return;
    }
    uint64_t read = 0;
    for (size_t i = 0; i < sizeof value; ++i)
      read |= static_cast<uint64_t>(static_cast<uint8_t>(in[i])) << (8 * i);
    value = static_cast<T>(read);
    in.remove_prefix(sizeof value);
  }
  template <class Length>
  void text(std::string& value, size_t limit) {
    Length size = 0;
    number(size);
    if (!ok || size > limit || size > in.size()) {
      ok = false;
      return;
    }
    value = in.substr(0, size);
    in.remove_prefix(size);
  }
  bool whole() const { return ok && in.empty(); }
};

}  // namespace assay
