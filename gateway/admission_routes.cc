// The admission webhook's routes: who may ask, and for which policy.
#include "gateway/routes.h"

namespace assay::gateway {

std::span<const Route> admission_routes() { return {}; }

}  // namespace assay::gateway
