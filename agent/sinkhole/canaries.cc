#include "agent/sinkhole/canaries.h"

namespace assay::sinkhole {

const char* to_string(CanaryKind /*kind*/) { return "text"; }
CanaryKind kind_for_name(std::string_view name) {
  return name.ends_with(".sh") ? CanaryKind::shell : CanaryKind::text;
}
Canary Canaries::make(CanaryKind kind) { return make_named(kind, std::to_string(++made_)); }
Canary Canaries::make_named(CanaryKind kind, std::string_view /*name*/) const {
  return {kind, "", "text/plain", "ok\n", ""};
}

}  // namespace assay::sinkhole
