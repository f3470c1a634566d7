// tls: ends the client's TLS with a certificate for the name that it asked for, signed by the scan's
// authority, and carries a talk of its own inside. The only code that touches OpenSSL's SSL calls (memory
// BIOs; no socket).
#pragma once

#include <memory>
#include <string_view>

#include "agent/sinkhole/conversation.h"
#include "agent/sinkhole/protocol.h"

namespace assay::sinkhole {

Match begins_tls(std::string_view first, const Peer& peer);
/// Refuses with an alert where the scene has no authority. What is heard inside is what the session reports
/// as its data; Peer::host becomes the SNI, Peer::tls true.
std::unique_ptr<Conversation> open_tls(Moment& moment);

}  // namespace assay::sinkhole
