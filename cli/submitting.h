// submitting: what the verbs share that submit references: their lists, read whole before the first is sent;
// the requests, slice by slice; and the wait for what was submitted.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/live.h"
#include "cli/order.h"
#include "cli/remote_verb.h"
#include "cli/watched.h"

namespace assay::cli {

/// --from.
void add_from_option(po::options_description& options);
/// The references of the words "ref" and of every --from. Errc::invalid once each wrong one was told on
/// stderr, or where there is none: "no image given: assay VERB REF...".
Result<std::vector<std::string>> read_refs(const po::variables_map& map, const std::string& verb);

/// Told of each slice that was taken: the place of its first image among the references, its ids, and the
/// wish that they were submitted with, which has one persona at most.
using Accepted = std::function<void(size_t first, const std::vector<std::string>& ids, const Wish& wish)>;
/// Sends them all, as often as the wish has personas. An error says what was taken before it.
Status submit_refs(const Remote& remote, const std::vector<std::string>& refs, const Wish& wish,
                   const Accepted& accepted);

/// "nginx:1.25", and under which persona where that was asked for.
std::string shown_ref(const std::string& ref, const Wish& wish);
/// A scan that was submitted just now.
ScanView queued_view(const std::string& scan_id, const std::string& ref, const Wish& wish);
/// Until all of `watched` have ended, which were submitted just now. Errors as of follow().
Status follow_submitted(const Remote& remote, Watched& watched, Live& live);

}  // namespace assay::cli
