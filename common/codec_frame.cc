// Frames by zstd, one pass each way: the output buffer has the stated size, so that a frame that lies about
// it cannot grow. Small messages stand as they are.
#include "common/codec_frame.h"

#include <zlib.h>
#include <zstd.h>

#include <memory>

namespace assay {
namespace {

constexpr std::string_view kMagic = "ASY1";
constexpr int kLevel = 3;
constexpr size_t kCrcBytes = 4;

void put_le(std::string& out, uint64_t value, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
}

uint32_t get_le(std::string_view in, size_t at, size_t bytes) {
  uint32_t value = 0;
  for (size_t i = 0; i < bytes; ++i)
    value |= static_cast<uint32_t>(static_cast<uint8_t>(in[at + i])) << (8 * i);
  return value;
}

const char* name(FrameType type) {
  switch (type) {
    case FrameType::chunk:
      return "trace chunk";
    case FrameType::header:
      return "trace header";
    case FrameType::footer:
      return "trace footer";
    case FrameType::job:
      return "job";
    case FrameType::old_scan:
    case FrameType::scan:
      return "scan record";
    case FrameType::batch:
      return "batch record";
    case FrameType::artifact:
      return "piece of an archive";
  }
  return "message";
}

Error corrupt(FrameType type, const std::string& rule) {
  return {Errc::corrupt, std::string(name(type)) + ": " + rule};
}

uint32_t crc_of(std::string_view raw) {
  return static_cast<uint32_t>(
      ::crc32(0, reinterpret_cast<const Bytef*>(raw.data()), static_cast<uInt>(raw.size())));
}

void append_zstd(std::string& out, std::string_view raw) {
  std::unique_ptr<ZSTD_CCtx, size_t (*)(ZSTD_CCtx*)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, kLevel);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  out.resize(frame_bound(raw.size()));
  size_t size = ZSTD_compress2(context.get(), out.data() + kFrameHeaderBytes, out.size() - kFrameHeaderBytes,
                               raw.data(), raw.size());
  assert(!ZSTD_isError(size));  // the buffer has the bound's size
  out.resize(kFrameHeaderBytes + size);
}

Result<std::string> from_plain(FrameType type, std::string_view body, size_t raw_size) {
  if (body.size() < kCrcBytes || body.size() - kCrcBytes != raw_size)
    return corrupt(type, "holds not as many bytes as it claims");
  std::string_view raw = body.substr(kCrcBytes);
  if (crc_of(raw) != get_le(body, 0, kCrcBytes)) return corrupt(type, "does not match its checksum");
  return std::string(raw);
}

Result<std::string> from_zstd(FrameType type, std::string_view body, size_t raw_size) {
  std::string raw(raw_size, '\0');
  size_t size = ZSTD_decompress(raw.data(), raw.size(), body.data(), body.size());
  if (ZSTD_isError(size)) return corrupt(type, std::string("zstd: ") + ZSTD_getErrorName(size));
  if (size != raw_size) return corrupt(type, "holds fewer bytes than it claims");
  return raw;
}

}  // namespace

size_t frame_bound(size_t raw_bytes) { return kFrameHeaderBytes + ZSTD_compressBound(raw_bytes) + 4; }

std::string frame(FrameType type, std::string_view raw) {
  assert(raw.size() <= UINT32_MAX);
  bool plain = raw.size() <= kMaxPlainBytes;
  std::string out;
  if (plain) out.reserve(kFrameHeaderBytes + kCrcBytes + raw.size());
  out += kMagic;
  put_le(out, plain ? kPlainVersion : kZstdVersion, 2);
  put_le(out, static_cast<uint16_t>(type), 2);
  put_le(out, raw.size(), 4);
  if (plain) {
    put_le(out, crc_of(raw), kCrcBytes);
    out += raw;
  } else {
    append_zstd(out, raw);
  }
  return out;
}

bool is_frame_of(FrameType type, std::string_view bytes) {
  return bytes.size() >= kFrameHeaderBytes && get_le(bytes, 6, 2) == static_cast<uint16_t>(type);
}

Result<std::string> unframe(FrameType type, std::string_view bytes, size_t max_frame_bytes,
                            size_t max_raw_bytes) {
  if (bytes.size() > max_frame_bytes)
    return corrupt(type,
                   std::to_string(bytes.size()) + " bytes, more than " + std::to_string(max_frame_bytes));
  if (bytes.size() < kFrameHeaderBytes || !bytes.starts_with(kMagic))
    return corrupt(type, "does not begin as one");
  uint32_t version = get_le(bytes, 4, 2);
  if (version != kZstdVersion && version != kPlainVersion)
    return Error{Errc::unsupported, std::string(name(type)) + ": format version " + std::to_string(version) +
                                        "; this program reads versions 1 and 2"};
  if (get_le(bytes, 6, 2) != static_cast<uint16_t>(type)) return corrupt(type, "holds something else");
  size_t raw_size = get_le(bytes, 8, 4);
  if (raw_size > max_raw_bytes)
    return corrupt(
        type, "claims " + std::to_string(raw_size) + " bytes, more than " + std::to_string(max_raw_bytes));
  std::string_view body = bytes.substr(kFrameHeaderBytes);
  return version == kPlainVersion ? from_plain(type, body, raw_size) : from_zstd(type, body, raw_size);
}

}  // namespace assay
