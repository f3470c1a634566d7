// stratum: a mining pool that accepts every miner and keeps it busy: JSON lines in Monero's dialect (login),
// in Bitcoin's (mining.*, with the variants for Ethereum and its heirs), and as Ethereum's getWork (eth_*).
// Hands out well-formed work that no chain needs, counts whatever comes back as a share, and raises the
// difficulty of a miner that finds shares too often.
#pragma once

#include <memory>
#include <string_view>

#include "agent/sinkhole/conversation.h"
#include "agent/sinkhole/protocol.h"

namespace assay::sinkhole {

Match begins_stratum(std::string_view first, const Peer& peer);
std::unique_ptr<Conversation> open_stratum(Moment& moment);

}  // namespace assay::sinkhole
