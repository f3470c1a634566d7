// judge: what a policy says of an image that a cluster is about to run: by its digest, the scheduler's kept
// results, and where these do not say, by what the settings and the policy say of that. One request's: it has
// until the request's deadline, and always comes to a decision.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/image_ref.h"
#include "decisions/decide.h"
#include "gateway/farm_client.h"
#include "gateway/routes.h"
#include "gateway/time_limit.h"

namespace assay::gateway {

/// Of the scans of one digest, newest first, those that are to be judged: the newest that has a report, and
/// the newest of each other persona, unless it is older than the policy lets any be. Pure.
std::vector<FarmScan> scans_to_judge(const std::vector<FarmScan>& scans, const decisions::Policy& policy,
                                     int64_t now_s);

class Judge {
 public:
  /// All borrowed. `may_submit`: images without a result may be submitted, if the settings say so.
  Judge(const Services& services, const decisions::Policy& policy, const TimeLimit& limit, bool may_submit);

  /// `image` as a pod names it. Its decision's ref is that.
  decisions::Decision judge(const std::string& image);

 private:
  using Decision = decisions::Decision;

  /// `of_index`: an index has it for a platform's image, and so it is not looked into for another index.
  Decision by_digest(const ImageRef& ref, const std::string& digest, bool of_index = false);
  Result<Decision> by_results(const std::string& digest, const std::vector<FarmScan>& scans);
  Decision unknown(const ImageRef& ref, const std::string& digest, const std::vector<FarmScan>& scans,
                   bool of_index);
  std::optional<Decision> by_index(const ImageRef& ref, const std::string& digest, std::string& why_not);
  Decision of_platforms(const ImageRef& ref, const std::vector<std::string>& digests);
  Result<FarmScan> submit(const ImageRef& ref, const std::string& digest);
  Decision unscanned(decisions::Outcome outcome, const std::string& why) const;
  Decision unanswered(const Error& error) const;
  void keep(const std::string& digest, const Decision& decision, bool decided) const;

  const Services& services_;
  const decisions::Policy& policy_;
  const TimeLimit& limit_;
  bool may_submit_;
  FarmClient farm_;
  std::string image_;  // at hand
};

}  // namespace assay::gateway
