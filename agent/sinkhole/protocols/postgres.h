// postgres: a PostgreSQL server (protocol 3.0, PostgreSQL's documentation chapter "Frontend/Backend
// Protocol") that takes any user, asks for the password in the clear, and holds nothing.
#pragma once

#include <memory>
#include <string_view>

#include "agent/sinkhole/conversation.h"
#include "agent/sinkhole/protocol.h"

namespace assay::sinkhole {

Match begins_postgres(std::string_view first, const Peer& peer);
std::unique_ptr<Conversation> open_postgres(Moment& moment);

}  // namespace assay::sinkhole
