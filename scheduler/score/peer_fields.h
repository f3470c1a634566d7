// peer_fields: the other end of a connection as rules name it.
#pragma once

#include <cstdint>
#include <string>

#include "scheduler/score/network_map.h"
#include "scheduler/score/record.h"

namespace assay {

/// Protocol, DestinationIp, DestinationPort (0: none) and DestinationHostname, by what `network` heard the
/// address called. Borrows.
void add_peer(Record& record, const NetworkMap& network, const std::string& proto, const std::string& addr,
              uint32_t port);

}  // namespace assay
