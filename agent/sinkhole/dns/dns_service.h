// dns_service: the name service as a conversation's end of it: one query in, one reply out, and reports of
// what was asked. For datagrams, for DNS over TCP and TLS (a Conversation of 16-bit lengths, RFC 1035
// section 4.2.2), and for DNS over HTTPS. Pure.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/sinkhole/conversation.h"
#include "agent/sinkhole/protocol.h"

namespace assay::sinkhole {

/// The reply to one message of DNS. `told` gets a report of kind dns, and one of kind token for each
/// honeytoken that the names carry away; what is no query is not reported.
DnsReply answer_name_query(std::string_view packet, Scene& scene, int64_t wall_ns, std::vector<Report>& told);

Match begins_dns(std::string_view first, const Peer& peer);
std::unique_ptr<Conversation> open_dns(Moment& moment);

}  // namespace assay::sinkhole
