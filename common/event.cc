// Names of event kinds, and events rendered for people and for JSON.
#include "common/event.h"

#include <cinttypes>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "common/text.h"
#include "common/trace.h"

namespace assay {
namespace {

constexpr const char* kKindNames[kEventKindCount] = {
    "start",   "exec",   "clone", "exit",    "open",  "connect", "bind",       "listen",
    "accept",  "socket", "chdir", "setid",   "dup",   "syscall", "flow_start", "flow_end",
    "payload", "dns",    "tls",   "http",    "usage", "session", "file",       "output",
    "note",    "canary", "token", "provoke", "guard", "refused"};
constexpr const char* kSourceNames[kSourceCount] = {"seccheck", "witness", "flows", "usage",  "sinkhole",
                                                    "harvest",  "agent",   "guard", "strace", "egress"};

constexpr const char* kNetworkModeNames[kNetworkModeCount] = {"none", "sinkhole", "egress"};
constexpr const char* kPersonaNames[kPersonaCount] = {"bare", "kubernetes", "ci", "cloud"};

constexpr size_t kMaxDetailBytes = 1024;

void put(nlohmann::ordered_json& out, const char* name, const std::string& value) {
  out[name] = printable(value);
}
void put(nlohmann::ordered_json& out, const char* name, const std::vector<std::string>& value) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& item : value) list.push_back(printable(item));
  out[name] = std::move(list);
}
void put(nlohmann::ordered_json& out, const char* name, EventKind value) { out[name] = to_string(value); }
void put(nlohmann::ordered_json& out, const char* name, Plane value) { out[name] = to_string(value); }
void put(nlohmann::ordered_json& out, const char* name, Source value) { out[name] = to_string(value); }
template <class T>
void put(nlohmann::ordered_json& out, const char* name, const T& value) {
  out[name] = value;
}

std::string peer(const std::string& addr, uint32_t port) {
  bool v6 = addr.find(':') != std::string::npos;
  return (v6 ? "[" + addr + "]" : addr) + ":" + std::to_string(port);
}

std::string command_line(const std::vector<std::string>& argv) {
  std::string out;
  for (const auto& arg : argv) out += (out.empty() ? "" : " ") + arg;
  return out;
}

std::string flow(const Event& e) {
  return e.proto + " " + peer(e.src_addr, e.src_port) + " -> " + peer(e.dst_addr, e.dst_port);
}

std::string outcome(const Event& e) {
  if (e.error != 0) return " = -" + std::to_string(e.error);
  return " = " + std::to_string(e.result);
}

// What is particular to a kind; the common prefix is event_text()'s.
std::string detail(const Event& e) {
  switch (e.kind) {
    case EventKind::start:
    case EventKind::exec:
      return e.path + " [" + command_line(e.argv) + "]" + (e.origin.empty() ? "" : " origin=" + e.origin);
    case EventKind::clone:
      return "child " + std::to_string(e.child_pid) + "/" + std::to_string(e.child_tid);
    case EventKind::exit:
      return "status " + std::to_string(e.result);
    case EventKind::open:
      return e.call + " " + (e.path.empty() ? e.fd_path : e.path) + outcome(e);
    case EventKind::connect:
      return (e.path.empty() ? e.proto + " " + peer(e.dst_addr, e.dst_port) : e.path) + outcome(e);
    case EventKind::bind:
      return (e.path.empty() ? e.proto + " " + peer(e.src_addr, e.src_port) : e.path) + outcome(e);
    case EventKind::accept:
      return "fd " + std::to_string(e.fd) +
             (e.dst_addr.empty() ? "" : " from " + peer(e.dst_addr, e.dst_port)) + outcome(e);
    case EventKind::listen:
      return "fd " + std::to_string(e.fd) + outcome(e);
    case EventKind::socket:
      return e.proto + " family " + std::to_string(e.args[0]) + " type " + std::to_string(e.args[1]) +
             outcome(e);
    case EventKind::chdir:
      return e.call + " " + e.path + outcome(e);
    case EventKind::setid:
      return e.call + "(" + std::to_string(e.args[0]) + ")" + outcome(e);
    case EventKind::dup:
      return e.call + " " + std::to_string(e.fd) + outcome(e);
    case EventKind::syscall: {
      std::string out = e.call + "(";
      if (!e.path.empty()) out += e.path;
      if (!e.path2.empty()) out += ", " + e.path2;
      if (e.path.empty() && e.path2.empty()) {
        char hex[32];
        for (size_t i = 0; i < 3; ++i) {
          std::snprintf(hex, sizeof hex, "%s0x%" PRIx64, i ? ", " : "", e.args[i]);
          out += hex;
        }
      }
      out += ")";
      if (!e.data.empty()) out += " \"" + e.data.substr(0, 120) + "\"";
      return out + (e.plane == Plane::guest ? outcome(e) : "");
    }
    case EventKind::flow_start:
      return flow(e);
    case EventKind::flow_end:
      return flow(e) + " out " + std::to_string(e.bytes_out) + " B in " + std::to_string(e.bytes_in) + " B";
    case EventKind::payload:
      return flow(e) + " \"" + e.data.substr(0, 120) + "\"";
    case EventKind::dns: {
      std::string out = e.query_type + " " + e.name;
      for (const auto& answer : e.answers) out += " " + answer;
      return out;
    }
    case EventKind::tls:
      return flow(e) + " SNI " + e.name;
    case EventKind::http:
      return e.call + " " + (e.app.empty() ? "http" : e.app) + "://" + e.name + e.path;
    case EventKind::usage:
      return std::to_string(e.cpu_ns / 1'000'000) + " ms CPU in " +
             std::to_string(e.duration_ns / 1'000'000) + " ms";
    case EventKind::session:
      return (e.app.empty() ? e.proto : e.app) + " " + peer(e.dst_addr, e.dst_port) + " " + e.name + " \"" +
             e.data.substr(0, 120) + "\"";
    case EventKind::file: {
      std::string out =
          e.path + " " + e.file_type + " " + std::to_string(e.size_bytes) + " B origin=" + e.origin;
      if (!e.call.empty()) out += " " + e.call;
      if (!e.mime.empty()) out += " " + e.mime;
      for (const auto& match : e.matches) out += " " + match;
      return out;
    }
    case EventKind::output:
      return "fd " + std::to_string(e.fd) + " \"" + e.data.substr(0, 120) + "\"";
    case EventKind::note:
      return e.call + " " + e.data;
    case EventKind::canary:
      return e.file_type + " " + e.path + " " + std::to_string(e.size_bytes) + " B marker " + e.data;
    case EventKind::token:
      return e.call + " " + e.path + (e.path2.empty() ? "" : " as " + e.path2) + " " + e.proto + " " +
             peer(e.dst_addr, e.dst_port) + " " + e.name + " \"" + e.data.substr(0, 120) + "\"";
    case EventKind::provoke:
      return e.call + " " + e.path + " [" + command_line(e.argv) + "] " + e.name + outcome(e) + " \"" +
             e.data.substr(0, 120) + "\"";
    case EventKind::guard:
      return e.name + " " + e.call + (e.path.empty() ? "" : " " + e.path) + " by " + e.path2 + " " + e.comm +
             " " + std::to_string(e.host_tid);
    case EventKind::refused:
      return e.call + " " + flow(e) + (e.name.empty() ? "" : " (" + e.name + ")");
  }
  return "";
}

}  // namespace

const char* to_string(Plane plane) { return plane == Plane::guest ? "guest" : "host"; }
const char* to_string(Source source) {
  auto index = static_cast<size_t>(source);
  return index < kSourceCount ? kSourceNames[index] : "unknown";
}
const char* to_string(EventKind kind) {
  auto index = static_cast<size_t>(kind);
  return index < kEventKindCount ? kKindNames[index] : "unknown";
}
const char* to_string(EndReason reason) {
  switch (reason) {
    case EndReason::exited:
      return "exited";
    case EndReason::deadline:
      return "deadline";
    case EndReason::limit:
      return "limit";
    case EndReason::start_failed:
      return "start_failed";
    case EndReason::cancelled:
      return "cancelled";
    case EndReason::guard:
      return "guard";
  }
  return "unknown";
}
const char* to_string(NetworkMode mode) {
  auto index = static_cast<size_t>(mode);
  return index < kNetworkModeCount ? kNetworkModeNames[index] : "unknown";
}
const char* to_string(Persona persona) {
  auto index = static_cast<size_t>(persona);
  return index < kPersonaCount ? kPersonaNames[index] : "unknown";
}

std::string event_json(const Event& event) {
  static const Event kStandard;
  // Where each field's default stands, in the order of the walk.
  static const std::vector<const void*> kDefaults = [] {
    std::vector<const void*> places;
    for_each_field(kStandard, [&](int, const char*, const auto& standard) { places.push_back(&standard); });
    return places;
  }();
  nlohmann::ordered_json out;
  size_t next = 0;
  // Fields at their default are left out; identity always stays.
  for_each_field(event, [&](int id, const char* name, const auto& value) {
    const auto& standard = *static_cast<const std::decay_t<decltype(value)>*>(kDefaults[next++]);
    if (id <= 5 || value != standard) put(out, name, value);
  });
  return out.dump();
}

std::string event_text(const Event& event) {
  char prefix[96];
  std::snprintf(prefix, sizeof prefix, "%6" PRIu64 " %9.3fs %-5s %-8s %-5d %-10s ", event.seq,
                static_cast<double>(event.time_ns) / 1e9, to_string(event.plane), to_string(event.source),
                event.pid, to_string(event.kind));
  return prefix + printable(detail(event), kMaxDetailBytes);
}

}  // namespace assay
