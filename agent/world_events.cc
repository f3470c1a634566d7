// One report is one event; its kind decides what its words mean.
#include "agent/world_events.h"

#include <utility>

namespace assay {
namespace {

EventKind event_kind(sinkhole::ReportKind kind) {
  switch (kind) {
    case sinkhole::ReportKind::dns:
      return EventKind::dns;
    case sinkhole::ReportKind::http:
      return EventKind::http;
    case sinkhole::ReportKind::canary:
      return EventKind::canary;
    case sinkhole::ReportKind::token:
      return EventKind::token;
    case sinkhole::ReportKind::session:
    case sinkhole::ReportKind::counters:
      break;
  }
  return EventKind::session;
}

// A Unix socket has a name alone: no addresses, no ports.
void put_endpoints(const sinkhole::Report& report, Event& event) {
  if (report.transport == sinkhole::Transport::unix_socket) {
    event.proto = "unix";
    return;
  }
  event.proto = report.transport == sinkhole::Transport::udp ? "udp" : "tcp";
  event.src_addr = report.src_addr.text();
  event.src_port = report.src_port;
  event.dst_addr = report.dst_addr.text();
  event.dst_port = report.dst_port;
}

}  // namespace

Event event_of(sinkhole::Report&& report, int64_t start_time_ns) {
  Event event;
  event.kind = event_kind(report.kind);
  event.time_ns = report.time_ns - start_time_ns;
  event.plane = Plane::host;
  event.source = Source::sinkhole;
  put_endpoints(report, event);
  event.name = std::move(report.name);
  event.app = std::move(report.app);
  event.call = std::move(report.method);
  event.data = std::move(report.data);
  event.truncated = report.truncated;
  event.path = std::move(report.path);
  event.sha256 = std::move(report.sha256);
  event.query_type = std::move(report.query_type);
  event.answers = std::move(report.answers);
  event.result = report.rcode;
  (event.kind == EventKind::canary ? event.file_type : event.path2) = std::move(report.detail);
  if (event.kind == EventKind::http || event.kind == EventKind::canary || event.kind == EventKind::token) {
    event.size_bytes = report.bytes_in;
  } else if (event.kind == EventKind::session) {
    event.bytes_out = report.bytes_out;
    event.bytes_in = report.bytes_in;
    if (event.proto == "unix") event.path = event.name;
  }
  return event;
}

}  // namespace assay
