// The network section: whom the guest spoke to, in which protocol, and what it said.
#include <algorithm>

#include "common/text.h"
#include "scheduler/score/report_sections.h"

namespace assay {
namespace {

using layout::fit;
using layout::Ink;
using layout::pad;
using layout::plural;
using layout::Sheet;

constexpr size_t kMaxPeers = 40, kMaxNames = 30, kMaxRequests = 3;

void write_requests(const NetworkPeer& p, Sheet& sheet) {
  for (size_t i = 0; i < p.requests.size() && i < kMaxRequests; ++i) {
    const auto& request = p.requests[i];
    std::string text =
        request.method + " " + request.target + (request.body.empty() ? "" : "  » " + request.body);
    sheet.line("            " + sheet.paint(Ink::dim, fit(still_printable(text), sheet.room())));
  }
  uint64_t more = p.requests_left_out + p.requests.size() - std::min(p.requests.size(), kMaxRequests);
  if (more > 0) sheet.line("            " + sheet.paint(Ink::dim, "… and " + plural(more, "more request")));
}

void write_peer(const NetworkPeer& p, Sheet& sheet) {
  std::string where = p.port == 0 ? p.proto : p.proto + "/" + std::to_string(p.port);
  std::string traffic = p.proto == "unix" ? "a decoy"
                        : p.flows == 0    ? "no flow seen"
                                          : plural(p.flows, "flow") + ", " + layout::size_text(p.bytes_out) +
                                             " out, " + layout::size_text(p.bytes_in) + " in";
  if (!p.app.empty()) traffic = fit(still_printable(p.app), 24) + ", " + traffic;
  std::string who = p.name.empty() ? p.addr : p.name + " (" + p.addr + ")";
  size_t taken = 2 + Sheet::kLabel + layout::columns(traffic) + 2;
  size_t room = sheet.width > taken + 16 ? sheet.width - taken : 16;
  sheet.line("  " + sheet.paint(Ink::dim, pad(where, Sheet::kLabel)) + pad(still_printable(who), room) +
             "  " + sheet.paint(Ink::dim, traffic));
  if (!p.requests.empty()) return write_requests(p, sheet);
  if (!p.first_data.empty())
    sheet.line("            " +
               sheet.paint(Ink::dim, fit("» " + still_printable(p.first_data), sheet.room())));
}

std::string join_names(const Report& r) {
  std::string out;
  for (size_t i = 0; i < r.dns_names.size() && i < kMaxNames; ++i)
    out += (out.empty() ? "" : ", ") + r.dns_names[i];
  if (r.dns_names.size() > kMaxNames)
    out += ", and " + std::to_string(r.dns_names.size() - kMaxNames) + " more";
  return out;
}

}  // namespace

void write_network(const Report& r, Sheet& sheet) {
  if (r.network.empty() && r.dns_names.empty() && r.listening.empty()) return;
  sheet.section("NETWORK");
  sheet.line();
  for (size_t i = 0; i < r.network.size() && i < kMaxPeers; ++i) write_peer(r.network[i], sheet);
  uint64_t more = r.network_left_out + (r.network.size() > kMaxPeers ? r.network.size() - kMaxPeers : 0);
  if (more > 0) sheet.line("  … and " + plural(more, "more peer"));
  sheet.field("names", join_names(r));
  std::string ports;
  for (const auto& port : r.listening) ports += (ports.empty() ? "" : ", ") + port;
  sheet.field("listens", ports);
}

}  // namespace assay
