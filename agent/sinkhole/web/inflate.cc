// One pass with zlib, which finds out by itself whether it is gzip or zlib; raw deflate is tried where it is
// neither.
#include "agent/sinkhole/web/inflate.h"

#include <zlib.h>

#include <algorithm>

namespace assay::sinkhole {
namespace {

constexpr int kGzipOrZlib = 15 + 32, kRaw = -15;
constexpr size_t kStep = 16 * 1024;

Inflated run(std::string_view bytes, size_t limit, int window_bits) {
  Inflated out;
  z_stream stream{};
  if (::inflateInit2(&stream, window_bits) != Z_OK) return out;
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  char buffer[kStep];
  for (;;) {
    stream.next_out = reinterpret_cast<Bytef*>(buffer);
    stream.avail_out = static_cast<uInt>(std::min(kStep, limit - out.bytes.size()));
    if (stream.avail_out == 0) break;
    uInt room = stream.avail_out;
    int result = ::inflate(&stream, Z_NO_FLUSH);
    out.bytes.append(buffer, room - stream.avail_out);
    if (result == Z_STREAM_END) {
      out.whole = true;
      // Another member; anything else behind the end is not ours to read.
      if (window_bits == kRaw || stream.avail_in == 0 || ::inflateReset(&stream) != Z_OK) break;
      continue;
    }
    if (result != Z_OK) {
      out.whole = out.whole && stream.avail_in == 0;
      break;
    }
    out.whole = false;
  }
  ::inflateEnd(&stream);
  return out;
}

}  // namespace

Inflated inflate(std::string_view bytes, size_t limit) {
  bytes = bytes.substr(0, 1u << 30);  // zlib counts in 32 bits
  Inflated out = run(bytes, limit, kGzipOrZlib);
  if (out.bytes.empty() && !out.whole) out = run(bytes, limit, kRaw);
  return out;
}

}  // namespace assay::sinkhole
