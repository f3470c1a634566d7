// ssh: says who it is, hears who the client is (RFC 4253 section 4.2) and its key exchange's offer, and goes
// no further.
#pragma once

#include <memory>
#include <string_view>

#include "agent/sinkhole/conversation.h"
#include "agent/sinkhole/protocol.h"

namespace assay::sinkhole {

Match begins_ssh(std::string_view first, const Peer& peer);
bool greets_ssh(const Peer& peer);  // on 22
std::unique_ptr<Conversation> open_ssh(Moment& moment);

}  // namespace assay::sinkhole
