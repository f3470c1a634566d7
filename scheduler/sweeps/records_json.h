// The records of sweeps as JSON and back. Reading takes any bytes: Errc::invalid names the field. Internal to
// the records files.
#pragma once

#include <string>
#include <string_view>

#include "scheduler/sweeps/records.h"

namespace assay::sweeps {

std::string encode(const SweepRecord& record);
std::string encode(const RunRecord& record);
std::string encode(const RepositoryRecord& record);
// A specification is taken as it was when it was written: rules that came later do not make it unreadable.
Result<SweepRecord> decode_sweep(std::string_view bytes);
Result<RunRecord> decode_run(std::string_view bytes);
Result<RepositoryRecord> decode_repository(std::string_view bytes);

}  // namespace assay::sweeps
