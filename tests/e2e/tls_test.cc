// Real clients of real images, none of them told to look away: each gets an answer over TLS, and the trace has
// what it sent.
#include <algorithm>
#include <map>

#include "common/trace_file.h"
#include "tests/e2e/assay.h"

namespace assay::e2e {
namespace {
}  // namespace
}  // namespace assay::e2e
