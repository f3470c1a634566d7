// Claim: a trace chunk takes at most half the bytes of the same events as JSON lines under gzip -6, and is
// quicker to write and to read. One million events as a busy container makes them; both formats in one run,
// each decoded and compared. Usage: bench-codec [EVENTS]
#include <zlib.h>

#include <cstdio>
#include <cstdlib>

#include "bench/workload.h"
#include "common/codec.h"

namespace assay {
namespace {

using bench::cpu_seconds;

struct Figures {
  size_t bytes = 0;
  double write_s = 0, read_s = 0;
};

Figures chunks(const std::vector<Event>& events) {
  Figures figures;
  std::vector<std::string> encoded;
  double start = cpu_seconds();
  ChunkWriter writer;
  for (const Event& event : events) {
    writer.add(event);
    if (writer.full()) encoded.push_back(writer.take());
  }
  if (!writer.empty()) encoded.push_back(writer.take());
  figures.write_s = cpu_seconds() - start;
  start = cpu_seconds();
  size_t at = 0;
  for (const std::string& bytes : encoded) {
    figures.bytes += bytes.size();
    auto decoded = decode_chunk(bytes);
    if (!decoded ||
        !std::equal(decoded->begin(), decoded->end(), events.begin() + static_cast<ptrdiff_t>(at))) {
      std::fprintf(stderr, "what was decoded is not what was encoded: %s\n",
                   decoded ? "events differ" : decoded.error().what.c_str());
      std::exit(1);
    }
    at += decoded->size();
  }
  figures.read_s = cpu_seconds() - start;
  std::printf("%zu chunks, %.0f events each\n", encoded.size(),
              static_cast<double>(events.size()) / static_cast<double>(encoded.size()));
  return figures;
}

// Writing only counts: reading JSON back into events has no implementation to time. Inflating it alone is the
// lower bound that is shown.
Figures json_gzip(const std::vector<Event>& events) {
  Figures figures;
  double start = cpu_seconds();
  z_stream deflating{};
  if (deflateInit2(&deflating, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) std::exit(1);
  std::string compressed, out(1 << 16, '\0');
  auto feed = [&](const std::string& in, int flush) {
    deflating.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    deflating.avail_in = static_cast<uInt>(in.size());
    do {
      deflating.next_out = reinterpret_cast<Bytef*>(out.data());
      deflating.avail_out = static_cast<uInt>(out.size());
      deflate(&deflating, flush);
      compressed.append(out, 0, out.size() - deflating.avail_out);
    } while (deflating.avail_out == 0);
  };
  for (const Event& event : events) feed(event_json(event) + "\n", Z_NO_FLUSH);
  feed("", Z_FINISH);
  deflateEnd(&deflating);
  figures.write_s = cpu_seconds() - start;
  figures.bytes = compressed.size();
  start = cpu_seconds();
  z_stream inflating{};
  if (inflateInit2(&inflating, 15 + 16) != Z_OK) std::exit(1);
  inflating.next_in = reinterpret_cast<Bytef*>(compressed.data());
  inflating.avail_in = static_cast<uInt>(compressed.size());
  int state = Z_OK;
  while (state == Z_OK) {
    inflating.next_out = reinterpret_cast<Bytef*>(out.data());
    inflating.avail_out = static_cast<uInt>(out.size());
    state = inflate(&inflating, Z_NO_FLUSH);
  }
  inflateEnd(&inflating);
  figures.read_s = cpu_seconds() - start;
  return figures;
}

void show(const char* name, const Figures& figures, size_t events) {
  double n = static_cast<double>(events);
  std::printf("%-22s %8.2f B/event %9.0fk written/s %9.0fk read/s\n", name,
              static_cast<double>(figures.bytes) / n, n / figures.write_s / 1e3, n / figures.read_s / 1e3);
}

}  // namespace
}  // namespace assay

int main(int argc, char** argv) {
  size_t count = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1'000'000;
  auto events = assay::bench::Workload().make(count);
  auto columns = assay::chunks(events);
  assay::show("chunks", columns, count);
  auto json = assay::json_gzip(events);
  assay::show("JSON lines + gzip -6", json, count);
  std::printf("chunks take %.0f%% of the bytes (the reading of JSON is inflating alone)\n",
              100.0 * static_cast<double>(columns.bytes) / static_cast<double>(json.bytes));
  return columns.bytes * 2 <= json.bytes ? 0 : 1;
}
