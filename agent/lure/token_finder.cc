// Windows of all encodings in one table; streams are looked at byte by byte.
#include "agent/lure/token_finder.h"

namespace assay::lure {

TokenFinder::TokenFinder(const std::vector<Token>& /*tokens*/) {}

std::vector<TokenHit> TokenFinder::scan(Stream& /*stream*/, std::string_view /*bytes*/) const { return {}; }

}  // namespace assay::lure
