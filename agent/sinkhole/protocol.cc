// The table of protocols.
#include "agent/sinkhole/protocol.h"

#include <array>

#include "agent/sinkhole/dns/dns_service.h"
#include "agent/sinkhole/protocols/containerd.h"
#include "agent/sinkhole/protocols/ftp.h"
#include "agent/sinkhole/protocols/irc.h"
#include "agent/sinkhole/protocols/mysql.h"
#include "agent/sinkhole/protocols/postgres.h"
#include "agent/sinkhole/protocols/redis.h"
#include "agent/sinkhole/protocols/smtp.h"
#include "agent/sinkhole/protocols/socks.h"
#include "agent/sinkhole/protocols/ssh.h"
#include "agent/sinkhole/protocols/stratum.h"
#include "agent/sinkhole/tls.h"
#include "agent/sinkhole/web/http.h"

namespace assay::sinkhole {
namespace {

constexpr std::array kProtocols = {
    Protocol{"dns", begins_dns, nullptr, open_dns},
    Protocol{"tls", begins_tls, nullptr, open_tls},
    Protocol{"containerd", begins_containerd, nullptr, open_containerd},
    Protocol{"http", begins_http, nullptr, open_http},
    Protocol{"stratum", begins_stratum, nullptr, open_stratum},
    Protocol{"ssh", begins_ssh, greets_ssh, open_ssh},
    Protocol{"smtp", begins_smtp, greets_smtp, open_smtp},
    Protocol{"ftp", begins_ftp, greets_ftp, open_ftp},
    Protocol{"irc", begins_irc, nullptr, open_irc},
    Protocol{"redis", begins_redis, nullptr, open_redis},
    Protocol{"postgresql", begins_postgres, nullptr, open_postgres},
    Protocol{"mysql", nullptr, greets_mysql, open_mysql},
    Protocol{"socks", begins_socks, nullptr, open_socks},
};

}  // namespace

std::span<const Protocol> protocols() { return kProtocols; }

}  // namespace assay::sinkhole
