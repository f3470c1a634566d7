// Sites that are not built yet pass: weak, so that the real ones take their place.
#include "agent/sinkhole/web.h"

namespace assay::sinkhole {

#define ASSAY_PENDING(site) \
  __attribute__((weak)) std::optional<WebAnswer> site(const WebRequest&, Moment&) { return std::nullopt; }
ASSAY_PENDING(answer_cloud_metadata)
ASSAY_PENDING(answer_kubernetes)
ASSAY_PENDING(answer_containers)
ASSAY_PENDING(answer_webhook)
ASSAY_PENDING(answer_git)
#undef ASSAY_PENDING

}  // namespace assay::sinkhole
