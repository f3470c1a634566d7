// log: spdlog set up once by main. One line a state change, key=value, where the error is handled; none in
// the pure core.
#pragma once

#include <spdlog/spdlog.h>

#include <string>

#include "common/result.h"

namespace assay {

/// To stderr. `level`: trace, debug, info, warn, error, off; Errc::invalid for anything else.
Status set_up_log(const std::string& level);

}  // namespace assay
