// collect: takes in what agents ship (chunks, then header and footer) and puts it into the store. Refuses
// what is not of the held attempt. Decodes nothing: chunks are kept as they came, and read when they are
// scored.
#pragma once

#include <string>

#include "common/wire.h"
#include "scheduler/keep.h"

namespace assay {

class Collect {
 public:
  /// Bounds what one scan may put into the store.
  static constexpr uint32_t kMaxChunks = 4096;

  explicit Collect(Keep& keep) : keep_(keep) {}  // borrowed

  /// Synced when it returns. Errc::limit beyond kMaxChunks or the chunk size.
  Status chunk(const wire::Chunk& chunk);
  /// The trace is whole: the record goes to `shipped`, with the image's digest. Errc::invalid when the header
  /// is of another scan or attempt.
  Result<ScanRecord> done(const wire::Done& done);
  /// The scan ended without a report, failed or cancelled: the record keeps the reason.
  Result<ScanRecord> ended(const std::string& scan_id, ScanState state, const std::string& reason,
                           int64_t now_ns);

 private:
  Keep& keep_;
};

}  // namespace assay
