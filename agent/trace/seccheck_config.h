// seccheck_config: which of gVisor's trace points we ask for, given what the installed runsc offers. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace assay {

struct TracePoint {
  std::vector<std::string> optional_fields, context_fields;
};
/// What `runsc trace metadata` printed, by name of the point. Errc::unsupported when it lists none.
Result<std::map<std::string, TracePoint>> parse_trace_metadata(std::string_view text);

struct SeccheckConfig {
  std::string json;                  // for runsc --pod-init-config
  size_t points = 0;                 // enabled
  std::vector<std::string> missing;  // wanted, but not offered by this runsc
  std::vector<std::string> calls;    // reported each time, by name
};
SeccheckConfig make_seccheck_config(const std::map<std::string, TracePoint>& offered,
                                    const std::string& socket_path);

}  // namespace assay
