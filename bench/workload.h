// Workload: events as a busy container makes them, the same ones each time; and the clock that benches go by.
#pragma once

#include <time.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "common/digest.h"
#include "common/event.h"

namespace assay::bench {

// Of this process alone, which has one thread: other load on the machine does not count.
inline double cpu_seconds() {
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

}  // namespace assay::bench
