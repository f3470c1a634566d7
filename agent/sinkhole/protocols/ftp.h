// ftp: a file server (RFC 959, 2428, 4217) where any login works, every file exists as a canary, and every
// upload is taken. Passive only: its data connections are those that Scene::awaited names.
#pragma once

#include <memory>
#include <string_view>

#include "agent/sinkhole/conversation.h"
#include "agent/sinkhole/protocol.h"

namespace assay::sinkhole {

Match begins_ftp(std::string_view first, const Peer& peer);
/// On 21; within TLS on 990.
bool greets_ftp(const Peer& peer);
std::unique_ptr<Conversation> open_ftp(Moment& moment);
/// For a connection to a port in Scene::awaited.
std::unique_ptr<Conversation> open_ftp_data(Moment& moment);

}  // namespace assay::sinkhole
