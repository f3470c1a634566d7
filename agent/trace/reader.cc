// The reader's loop. It wakes up when the Sentry speaks, and otherwise each few milliseconds to look at the
// rings, whose programs never wake us (a wake-up costs the traced program more than the event does).
#include "agent/trace/reader.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <future>
#include <thread>

#include "agent/trace/bpf_support.h"
#include "agent/trace/flow_collector.h"
#include "agent/trace/rootfs_lookup.h"
#include "agent/trace/usage.h"
#include "common/clock.h"

namespace assay {
namespace {

constexpr int kIdlePollMs = 5;
constexpr int64_t kBusyPauseNs = 400'000;      // lets a burst gather, so that not every point wakes us up
constexpr int64_t kFlushNs = 10'000'000;       // a batch waits no longer
constexpr int64_t kHeartbeatNs = 100'000'000;  // an empty batch moves the owner's clock on
constexpr int64_t kTickNs = 1'000'000'000;     // usage, ended flows
constexpr int64_t kFinishLimitNs = 3'000'000'000;
constexpr size_t kDatagramsAtOnce = 512;
constexpr size_t kLogBytesAtOnce = 2 << 20;    // more than a pipe holds
constexpr size_t kRecordsAtOnce = 128 * 1024;  // more than the rings hold

enum class Order : uint64_t {
  none = 0,
  finish = 1,
  abandon = 1 << 20
};  // values of one eventfd: they add up

}  // namespace

struct Reader::State {
  SeccheckSocket socket;
  ReaderSources sources;
  BatchChannel& channel;
  Fd orders;
  ring_buffer* rings = nullptr;
  FlowCollector flows;
  std::unique_ptr<Batch> batch = std::make_unique<Batch>();
  Batch held;  // what the Sentry said, until all that came before it has been read
  int64_t last_flush_ns = 0, last_tick_ns = 0, finish_since_ns = 0;
  bool abandoned = false;
  std::thread thread;
  pid_t thread_id = 0;

  State(SeccheckSocket s, const ReaderSources& from, BatchChannel& to)
      : socket(std::move(s)), sources(from), channel(to), flows(from.flows_map) {}
  ~State() { ring_buffer__free(rings); }

  Status open();
  Status add_ring(const char* program, int ring, ring_buffer_sample_fn take);
  void run();
  size_t read_seccheck();
  size_t read_rings();
  size_t read_log();
  size_t read_all();
  void tick();
  void flush(bool last);
  void wait(bool busy);
  void take_orders();
  void look_up_executable(uint16_t type, std::string_view datagram, int64_t now);
  static int on_guard(void* self, void* data, size_t size);
  static int on_witness(void* self, void* data, size_t size);
  static int on_flow(void* self, void* data, size_t size);
};

Status Reader::State::open() {
  ASSAY_TRY(orders, make_event());
  // The guard's first: a full batch leaves the rest of the others for later.
  ASSAY_CHECK(add_ring("guard", sources.guard_ring, on_guard));
  ASSAY_CHECK(add_ring("witness", sources.witness_ring, on_witness));
  return add_ring("flows", sources.flows_ring, on_flow);
}

Status Reader::State::add_ring(const char* program, int ring, ring_buffer_sample_fn take) {
  if (ring < 0) return {};
  int e = 0;
  if (rings == nullptr)
    rings = ring_buffer__new(ring, take, this, nullptr);
  else
    e = ring_buffer__add(rings, ring, take, this);
  if (rings == nullptr || e != 0) return bpf_error(program, "map its ring", rings == nullptr ? errno : -e);
  return {};
}

// A non-zero return stops ring_buffer__consume(), with the record consumed: the batch is full, the rest stays
// in the ring.
int Reader::State::on_guard(void* self, void* data, size_t size) {
  auto* state = static_cast<State*>(self);
  state->batch->add(RecordKind::guard, {static_cast<const char*>(data), size}, {}, wall_ns());
  return state->batch->full() ? -EAGAIN : 0;
}

int Reader::State::on_witness(void* self, void* data, size_t size) {
  auto* state = static_cast<State*>(self);
  state->batch->add(RecordKind::witness, {static_cast<const char*>(data), size}, {}, wall_ns());
  return state->batch->full() ? -EAGAIN : 0;
}

int Reader::State::on_flow(void* self, void* data, size_t size) {
  auto* state = static_cast<State*>(self);
  state->flows.note({static_cast<const char*>(data), size});
  state->batch->add(RecordKind::flow, {static_cast<const char*>(data), size}, {}, wall_ns());
  return state->batch->full() ? -EAGAIN : 0;
}

void Reader::State::look_up_executable(uint16_t type, std::string_view datagram, int64_t now) {
  if (batch->files.size() + held.files.size() >= Batch::kMaxFiles) return;  // hashed later, by path
  Fd file = open_reported_executable(sources.rootfs_dir, type, datagram);
  if (!file) return;
  held.records.push_back({RecordKind::executable, static_cast<uint32_t>(held.files.size()), 0, now});
  held.files.push_back(std::move(file));
}

size_t Reader::State::read_seccheck() {
  int64_t now = wall_ns();
  auto hung_up = [&] { return socket.connections() - socket.open_connections(); };
  uint64_t before = hung_up();
  size_t count = socket.receive(kDatagramsAtOnce, [&](uint16_t type, std::string_view datagram) {
    held.add(RecordKind::seccheck, datagram, {}, now);
    if (sources.rootfs_dir >= 0) look_up_executable(type, datagram, now);
  });
  if (hung_up() > before) held.add(RecordKind::sandbox_end, {}, {}, now);
  return count;
}

size_t Reader::State::read_rings() {
  if (rings == nullptr) return 0;
  size_t found = 0;
  while (found < kRecordsAtOnce && !abandoned) {
    int n = ring_buffer__consume(rings);
    if (n <= 0 && n != -EAGAIN) break;
    found += n > 0 ? static_cast<size_t>(n) : Batch::kMaxRecords / 8;
    if (batch->full()) flush(false);
    if (n != -EAGAIN) break;  // nothing is left
  }
  return found;
}

size_t Reader::State::read_log() {
  if (sources.strace_log < 0) return 0;
  std::array<char, 64 * 1024> bytes;
  size_t found = 0;
  while (found < kLogBytesAtOnce && !abandoned) {
    ssize_t n = read(sources.strace_log, bytes.data(), bytes.size());
    if (n <= 0) break;
    batch->add(RecordKind::strace, {bytes.data(), static_cast<size_t>(n)}, {}, wall_ns());
    found += static_cast<size_t>(n);
    if (batch->full()) flush(false);
  }
  return found;
}

// What the Sentry says comes last: the host saw the same calls before, and the log was written before. Read
// in the opposite order, so that all of that is there.
size_t Reader::State::read_all() {
  size_t spoken = read_seccheck();
  size_t found = read_log() + read_rings();
  if (!held.records.empty()) batch->append(held);
  return spoken >= kDatagramsAtOnce ? SIZE_MAX : spoken + found;
}

void Reader::State::tick() {
  int64_t now = wall_ns();
  last_tick_ns = now;
  if (sources.usage_map >= 0) {
    uint64_t total = Usage::cpu_ns(sources.usage_map);
    batch->add(RecordKind::usage, {reinterpret_cast<const char*>(&total), sizeof total}, {}, now);
  }
  flows.collect_ended(now, [&](std::string_view key, std::string_view flow) {
    batch->add(RecordKind::flow_total, key, flow, now);
  });
}

void Reader::State::take_orders() {
  uint64_t value = 0;
  if (read(orders.get(), &value, sizeof value) < 0) return;
  if (value >= static_cast<uint64_t>(Order::abandon)) abandoned = true;
  if (finish_since_ns == 0) finish_since_ns = wall_ns();
}

// Waits for room when the channel is full: the Sentry then finds its socket full, and slows the guest down.
void Reader::State::flush(bool last) {
  last_flush_ns = wall_ns();
  batch->drained_ns = held.records.empty() ? last_flush_ns : held.records.front().arrival_ns;
  batch->last = last;
  batch->seccheck_messages = socket.messages();
  batch->seccheck_lost = socket.lost();
  batch->connections = socket.connections();
  batch->open_connections = socket.open_connections();
  while (!abandoned && !channel.try_push(batch)) {
    pollfd waits[] = {{channel.space_fd(), POLLIN, 0}, {orders.get(), POLLIN, 0}};
    poll(waits, 2, 1000);
    clear_event(channel.space_fd());
    take_orders();
  }
  batch = std::make_unique<Batch>();
}

void Reader::State::wait(bool busy) {
  if (busy) {
    timespec pause{0, kBusyPauseNs};
    nanosleep(&pause, nullptr);
    return;
  }
  std::vector<int> fds{orders.get()};
  socket.poll_fds(fds);
  // The log is not waited for: what it tells of is told by the Sentry as well, a moment later.
  std::vector<pollfd> waits;
  for (int fd : fds) waits.push_back({fd, POLLIN, 0});
  poll(waits.data(), waits.size(), kIdlePollMs);
}

void Reader::State::run() {
  last_flush_ns = last_tick_ns = wall_ns();
  while (!abandoned) {
    size_t found = read_all();
    take_orders();
    int64_t now = wall_ns();
    if (now - last_tick_ns >= kTickNs) tick();
    bool ended = socket.open_connections() == 0 || now - finish_since_ns > kFinishLimitNs;
    if (finish_since_ns != 0 && found == 0 && ended) break;
    int64_t age = now - last_flush_ns;
    // A busy owner gets few and full batches: the channel then holds megabytes, not moments.
    bool due = age >= kHeartbeatNs || (age >= kFlushNs && !batch->records.empty());
    if (batch->full() || (due && channel.idle())) flush(false);
    if (found != SIZE_MAX) wait(found > 0);
  }
  tick();
  flush(true);
}

Reader::Reader(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<Reader>> Reader::start(SeccheckSocket socket, const ReaderSources& sources,
                                              BatchChannel& channel) {
  auto state = std::make_unique<State>(std::move(socket), sources, channel);
  ASSAY_CHECK(state->open());
  State* raw = state.get();
  std::promise<pid_t> id;
  auto told = id.get_future();
  raw->thread = std::thread([raw, id = std::move(id)]() mutable {
    id.set_value(::gettid());
    pthread_setname_np(pthread_self(), "assay-trace");
    raw->run();
  });
  raw->thread_id = told.get();
  return std::unique_ptr<Reader>(new Reader(std::move(state)));
}

pid_t Reader::thread() const { return state_->thread_id; }

void Reader::finish() { raise_event(state_->orders.get()); }

Reader::~Reader() {
  auto order = static_cast<uint64_t>(Order::abandon);
  while (write(state_->orders.get(), &order, sizeof order) < 0 && errno == EINTR) {
  }
  state_->thread.join();
}

}  // namespace assay
