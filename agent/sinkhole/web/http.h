// http: the web server of every host: speaks HTTP/1.x, makes a WebRequest of each message, asks the sites for
// an answer, and reports what was asked. A pure state machine; http_parse cuts the requests, http_answer
// writes the answers, the sites (web.h) decide.
#pragma once

#include <memory>
#include <string_view>

#include "agent/sinkhole/conversation.h"
#include "agent/sinkhole/protocol.h"

namespace assay::sinkhole {

Match begins_http(std::string_view first, const Peer& peer);
std::unique_ptr<Conversation> open_http(Moment& moment);

}  // namespace assay::sinkhole
