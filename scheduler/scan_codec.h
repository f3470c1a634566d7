// scan_codec: the records of scans and batches as bytes and back (schema/scan.capnp), in the codec's frame.
// Decoding takes hostile bytes, as all of the codec does.
#pragma once

#include <string>
#include <string_view>

#include "scheduler/keep.h"

namespace assay {

std::string encode_scan(const ScanRecord& record);
/// Also reads records as they were before there were submissions.
Result<ScanRecord> decode_scan(std::string_view bytes);

std::string encode_batch(const BatchRecord& record);
Result<BatchRecord> decode_batch(std::string_view bytes);

/// Who holds a scan that has not ended: its fence. State (1 byte), attempt (4, big-endian), agent.
std::string encode_open(ScanState state, uint32_t attempt, const std::string& agent);

}  // namespace assay
