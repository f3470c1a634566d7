// doh: DNS over HTTPS: RFC 8484's messages by GET and POST, and the JSON that public resolvers answer as
// well.
#pragma once

#include <optional>

#include "agent/sinkhole/web/web.h"

namespace assay::sinkhole {

/// Tells the query as the name service tells its own.
std::optional<WebAnswer> answer_doh(const WebRequest& request, Moment& moment);

}  // namespace assay::sinkhole
