// One function a kind of record.
#include "agent/trace/decode.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstring>

#include "agent/harvest_file.h"
#include "agent/trace/bpf_support.h"
#include "agent/trace/guard.h"
#include "agent/trace/rootfs_lookup.h"
#include "agent/trace/seccheck_socket.h"
#include "agent/trace/witness.h"
#include "common/clock.h"

namespace assay {
namespace {

// How far the Sentry's clock may lie behind our arrival time (it waits for room in its socket) or run ahead
// of it before it is not believed.
constexpr int64_t kMaxBehindNs = 30'000'000'000, kMaxAheadNs = 50'000'000;

}  // namespace

Decoder::Decoder(int64_t start_time_ns, int rootfs_dir, const std::vector<std::string>& calls,
                 KeptExecutables* kept)
    : start_time_ns_(start_time_ns),
      monotonic_offset_ns_(monotonic_to_wall_ns()),
      rootfs_dir_(rootfs_dir),
      kept_(kept),
      cross_check_(calls),
      usage_at_ns_(wall_ns()) {}

int64_t Decoder::clock_drift_ns() const { return monotonic_to_wall_ns() - monotonic_offset_ns_; }

int64_t Decoder::host_time(int64_t monotonic_ns, int64_t arrival_ns) const {
  return std::min(monotonic_ns + monotonic_offset_ns_, arrival_ns) - start_time_ns_;
}

void Decoder::decode(const Batch& batch, const Emit& emit) {
  for (const auto& record : batch.records) {
    if (record.kind == RecordKind::executable) {
      if (record.offset < batch.files.size()) executable(batch.files[record.offset]);
      continue;
    }
    flush_exec(emit);
    auto bytes = batch.view(record);
    switch (record.kind) {
      case RecordKind::seccheck:
        seccheck(bytes, record, emit);
        break;
      case RecordKind::witness:
        witness(bytes, record, emit);
        break;
      case RecordKind::guard:
        guard(bytes, record, emit);
        break;
      case RecordKind::flow:
        flow(bytes, record, emit);
        break;
      case RecordKind::flow_total:
        flow_total(bytes, record.arrival_ns, emit);
        break;
      case RecordKind::usage:
        usage(bytes, record, emit);
        break;
      case RecordKind::strace:
        strace_.add(bytes);
        break;
      case RecordKind::sandbox_end:
        cross_check_.sandbox_ended(record.arrival_ns - start_time_ns_);
        break;
      case RecordKind::executable:
        break;
    }
  }
  flush_exec(emit);  // an exec and its executable are always in one batch
}

void Decoder::seccheck(std::string_view datagram, const Record& record, const Emit& emit) {
  auto header = SeccheckHeader::parse(datagram);
  if (!header) return;  // counted by the socket
  auto event = decoder_.decode(header->type, datagram.substr(header->header_size));
  if (!event) {
    ++counts_.seccheck_bad;
    return;
  }
  if (!*event) return;
  ++counts_.seccheck;
  Event e = std::move(**event);
  if (e.time_ns > record.arrival_ns + kMaxAheadNs || e.time_ns < record.arrival_ns - kMaxBehindNs)
    e.time_ns = record.arrival_ns;
  e.time_ns = std::min(e.time_ns, record.arrival_ns) - start_time_ns_;
  take_strings(e);
  cross_check_.reported(e);
  // Its success is told by an event of its own, with more than the registers.
  if (e.kind == EventKind::syscall && e.call == "execve" && e.error == 0) return;
  if (e.kind == EventKind::start && rootfs_dir_ >= 0 && !e.argv.empty()) {
    auto path = find_in_rootfs(rootfs_dir_, e.cwd, e.argv[0], e.env);
    if (!path.empty()) e.path = path;
  }
  if (e.kind == EventKind::start || e.kind == EventKind::exec)
    exec_ = std::move(e);
  else
    emit(std::move(e));
}

// What only the log tells of a call that has registers alone.
void Decoder::take_strings(Event& e) {
  if (e.kind == EventKind::start) strace_.restart();
  if (e.kind != EventKind::syscall && !(e.kind == EventKind::exec && e.path.empty())) return;
  auto match = strace_.match(e);
  // A line names whom it began with: after an execve that is somebody else.
  if (!match || match->comm == e.comm || e.call == "execve") return;
  e.comm = match->comm;
  decoder_.name_task(e, match->comm);
}

void Decoder::executable(const Fd& file) {
  if (!exec_) return;
  if (kept_ != nullptr && !exec_->sha256.empty()) kept_->keep(exec_->sha256, file.get());
  if (!exec_->sha256.empty()) return;
  struct stat st {};
  if (fstat(file.get(), &st) != 0) return;
  if (exec_->mode == 0) exec_->mode = st.st_mode;
  exec_->size_bytes = static_cast<uint64_t>(st.st_size);
  auto nanoseconds = [](const timespec& t) {
    return static_cast<uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(t.tv_nsec);
  };
  std::array<uint64_t, 5> key{st.st_dev, st.st_ino, exec_->size_bytes, nanoseconds(st.st_mtim),
                              nanoseconds(st.st_ctim)};
  auto found = hashes_.find(key);
  if (found == hashes_.end()) {
    auto digest = hash_file(file.get(), kMaxHashedBytes, hash_budget_bytes_, exec_->path);
    if (!digest) return;
    if (hashes_.size() >= kMaxHashes) hashes_.clear();
    found = hashes_.emplace(key, *digest).first;
  }
  exec_->sha256 = found->second;
  if (kept_ != nullptr) kept_->keep(exec_->sha256, file.get());
}

void Decoder::flush_exec(const Emit& emit) {
  if (!exec_) return;
  emit(std::move(*exec_));
  exec_.reset();
}

void Decoder::witness(std::string_view bytes, const Record& record, const Emit& emit) {
  auto event = decode_witness(bytes);
  if (!event) {
    ++counts_.witness_bad;
    return;
  }
  ++counts_.witness;
  event->time_ns = host_time(event->time_ns, record.arrival_ns);
  cross_check_.witnessed(*event);
  emit(std::move(*event));
}

void Decoder::guard(std::string_view bytes, const Record& record, const Emit& emit) {
  auto event = decode_guard(bytes);
  if (!event) {
    ++counts_.guard_bad;
    return;
  }
  event->time_ns = host_time(event->time_ns, record.arrival_ns);
  emit(std::move(*event));
}

void Decoder::flow(std::string_view bytes, const Record& record, const Emit& emit) {
  auto events = flow_events_.decode(bytes);
  if (!events) {
    ++counts_.flows_bad;
    return;
  }
  for (auto& event : *events) {
    ++counts_.flows;
    event.time_ns = host_time(event.time_ns, record.arrival_ns);
    emit(std::move(event));
  }
}

void Decoder::flow_total(std::string_view key_and_flow, int64_t arrival_ns, const Emit& emit) {
  auto events = flow_events_.decode_total(key_and_flow);
  if (!events) {
    ++counts_.flows_bad;
    return;
  }
  for (auto& event : *events) {
    ++counts_.flows;
    event.time_ns = arrival_ns - start_time_ns_;
    emit(std::move(event));
  }
}

void Decoder::usage(std::string_view bytes, const Record& record, const Emit& emit) {
  uint64_t total = 0;
  if (bytes.size() != sizeof total) return;
  std::memcpy(&total, bytes.data(), sizeof total);
  Event e;
  e.kind = EventKind::usage;
  e.plane = Plane::host;
  e.source = Source::usage;
  e.time_ns = record.arrival_ns - start_time_ns_;
  e.cpu_ns = total - usage_total_ns_;
  e.duration_ns = record.arrival_ns - usage_at_ns_;
  usage_total_ns_ = total;
  usage_at_ns_ = record.arrival_ns;
  ++counts_.usage;
  emit(std::move(e));
}

}  // namespace assay
