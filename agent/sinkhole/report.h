// report: what the sinkhole tells the agent, one datagram a report, over a SOCK_SEQPACKET pair. Both ends are
// this code; the decoder trusts nothing all the same: the sinkhole faces the guest.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/sinkhole/address.h"
#include "common/result.h"

namespace assay::sinkhole {

inline constexpr size_t kMaxReportBytes = 20 * 1024;  // with every field as long as it may be
inline constexpr size_t kMaxDataBytes = 4096;         // first bytes of a session
inline constexpr size_t kMaxAnswers = 8;

enum class Transport : uint8_t { tcp = 0, udp = 1, unix_socket = 2 };

enum class ReportKind : uint8_t { dns = 1, session = 2, counters = 3, http = 4, canary = 5, token = 6 };

struct Report {
  ReportKind kind = ReportKind::counters;
  int64_t time_ns = 0;      // wall clock
  uint64_t seen = 0;        // reports made so far, this one and lost ones included
  uint64_t lost = 0;        // of these, not sent; and datagrams and connections that never became one
  uint64_t dropped = 0;     // of the lost, for being more than may be told in a second
  uint64_t pushed_out = 0;  // connections that were closed to make room for others
  uint64_t cut = 0;         // connections that were closed for having sent more than they may
  Transport transport = Transport::tcp;
  Address src_addr, dst_addr;
  uint16_t src_port = 0, dst_port = 0;
  std::string name;    // asked for; or what DNS had called dst_addr; or the decoy's Unix socket
  std::string app;     // application protocol: "http", "https", "stratum"...
  std::string method;  // http; of a token: "served" or "sent"; of a session: "closed" in its second report
  std::string path;    // http: the target; canary: the URL; token: its id
  std::string detail;  // canary: its kind; token: how it was encoded
  std::string sha256;  // canary
  std::string query_type;
  uint8_t rcode = 0;
  std::vector<std::string> answers;
  std::string
      data;  // session, http: first bytes from the guest (decrypted); canary: its marker; token: excerpt
  uint64_t bytes_out = 0, bytes_in = 0;  // out: from the guest; up to the report
  uint64_t truncated = 0;                // bytes from the guest beyond `data`
  bool operator==(const Report&) const = default;
};

/// Longer strings and lists are cut to what decode_report() takes.
std::string encode_report(const Report& report);
/// Errc::corrupt.
Result<Report> decode_report(std::string_view bytes);

}  // namespace assay::sinkhole
