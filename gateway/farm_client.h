// farm_client: a scheduler asked by its HTTP API (docs/api.md), as any client does: scans of a digest, a
// submission, a scan's state, its report. Over sources/http; every answer is bounded in size, and all that
// one client asks ends by one deadline. One thread's.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "common/result.h"
#include "sources/http.h"

namespace assay::gateway {

struct FarmConfig {
  std::string url = "http://127.0.0.1:8440";  // without a path
  std::filesystem::path token_file;           // its first line is the token; roles read and submit
  std::string ca_file;                        // PEM, beside the host's CAs; for https
};

/// Errc::invalid: `url` is no http or https URL, or has a path or query.
Status check_farm_url(const std::string& url);
/// The token in the file: 1 to 512 visible ASCII characters. Errors name the file, never the token.
Result<std::string> read_token(const std::filesystem::path& file);

/// A scan as GET /v1/scans/{id} tells it; printable.
struct FarmScan {
  std::string scan_id, ref, digest;
  std::string state;   // "queued", "leased", "shipped", "done", "failed", "cancelled"
  std::string tenant;  // who submitted it
  std::string persona;
  std::string error;
  std::vector<std::pair<std::string, std::string>> labels;
  int64_t submitted_ns = 0, finished_ns = 0;  // Unix time; 0: not yet
  bool has_report = false;                    // done, and retention has not taken it
  bool imported = false;                      // its trace came as a file: who made that could have made it up

  bool open() const { return state == "queued" || state == "leased" || state == "shipped"; }
};

struct FarmOrder {
  std::string ref;
  std::string lane = "gate";
  std::string once;  // the same key again starts nothing, and gives the scan that it started; empty: none
  std::vector<std::pair<std::string, std::string>> labels;
  bool insecure = false;                  // plain HTTP or unverified TLS to the registry
  std::chrono::milliseconds duration{0};  // of the run; 0: as the scheduler has it
  std::string registry_auth{};            // a login of this scan's own (common/registry_auth.h); empty: none
};

class FarmClient {
 public:
  using Clock = std::chrono::steady_clock;

  /// `config` is borrowed. `stop_fd`: readable means give up (Errc::cancelled); -1: none. `deadline`: of all
  /// that is asked; what is asked later is Errc::timeout.
  FarmClient(const FarmConfig& config, int stop_fd, Clock::time_point deadline);

  /// Newest first, at most `limit` (1 to 1000), in any state. Errors of all of these: unreachable, timeout,
  /// cancelled, denied (token, certificate), busy, corrupt (no answer of a scheduler), and what the scheduler
  /// refuses.
  Result<std::vector<FarmScan>> scans_of(const std::string& digest, size_t limit);
  /// Errc::not_found.
  Result<FarmScan> scan(const std::string& scan_id);
  /// Its id.
  Result<std::string> submit(const FarmOrder& order);
  /// The report as it is kept (docs/report.md): parse_report() reads it. Errc::not_found: not done, or taken
  /// by retention.
  Result<std::string> report(const std::string& scan_id);

 private:
  Result<std::string> ask(const std::string& method, const std::string& target, const std::string& body = "");

  const FarmConfig& config_;
  sources::Http http_;
  Clock::time_point deadline_;
};

}  // namespace assay::gateway
