// deciding: what is to become of one image of a run: what is known of it already, and how it is submitted
// otherwise. Reads records of scans; changes nothing.
#pragma once

#include <string>

#include "common/submission.h"
#include "scheduler/keep.h"
#include "scheduler/sweeps/records.h"

namespace assay::sweeps {

struct Decision {
  enum class Kind : uint8_t {
    submit,     // nothing is known that could be used
    known,      // scanned with these rules
    rescore,    // scanned with others, and its trace is there
    submitted,  // by this very run, before it was cut short
  };
  Kind kind = Kind::submit;
  std::string scan_id, verdict;  // of that scan
  bool fresh = false;            // submit: there is a result, and it will not do
};

/// `rules_version`: those in force.
Decision decide(const Keep& keep, const RunRecord& run, const RepositoryRecord& repository, const Item& item,
                const std::string& rules_version);
Submission submission_for(const RunRecord& run, const RepositoryRecord& repository, const Item& item,
                          bool fresh);
/// What two images of a run have in common that are scanned once.
std::string image_key(const Item& item);

}  // namespace assay::sweeps
