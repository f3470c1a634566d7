// mysql: a MariaDB server (client/server protocol, handshake version 10) that takes any user and password,
// and holds nothing. The server speaks first, so only its port tells.
#pragma once

#include <memory>
#include <string_view>

#include "agent/sinkhole/conversation.h"
#include "agent/sinkhole/protocol.h"

namespace assay::sinkhole {

bool greets_mysql(const Peer& peer);  // on 3306
std::unique_ptr<Conversation> open_mysql(Moment& moment);

}  // namespace assay::sinkhole
