// Four fields, wherever a record has a peer.
#include "scheduler/score/peer_fields.h"

namespace assay {

void add_peer(Record& record, const NetworkMap& network, const std::string& proto, const std::string& addr,
              uint32_t port) {
  record.borrow(Field::Protocol, proto);
  record.borrow(Field::DestinationIp, addr);
  if (port != 0) record.own(Field::DestinationPort, static_cast<uint64_t>(port));
  record.borrow(Field::DestinationHostname, network.name_of(addr));
}

}  // namespace assay
