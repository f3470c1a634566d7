// read_trace() on anything, in portions of any size; what it accepts must come back when it is written anew.
#include <algorithm>
#include <cstdlib>
#include <string>

#include "common/trace_file.h"

namespace {

using namespace assay;

Result<TraceFile> read(std::string_view bytes, size_t portion, const TraceVisit& visit) {
  auto from = [&](char* to, size_t most) -> Result<size_t> {
    size_t size = std::min({most, portion, bytes.size()});
    bytes.copy(to, size);
    bytes.remove_prefix(size);
    return size;
  };
  return read_trace(from, "fuzz", visit);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // Chunks, each written anew as it is: only the ends are decoded and kept apart.
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::vector<std::string> chunks, pieces;
  TraceVisit visit;
  visit.chunk = [&](std::string_view framed, const std::vector<Event>&) {
    return chunks.emplace_back(framed), Status();
  };
  visit.piece = [&](std::string_view framed) { return pieces.emplace_back(framed), Status(); };
  auto file = read(bytes, size % 7 + 1, visit);
  if (!file) return 0;
  std::string out;
  TraceFileWriter writer([&](std::string_view part) { return out += part, Status(); });
  bool written = static_cast<bool>(writer.begin(file->header.scan_id, file->header_bytes));
  for (const auto& chunk : chunks) written = written && writer.add(TraceRecord::chunk, chunk);
  written = written && writer.add(TraceRecord::footer, file->footer_bytes);
  for (const auto& piece : pieces) written = written && writer.add(TraceRecord::piece, piece);
  written = written && writer.add(TraceRecord::report, file->report) && writer.finish(file->events);
  auto again = read(out, SIZE_MAX, {});
  if (!written || !again || !again->sealed || again->events != file->events ||
      again->header_bytes != file->header_bytes)
    std::abort();
  return 0;
}
