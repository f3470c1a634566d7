// Claim: a trace chunk takes at most half the bytes of the same events as JSON lines under gzip -6, and is
// quicker to write and to read. One million events as a busy container makes them; both formats in one run,
// each decoded and compared. Usage: bench-codec [EVENTS]
#include <time.h>
#include <zlib.h>

#include <cstdio>
#include <cstdlib>
#include <random>

#include "common/codec.h"
#include "common/digest.h"

namespace assay {
namespace {

// Of this process alone, which has one thread: other load on the machine does not count.
double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// A container at work: programs start, load the same libraries, open files of their own, talk to peers, and
// end.
class Workload {
 public:
  std::vector<Event> make(size_t count) {
    while (events_.size() < count) run_program();
    events_.resize(count);
    return std::move(events_);
  }

 private:
  uint64_t random(uint64_t below) { return generator_() % below; }
  template <size_t N>
  const char* pick(const char* const (&from)[N]) {
    size_t a = random(N), b = random(N);
    return from[std::min(a, b)];  // the first are the frequent ones
  }

  Event& add(EventKind kind, Source source) {
    std::lognormal_distribution<double> gap(9.0, 1.6);  // 8 us in the middle, long tail
    time_ns_ += static_cast<int64_t>(gap(generator_)) + 400;
    Event& e = events_.emplace_back();
    e.seq = events_.size();
    e.time_ns = time_ns_;
    e.kind = kind;
    e.source = source;
    e.plane = source == Source::seccheck ? Plane::guest : Plane::host;
    if (source == Source::seccheck) {
      e.pid = pid_;
      e.tid = pid_ + (random(4) == 0 ? static_cast<int32_t>(random(4)) : 0);
      e.comm = comm_;
      e.cwd = "/app";
    }
    return e;
  }

  void open(const std::string& path, bool found) {
    Event& e = add(EventKind::open, Source::seccheck);
    e.call = random(8) ? "openat" : "open";
    e.path = path;
    e.flags = random(5) ? 0x80000 : 0x241;
    e.mode = e.flags == 0x241 ? 0644 : 0;
    e.result = found ? 3 + static_cast<int64_t>(random(6)) : -1;
    e.error = found ? 0 : 2;
  }

  void trapped() {  // the witness
    static constexpr const char* kCalls[] = {"write", "read",   "mmap",     "close", "fstat", "brk",
                                             "futex", "rename", "unlinkat", "chmod", "mount"};
    Event& e = add(EventKind::syscall, Source::witness);
    e.host_tid = 40'000 + pid_;
    e.call = pick(kCalls);
    e.args = {
        random(12), 0x7f0000000000 + (random(1 << 20) << 12), random(4096), random(3), random(2) ? ~0ull : 0,
        0};
    if (e.call == "write") e.data = "GET /item/" + std::to_string(random(100'000)) + " HTTP/1.1\r\n";
    if (e.call == "rename")
      e.path = "/app/tmp/" + std::to_string(random(1000)),
      e.path2 = "/app/cache/" + std::to_string(random(1000));
  }

  void talk() {
    std::string name = "cdn" + std::to_string(random(40)) + ".example.org";
    std::string addr = "198.18.0." + std::to_string(random(200));
    auto port = static_cast<uint32_t>(32768 + random(28'000));
    Event& question = add(EventKind::dns, Source::flows);
    question.name = name;
    question.query_type = random(2) ? "A" : "AAAA";
    question.answers = {addr};
    Event& connect = add(EventKind::connect, Source::seccheck);
    connect.fd = 5;
    connect.proto = "tcp";
    connect.dst_addr = addr;
    connect.dst_port = random(5) ? 443 : 80;
    for (EventKind kind : {EventKind::flow_start, EventKind::payload, EventKind::flow_end}) {
      Event& flow = add(kind, Source::flows);
      flow.proto = "tcp";
      flow.src_addr = "172.17.0.2", flow.src_port = port;
      flow.dst_addr = addr, flow.dst_port = 443;
      if (kind == EventKind::payload)
        flow.data = "\x16\x03\x01" + Digest::of(std::to_string(generator_())).hex();
      if (kind == EventKind::flow_end) {
        flow.bytes_out = 300 + random(5000), flow.bytes_in = random(200'000);
        flow.packets_out = 3 + random(50), flow.packets_in = 3 + random(150);
        flow.duration_ns = static_cast<int64_t>(random(2'000'000'000));
      }
    }
  }

  void run_program() {
    static constexpr const char* kPrograms[] = {"sh",   "cat", "python3", "node", "nginx",
                                                "grep", "sed", "curl",    "date", "id"};
    static constexpr const char* kLibraries[] = {"/etc/ld.so.cache",
                                                 "/lib/x86_64-linux-gnu/libc.so.6",
                                                 "/lib/x86_64-linux-gnu/libm.so.6",
                                                 "/lib/x86_64-linux-gnu/libpthread.so.0",
                                                 "/usr/lib/x86_64-linux-gnu/libssl.so.3",
                                                 "/usr/lib/x86_64-linux-gnu/libcrypto.so.3",
                                                 "/lib/x86_64-linux-gnu/libz.so.1"};
    Event& clone = add(EventKind::clone, Source::seccheck);
    clone.child_pid = clone.child_tid = ++pid_;
    comm_ = pick(kPrograms);
    Event& exec = add(EventKind::exec, Source::seccheck);
    exec.path = "/usr/bin/" + comm_;
    exec.argv = {comm_, "-c", "job " + std::to_string(random(5000))};
    exec.env = {"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/root", "LANG=C.UTF-8", "HOSTNAME=assay"};
    exec.sha256 = Digest::of(comm_).hex();
    exec.mode = 0755;
    exec.origin = "image";
    size_t libraries = 2 + random(std::size(kLibraries) - 2);
    for (size_t i = 0; i < libraries; ++i) open(kLibraries[i], true);
    size_t work = 5 + random(60);
    for (size_t i = 0; i < work; ++i) {
      switch (random(10)) {
        case 0:
        case 1:
        case 2:
          open("/app/data/" + std::to_string(random(2000)) + ".json", random(10) != 0);
          break;
        case 3:
          open("/usr/lib/python3/dist-packages/module" + std::to_string(random(300)) + "/__init__.py",
               random(2) == 0);
          break;
        case 4:
        case 5:
        case 6:
        case 7:
          trapped();
          break;
        case 8: {
          Event& socket = add(EventKind::socket, Source::seccheck);
          socket.args = {2, 1, 6};
          socket.proto = "tcp";
          socket.result = static_cast<int64_t>(4 + random(4));
          break;
        }
        default:
          talk();
      }
    }
    Event& exit = add(EventKind::exit, Source::seccheck);
    exit.result = random(8) ? 0 : 1;
  }

  std::mt19937_64 generator_{42};
  std::vector<Event> events_;
  int64_t time_ns_ = 0;
  int32_t pid_ = 1;
  std::string comm_ = "init";
};

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
  auto events = assay::Workload().make(count);
  auto columns = assay::chunks(events);
  assay::show("chunks", columns, count);
  auto json = assay::json_gzip(events);
  assay::show("JSON lines + gzip -6", json, count);
  std::printf("chunks take %.0f%% of the bytes (the reading of JSON is inflating alone)\n",
              100.0 * static_cast<double>(columns.bytes) / static_cast<double>(json.bytes));
  return columns.bytes * 2 <= json.bytes ? 0 : 1;
}
