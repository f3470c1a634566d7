// Frames by zstd, one pass each way: the output buffer has the stated size, so that a frame that lies about
// it cannot grow.
#include "common/codec_frame.h"

#include <zstd.h>

#include <memory>

namespace assay {
namespace {

constexpr std::string_view kMagic = "ASY1";
constexpr int kLevel = 3;

void put_le(std::string& out, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
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
    case FrameType::scan:
      return "scan record";
  }
  return "message";
}

Error corrupt(FrameType type, const std::string& rule) {
  return {Errc::corrupt, std::string(name(type)) + ": " + rule};
}

}  // namespace

size_t frame_bound(size_t raw_bytes) { return kFrameHeaderBytes + ZSTD_compressBound(raw_bytes) + 4; }

std::string frame(FrameType type, std::string_view raw) {
  assert(raw.size() <= UINT32_MAX);
  std::string out(kMagic);
  put_le(out, kFormatVersion, 2);
  put_le(out, static_cast<uint16_t>(type), 2);
  put_le(out, raw.size(), 4);
  std::unique_ptr<ZSTD_CCtx, size_t (*)(ZSTD_CCtx*)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, kLevel);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  out.resize(frame_bound(raw.size()));
  size_t size = ZSTD_compress2(context.get(), out.data() + kFrameHeaderBytes, out.size() - kFrameHeaderBytes,
                               raw.data(), raw.size());
  assert(!ZSTD_isError(size));  // the buffer has the bound's size
  out.resize(kFrameHeaderBytes + size);
  return out;
}

Result<std::string> unframe(FrameType type, std::string_view bytes, size_t max_frame_bytes,
                            size_t max_raw_bytes) {
  if (bytes.size() > max_frame_bytes)
    return corrupt(type,
                   std::to_string(bytes.size()) + " bytes, more than " + std::to_string(max_frame_bytes));
  if (bytes.size() < kFrameHeaderBytes || !bytes.starts_with(kMagic))
    return corrupt(type, "does not begin as one");
  if (get_le(bytes, 4, 2) != kFormatVersion)
    return Error{Errc::unsupported, std::string(name(type)) + ": format version " +
                                        std::to_string(get_le(bytes, 4, 2)) +
                                        "; this program reads version " + std::to_string(kFormatVersion)};
  if (get_le(bytes, 6, 2) != static_cast<uint16_t>(type)) return corrupt(type, "holds something else");
  size_t raw_size = get_le(bytes, 8, 4);
  if (raw_size > max_raw_bytes)
    return corrupt(
        type, "claims " + std::to_string(raw_size) + " bytes, more than " + std::to_string(max_raw_bytes));
  std::string raw(raw_size, '\0');
  size_t size = ZSTD_decompress(raw.data(), raw.size(), bytes.data() + kFrameHeaderBytes,
                                bytes.size() - kFrameHeaderBytes);
  if (ZSTD_isError(size)) return corrupt(type, std::string("zstd: ") + ZSTD_getErrorName(size));
  if (size != raw_size) return corrupt(type, "holds fewer bytes than it claims");
  return raw;
}

}  // namespace assay
