// kept_scans: scans that are done, with their reports, of this host's store or of a farm, alike; and which of
// them a word means: a scan's id, an image's digest, or a reference.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/answers.h"
#include "cli/remote.h"
#include "common/result.h"
#include "scheduler/score/report.h"
#include "scheduler/store.h"
#include "scheduler/traits.h"

namespace boost::program_options {
class variables_map;
}  // namespace boost::program_options

namespace assay::cli {

class KeptScans {
 public:
  /// Of the farm or of the store, as from_farm() says.
  static Result<KeptScans> open(const boost::program_options::variables_map& map);

  /// As JSON. What a farm sends has not been looked at. Errc::not_found.
  Result<std::string> report(const std::string& scan_id) const;
  /// The newest that are found by it in the index, at most `most`.
  Result<std::vector<ScanView>> found_by(TraitKind kind, const std::string& text, unsigned most) const;

 private:
  KeptScans() = default;
  std::unique_ptr<Store> store_;  // or
  std::optional<Remote> remote_;
};

inline constexpr size_t kMaxMeantScans = 5;

/// The reports that a word means, the newest first, at least one: of the scan; or of the newest scan of the
/// digest ("sha256:...") or reference ("nginx:1.25", "ghcr.io/team/app"), and of further ones of the same
/// digest that were run alike (persona, network, architecture). Errc::invalid: it is none of these;
/// not_found.
Result<std::vector<Report>> meant_scans(const KeptScans& kept, const std::string& word);

}  // namespace assay::cli
