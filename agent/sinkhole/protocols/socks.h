// socks: a proxy that reaches everything: SOCKS 4, 4a and 5 (RFC 1928, 1929). Notes the target; what follows
// is a conversation with that target.
#pragma once

#include <memory>
#include <string_view>

#include "agent/sinkhole/conversation.h"
#include "agent/sinkhole/protocol.h"

namespace assay::sinkhole {

Match begins_socks(std::string_view first, const Peer& peer);
std::unique_ptr<Conversation> open_socks(Moment& moment);

}  // namespace assay::sinkhole
