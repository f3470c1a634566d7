// irc: a chat server where every nick, channel and message is welcome (RFC 2812; IRCv3 capabilities: none).
#pragma once

#include <memory>
#include <string_view>

#include "agent/sinkhole/conversation.h"
#include "agent/sinkhole/protocol.h"

namespace assay::sinkhole {

Match begins_irc(std::string_view first, const Peer& peer);
std::unique_ptr<Conversation> open_irc(Moment& moment);

}  // namespace assay::sinkhole
