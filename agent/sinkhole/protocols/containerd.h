// containerd: gRPC over HTTP/2, as containerd's socket speaks it: every call succeeds; one container is
// listed, whose environment holds a honeytoken. The only code that touches nghttp2.
#pragma once

#include <memory>
#include <string_view>

#include "agent/sinkhole/conversation.h"
#include "agent/sinkhole/protocol.h"

namespace assay::sinkhole {

Match begins_containerd(std::string_view first, const Peer& peer);
std::unique_ptr<Conversation> open_containerd(Moment& moment);

}  // namespace assay::sinkhole
