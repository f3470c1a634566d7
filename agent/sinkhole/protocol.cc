// The table of protocols.
#include "agent/sinkhole/protocol.h"

#include <array>

#include "agent/sinkhole/dns_service.h"
#include "agent/sinkhole/http.h"
#include "agent/sinkhole/tls.h"

namespace assay::sinkhole {
namespace {

constexpr std::array kProtocols = {
    Protocol{"dns", begins_dns, nullptr, open_dns},
    Protocol{"tls", begins_tls, nullptr, open_tls},
    Protocol{"http", begins_http, nullptr, open_http},
};

}  // namespace

std::span<const Protocol> protocols() { return kProtocols; }

}  // namespace assay::sinkhole
