#include "cli/options.h"
#include "cli/verbs.h"

namespace assay::cli {

int pin(const Args&) { return complain({Errc::unsupported, "not there yet"}, kFailed); }
int unpin(const Args&) { return complain({Errc::unsupported, "not there yet"}, kFailed); }

}  // namespace assay::cli
