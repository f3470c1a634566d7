// Submission: a job and what the farm needs to place it: who asks, how urgent it is, what it belongs to.
// Plain data; travels in schema/job.capnp.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/job.h"
#include "common/result.h"

namespace assay {

/// Priority lanes, the most urgent first.
enum class Lane : uint8_t { gate = 0, interactive = 1, batch = 2, sweep = 3 };
inline constexpr size_t kLanes = 4;
const char* to_string(Lane lane);
/// Errc::invalid names the text and the lanes there are.
Result<Lane> parse_lane(std::string_view text);

/// In the order given; at most kMaxLabels.
using Labels = std::vector<std::pair<std::string, std::string>>;
inline constexpr size_t kMaxLabels = 16;
inline constexpr size_t kMaxOnceBytes = 256;
inline constexpr size_t kMaxLabelBytes = 256;  // name and value, each

struct Submission {
  Job job;
  Lane lane = Lane::interactive;
  std::string tenant;  // whom it counts for; set by the API from the token, never by the client
  std::string batch;   // id of its batch, or empty
  Labels labels;
  std::string expect;  // the verdict that the submitter expects, or empty
  bool fresh = false;  // run it even where a result could be used again
  /// The submitter's key for it: while a scan with this key and tenant is kept, another submission of it is
  /// answered with that scan's id, and starts nothing. At most kMaxOnceBytes; empty: none.
  std::string once{};
  /// The login for the job's registry, good for this pull: see registry_auth.h. Kept sealed and apart while
  /// the job may still be leased, and shown to nobody but the agent that pulls.
  std::string registry_auth{};
  bool own_login = false;  // it came with such a login: it is pulled with that, and with no other
};

}  // namespace assay
