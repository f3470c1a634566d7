// The honeytokens, kind by kind. Each looks as its issuer's do.
#include "agent/lure/lures.h"

namespace assay::lure {

std::vector<Token> draw_tokens(const Seed& /*seed*/, Persona /*persona*/) { return {}; }

}  // namespace assay::lure
