// zlib tells where an object's stream ends, and only by inflating it is the next one found.
#include "agent/sinkhole/web/git_pack.h"

#include <zlib.h>

#include <algorithm>
#include <array>

#include "agent/sinkhole/protocols/frames.h"
#include "agent/sinkhole/web/packages.h"
#include "common/digest.h"

namespace assay::sinkhole {
namespace {

constexpr size_t kHexLength = 4, kPieceBytes = 64 * 1024;
constexpr size_t kHeaderBytes = 12, kIdBytes = 20;
constexpr unsigned kOffsetDelta = 6, kRefDelta = 7;

std::string sha1(std::string_view bytes) { return raw_digest("sha1", bytes); }

// A number in groups of seven bits, which end with one whose high bit is clear; false where it does not end.
bool skip_varint(std::string_view& bytes) {
  constexpr size_t kMaxGroups = 10;
  for (size_t i = 0; i < std::min(bytes.size(), kMaxGroups); ++i) {
    if (bytes[i] & 0x80) continue;
    bytes.remove_prefix(i + 1);
    return true;
  }
  return false;
}

// Type and size, and what a delta refers to.
bool skip_object_header(std::string_view& bytes) {
  if (bytes.empty()) return false;
  unsigned type = static_cast<uint8_t>(bytes[0]) >> 4 & 7;
  if (!skip_varint(bytes)) return false;
  if (type == kOffsetDelta) return skip_varint(bytes);
  if (type != kRefDelta) return type >= 1 && type <= 4;
  if (bytes.size() < kIdBytes) return false;
  bytes.remove_prefix(kIdBytes);
  return true;
}

class Inflater {
 public:
  Inflater() { ok_ = ::inflateInit(&stream_) == Z_OK; }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() {
    if (ok_) ::inflateEnd(&stream_);
  }
  // One whole stream off the front of `bytes`; false if there is none, or it is longer than `left`.
  bool object(std::string_view& bytes, uint64_t& left, const std::function<void(std::string_view)>& piece) {
    if (!ok_ || ::inflateReset(&stream_) != Z_OK) return false;
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(std::min<size_t>(bytes.size(), UINT32_MAX));
    for (int result = Z_OK; result != Z_STREAM_END;) {
      stream_.next_out = out_.data();
      stream_.avail_out = static_cast<uInt>(std::min<uint64_t>(out_.size(), left));
      uInt room = stream_.avail_out;
      if (room == 0) return false;
      result = ::inflate(&stream_, Z_NO_FLUSH);
      size_t made = room - stream_.avail_out;
      left -= made;
      if (made > 0) piece({reinterpret_cast<const char*>(out_.data()), made});
      if (result != Z_OK && result != Z_STREAM_END) return false;
      if (result == Z_OK && made == 0 && stream_.avail_in == 0) return false;
    }
    bytes.remove_prefix(bytes.size() - stream_.avail_in);
    return true;
  }

 private:
  z_stream stream_{};
  bool ok_ = false;
  std::array<Bytef, kPieceBytes> out_;
};

std::string deflated(std::string_view bytes) {
  uLongf size = ::compressBound(static_cast<uLong>(bytes.size()));
  std::string out(size, 0);
  ::compress2(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()),
              static_cast<uLong>(bytes.size()), Z_DEFAULT_COMPRESSION);
  out.resize(size);
  return out;
}

}  // namespace

std::string pkt_line(std::string_view payload) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  size_t size = payload.size() + kHexLength;
  std::string out;
  for (int shift = 12; shift >= 0; shift -= 4) out += kDigits[size >> shift & 15];
  return out.append(payload);
}

std::optional<PktLine> take_pkt_line(std::string_view& bytes) {
  if (bytes.size() < kHexLength) return std::nullopt;
  size_t size = 0;
  for (char c : bytes.substr(0, kHexLength)) {
    size_t digit = c >= '0' && c <= '9'   ? static_cast<size_t>(c - '0')
                   : c >= 'a' && c <= 'f' ? static_cast<size_t>(c - 'a' + 10)
                   : c >= 'A' && c <= 'F' ? static_cast<size_t>(c - 'A' + 10)
                                          : 16;
    if (digit == 16) return std::nullopt;
    size = size * 16 + digit;
  }
  if (size == 3 || size > bytes.size()) return std::nullopt;
  PktLine out{size < kHexLength, size < kHexLength ? "" : bytes.substr(kHexLength, size - kHexLength)};
  bytes.remove_prefix(std::max(size, kHexLength));
  return out;
}

PackCounts read_pack(std::string_view pack, const std::function<void(uint32_t, std::string_view)>& piece) {
  PackCounts out;
  if (pack.size() < kHeaderBytes || !pack.starts_with("PACK")) return out;
  out.announced = number_be(pack.substr(8, 4));
  pack.remove_prefix(kHeaderBytes);
  uint64_t left = kMaxPackBytes;
  Inflater inflater;
  while (out.objects < std::min(out.announced, kMaxPackObjects)) {
    if (!skip_object_header(pack)) break;
    bool whole = inflater.object(pack, left, [&](std::string_view bytes) { piece(out.objects, bytes); });
    ++out.objects;
    if (!whole) break;
    out.whole = out.objects == out.announced;
  }
  out.bytes = kMaxPackBytes - left;
  return out;
}

std::string GitObject::raw_id() const {
  const char* name = type == Type::commit ? "commit" : type == Type::tree ? "tree" : "blob";
  std::string whole = std::string(name) + " " + std::to_string(content.size());
  whole += '\0';
  return sha1(whole + content);
}

std::string GitObject::id() const { return to_hex(raw_id()); }

std::string write_pack(const std::vector<GitObject>& objects) {
  std::string out = "PACK" + be32(2) + be32(static_cast<uint32_t>(objects.size()));
  for (const GitObject& object : objects) {
    size_t size = object.content.size();
    unsigned byte = static_cast<unsigned>(object.type) << 4 | (size & 15);
    for (size >>= 4; size > 0; size >>= 7) {
      out += static_cast<char>(byte | 0x80);
      byte = size & 0x7f;
    }
    out += static_cast<char>(byte);
    out += deflated(object.content);
  }
  return out + sha1(out);
}

}  // namespace assay::sinkhole
