// smtp: a mail server that takes any login and any message to its end, and delivers nothing: SMTP (RFC 5321)
// with STARTTLS and AUTH, submission, LMTP (RFC 2033).
#pragma once

#include <memory>
#include <string_view>

#include "agent/sinkhole/conversation.h"
#include "agent/sinkhole/protocol.h"

namespace assay::sinkhole {

Match begins_smtp(std::string_view first, const Peer& peer);
/// On 25 and 587; within TLS on 465.
bool greets_smtp(const Peer& peer);
std::unique_ptr<Conversation> open_smtp(Moment& moment);

}  // namespace assay::sinkhole
