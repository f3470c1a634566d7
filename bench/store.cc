// Claim: what Keep and Store put around RocksDB (records, preconditions, indexes, group commit) leaves most
// of its pace: durable submissions and lease+ship+done cycles per second in groups, beside raw synced
// WriteBatches of the same keys and values, in turns; records encoded and decoded; and how soon a restart
// knows 100,000 queued scans. Usage: bench-store [SCANS] [DIR], DIR on the disk in question (default: the
// temporary directory).
#include <rocksdb/db.h>
#include <stdlib.h>
#include <time.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>

#include "scheduler/keep.h"
#include "scheduler/scan_codec.h"

namespace assay {
namespace {

using Path = std::filesystem::path;

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Of all threads of this process, RocksDB's among them.
double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

template <class T>
T sure(Result<T> result) {
  if (result) return std::move(*result);
  std::fprintf(stderr, "%s\n", result.error().what.c_str());
  std::exit(1);
}
void sure(const Status& status) {
  if (status) return;
  std::fprintf(stderr, "%s\n", status.error().what.c_str());
  std::exit(1);
}
void sure(const rocksdb::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "rocksdb: %s\n", status.ToString().c_str());
  std::exit(1);
}

ScanRecord queued(size_t number) {
  ScanRecord r;
  char id[64];
  std::snprintf(id, sizeof id, "20261125T%06zu-%08zx", number / 5000, number);
  r.scan_id = id;
  r.submission.job.ref = "registry.example:5000/team-" + std::to_string(number % 50) + "/service-" +
                         std::to_string(number) + ":v1.2.3";
  r.submission.lane = Lane::batch;
  r.submission.tenant = "platform";
  r.submission.batch = "20261125T000000-000000ba";
  r.submission.labels = {{"owner", "team-" + std::to_string(number % 50)}, {"env", "production"}};
  r.submission.expect = "clean";
  r.submitted_ns = 1'795'000'000'000'000'000 + static_cast<int64_t>(number);
  return r;
}

struct Figures {
  double wall_s = 0, cpu_s = 0;
  size_t count = 0;
  double per_s() const { return static_cast<double>(count) / wall_s; }
  double cpu_us() const { return cpu_s * 1e6 / static_cast<double>(count); }
};

template <class Work>
void timed(Figures& figures, size_t count, Work&& work) {
  double wall = wall_seconds(), cpu = cpu_seconds();
  work();
  figures.wall_s += wall_seconds() - wall;
  figures.cpu_s += cpu_seconds() - cpu;
  figures.count += count;
}

void commit(Store& store, const std::vector<StoreBatch>& group) {
  for (const Status& status : sure(store.commit(group))) sure(status);
}

// --- records

void records() {
  constexpr size_t kCount = 200'000;
  ScanRecord record = queued(123'456);
  record.agent = "agent-17";
  record.digest = "sha256:" + std::string(64, 'a');
  Figures encoding, decoding;
  size_t bytes = 0;
  timed(encoding, kCount, [&] {
    for (size_t i = 0; i < kCount; ++i) {
      record.attempt = static_cast<uint32_t>(i);
      bytes += encode_scan(record).size();
    }
  });
  std::string encoded = encode_scan(record);
  timed(decoding, kCount, [&] {
    for (size_t i = 0; i < kCount; ++i)
      if (sure(decode_scan(encoded)).scan_id != record.scan_id) std::exit(1);
  });
  std::printf("record of %zu bytes: encoded in %.2f us, decoded in %.2f us (%.0fk/s, %.0fk/s)\n",
              bytes / kCount, encoding.cpu_us(), decoding.cpu_us(), 1e-3 / encoding.cpu_us() * 1e6,
              1e-3 / decoding.cpu_us() * 1e6);
}

// --- groups

// RocksDB as it comes: one synced WriteBatch for the same keys and values, no preconditions, one family.
class Raw {
 public:
  explicit Raw(const Path& dir) {
    rocksdb::Options options;
    options.create_if_missing = true;
    rocksdb::DB* db = nullptr;
    sure(rocksdb::DB::Open(options, dir.string(), &db));
    db_.reset(db);
  }
  void commit(const std::vector<StoreBatch>& group) {
    rocksdb::WriteBatch out;
    for (const StoreBatch& batch : group)
      for (const StoreOp& op : batch.ops) {
        std::string key = std::string(1, static_cast<char>(op.family)) + op.key;
        sure(op.remove ? out.Delete(key) : out.Put(key, op.value));
      }
    rocksdb::WriteOptions options;
    options.sync = true;
    sure(db_->Write(options, &out));
  }

 private:
  std::unique_ptr<rocksdb::DB> db_;
};

void show(const char* what, size_t size, const Figures& ours, const Figures& raw) {
  std::printf("%-12s groups of %4zu: %8.0f/s, raw %8.0f/s, ratio %.2f; CPU %5.1f us each, raw %5.1f us\n",
              what, size, ours.per_s(), raw.per_s(), ours.per_s() / raw.per_s(), ours.cpu_us(), raw.cpu_us());
}

void submissions(Store& store, Raw& raw, size_t& next, size_t size) {
  size_t groups = size == 1 ? 500 : size == 10 ? 300 : size == 100 ? 200 : 40;
  Figures ours, theirs;
  for (size_t i = 0; i < groups; ++i) {
    std::vector<StoreBatch> group;
    timed(ours, size, [&] {
      for (size_t n = 0; n < size; ++n) group.push_back(Keep::submitted(queued(next++)));
      commit(store, group);
    });
    timed(theirs, size, [&] { raw.commit(group); });
  }
  show("submissions", size, ours, theirs);
}

struct Ends {
  TraceHeader header;
  TraceFooter footer;
  std::string chunk = std::string(2000, 'c'), report = std::string(3000, 'r');
};

Ends ends() {
  Ends out;
  out.header.attempt = 1;
  out.header.image.digest = "sha256:" + std::string(64, 'a');
  out.header.image.entrypoint = {"/usr/bin/app", "--serve"};
  out.header.image.env = {"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/root"};
  out.header.tracer_version = "0.1.0";
  return out;
}

// The changes of one scan's road: lease, a chunk, header and footer, report.
std::array<StoreBatch, 4> road(const ScanRecord& before, Ends& ends) {
  ScanRecord leased = before;
  leased.state = ScanState::leased;
  leased.attempt = 1;
  leased.agent = "agent-17";
  ScanRecord shipped = leased;
  shipped.state = ScanState::shipped;
  shipped.digest = ends.header.image.digest;
  shipped.tracer_version = ends.header.tracer_version;
  ScanRecord done = shipped;
  done.state = ScanState::done;
  done.verdict = "clean";
  ends.header.scan_id = before.scan_id;
  return {Keep::moved(before, leased), sure(Keep::chunk(leased, 0, ends.chunk)),
          sure(Keep::shipped(leased, shipped, ends.header, ends.footer)),
          Keep::reported(shipped, done, ends.report)};
}

// As in the scheduler's turns: each commit holds `size` steps of every kind, of scans that are a step apart.
void cycles(Store& store, Raw& raw, size_t first, size_t size) {
  constexpr size_t kTurns = 60;
  Ends with = ends();
  Figures ours, theirs;
  std::deque<std::vector<std::array<StoreBatch, 4>>> under_way;
  for (size_t turn = 0; turn < kTurns; ++turn) {
    std::vector<StoreBatch> group;
    timed(ours, turn < 3 ? 0 : size, [&] {
      auto& starting = under_way.emplace_front();
      for (size_t n = 0; n < size; ++n) starting.push_back(road(queued(first + turn * size + n), with));
      for (size_t step = 0; step < under_way.size(); ++step)
        for (auto& scan : under_way[step]) group.push_back(std::move(scan[step]));
      commit(store, group);
    });
    timed(theirs, turn < 3 ? 0 : size, [&] { raw.commit(group); });
    if (under_way.size() == 4) under_way.pop_back();
  }
  show("cycles", size, ours, theirs);
}

void restart(const Path& dir, size_t count) {
  Figures opening, reading;
  std::unique_ptr<Store> store;
  timed(opening, 1, [&] { store = sure(Store::open(dir, Store::Mode::read_write)); });
  size_t found = 0;
  timed(reading, count, [&] {
    auto all = sure(Keep(*store).each_open([&](const ScanRecord&) { ++found; }));
    if (all.unreadable != 0) std::exit(1);
  });
  std::printf("restart: %zu open scans of %zu known after %.2f s (opening %.2f s; CPU %.2f s)\n", found,
              count, opening.wall_s + reading.wall_s, opening.wall_s, opening.cpu_s + reading.cpu_s);
}

void run(const Path& dir, size_t count) {
  records();
  size_t next = 0;
  auto store = sure(Store::open(dir / "store", Store::Mode::read_write));
  sure(Keep(*store).upgrade());
  Raw raw(dir / "raw");
  for (size_t size : {1, 10, 100, 1000}) submissions(*store, raw, next, size);
  cycles(*store, raw, 0, 100);
  cycles(*store, raw, 6000, 500);
  for (size_t end = next + count; next < end;) {
    std::vector<StoreBatch> group;
    for (size_t n = 0; n < 1000 && next < end; ++n) group.push_back(Keep::submitted(queued(next++)));
    commit(*store, group);
  }
  store.reset();
  restart(dir / "store", next);
}

}  // namespace
}  // namespace assay

int main(int argc, char** argv) {
  size_t count = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 100'000;
  std::string pattern = (argc > 2 ? std::filesystem::path(argv[2]) : std::filesystem::temp_directory_path()) /
                        "assay-bench-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) return 1;
  assay::run(pattern, count);
  std::filesystem::remove_all(pattern);
  return 0;
}
