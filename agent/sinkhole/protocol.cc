// The table of protocols.
#include "agent/sinkhole/protocol.h"

#include <array>

#include "agent/sinkhole/containerd.h"
#include "agent/sinkhole/dns_service.h"
#include "agent/sinkhole/ftp.h"
#include "agent/sinkhole/http.h"
#include "agent/sinkhole/irc.h"
#include "agent/sinkhole/mysql.h"
#include "agent/sinkhole/postgres.h"
#include "agent/sinkhole/redis.h"
#include "agent/sinkhole/smtp.h"
#include "agent/sinkhole/socks.h"
#include "agent/sinkhole/ssh.h"
#include "agent/sinkhole/stratum.h"
#include "agent/sinkhole/tls.h"

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
