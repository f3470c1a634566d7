// batch: raw records on their way from the reader thread to the owner's, and the bounded channel that carries
// them. Records are what a source sent, undecoded; decoding is the owner's work. Single producer, single
// consumer.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/fd.h"
#include "common/result.h"

namespace assay {

enum class RecordKind : uint8_t {
  seccheck,    // a datagram of the remote sink, header included
  executable,  // follows the seccheck record of an exec or start: Batch::files[offset] is the file, opened at
               // once
  witness,     // struct farm_witness and its bytes
  guard,       // struct farm_guard
  flow,        // struct farm_flow_record and its bytes
  flow_total,  // struct farm_flow_key, struct farm_flow: a flow that has ended
  usage,       // uint64_t: on-CPU nanoseconds so far
  strace,      // bytes of runsc's log, as they came
  sandbox_end,  // empty: a Sentry has hung up
};

struct Record {
  RecordKind kind;
  uint32_t offset, size;  // in Batch::bytes
  int64_t arrival_ns;     // wall clock
};

struct Batch {
  static constexpr size_t kMaxBytes = 512 * 1024;
  static constexpr size_t kMaxRecords = 4096;
  static constexpr size_t kMaxFiles = 64;  // descriptors are the whole process's

  std::vector<Record> records;
  std::string bytes;
  std::vector<Fd> files;
  int64_t drained_ns =
      0;  // wall clock: everything that had arrived by then is in this batch or an earlier one
  bool last = false;
  // Totals since the start, as of this batch.
  uint64_t seccheck_messages = 0, seccheck_lost = 0, connections = 0, open_connections = 0;

  void add(RecordKind kind, std::string_view head, std::string_view tail, int64_t arrival_ns);
  void append(Batch& other);  // its records, bytes and files; `other` is empty then
  std::string_view view(const Record& record) const {
    return std::string_view(bytes).substr(record.offset, record.size);
  }
  bool full() const { return bytes.size() >= kMaxBytes || records.size() >= kMaxRecords; }
};

/// A ring of batches between two threads. A full channel makes the producer wait (on space_fd()), which in
/// turn slows the Sentry down rather than losing what it says.
class BatchChannel {
 public:
  static constexpr size_t kCapacity = 32;
  static Result<std::unique_ptr<BatchChannel>> open();

  // The producer's side.
  bool try_push(std::unique_ptr<Batch>& batch);  // false: full, and `batch` stays
  bool idle() const;                             // the consumer has taken all
  int space_fd() const { return space_.get(); }  // readable after a pop; clear with clear_event()
  // The consumer's side.
  std::unique_ptr<Batch> pop();                  // null: empty
  int ready_fd() const { return ready_.get(); }  // readable after a push

 private:
  BatchChannel() = default;
  std::array<std::unique_ptr<Batch>, kCapacity> slots_;
  std::atomic<size_t> head_{0},
      tail_{0};  // head_: next to push, the producer's; tail_: next to pop, the consumer's
  Fd ready_, space_;
};

}  // namespace assay
