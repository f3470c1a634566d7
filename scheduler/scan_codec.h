// scan_codec: a scan's record as bytes and back (schema/scan.capnp), in the codec's frame.
#pragma once

#include <string>
#include <string_view>

#include "scheduler/keep.h"

namespace assay {

std::string encode_scan(const ScanRecord& record);
Result<ScanRecord> decode_scan(std::string_view bytes);

}  // namespace assay
