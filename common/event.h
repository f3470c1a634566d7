// Event: one thing that was seen while an image ran. Every source (gVisor's trace points, eBPF, the sinkhole,
// the agent) speaks in these; codec writes them as columns, score reads them. One wide struct: a field that a
// kind does not use stays at its default. The list of fields stands once, in for_each_field(): codec, text,
// JSON and tests all walk it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace assay {

/// Which side saw it: the guest's kernel (gVisor's Sentry), or the host, which a compromised Sentry cannot
/// fake.
enum class Plane : uint8_t { guest = 0, host = 1 };

enum class Source : uint8_t {
  seccheck = 0,
  witness = 1,
  flows = 2,
  usage = 3,
  sinkhole = 4,
  harvest = 5,
  agent = 6,
  guard = 7,   // what the sandbox's own processes do on the host
  strace = 8,  // arguments that only the Sentry's own log tells
  egress = 9,  // the way out to the real network, where a scan has one
};
inline constexpr size_t kSourceCount = 10;

enum class EventKind : uint8_t {
  start = 0,    // the container's first process: argv, env, cwd, path, sha256, origin
  exec = 1,     // path, argv, env, mode, sha256, origin; succeeded, as reported after the fact
  clone = 2,    // child_tid, child_pid (same as pid: a thread)
  exit = 3,     // result = exit status as of wait(2)
  open = 4,     // open, openat, openat2, creat (see call): path, fd_path, fd, flags, mode, result
  connect = 5,  // fd, dst_addr, dst_port, proto or path (unix), result
  bind = 6,     // fd, src_addr, src_port, proto or path (unix), result
  listen = 7,   // fd, args, result
  accept = 8,   // fd, result = new fd, peer in dst_addr, dst_port
  socket = 9,   // args = family, type, protocol; proto, result = fd
  chdir = 10,   // path, result (chdir, fchdir, chroot: see call)
  setid = 11,   // call = setuid, setresuid, setgid...; args; result
  dup = 12,     // fd (old), args, fd_path, result (new)
  syscall =
      13,  // any other call: call, args (six registers), result; from the witness also path, path2, data
  flow_start = 14,  // proto, src_*, dst_*
  flow_end = 15,    // and bytes_out, bytes_in, packets_out, packets_in, duration_ns
  payload = 16,     // first bytes of a flow in one direction: proto, src_*, dst_* (the sender is src), data
  dns = 17,         // name, query_type; answers, result = RCODE when it is a response
  tls = 18,         // ClientHello: name = SNI
  http = 19,   // request: call = method, name = Host, path = target; from the sinkhole also app, data = body
  usage = 20,  // cpu_ns on-CPU time of the whole sandbox within duration_ns before time_ns
  session = 21,  // the sinkhole's view of a connection: proto, dst_*, name = what DNS called dst_addr, data =
                 // first bytes
  file =
      22,  // left behind in the writable layer: path, size_bytes, mode, uid, gid, sha256, origin, file_type
  output = 23,  // what the container printed: fd 1 or 2, data
  note = 24,    // the agent's word on the run: call = what ("deadline", "stopped", "limit"...), data
  canary = 25,  // the sinkhole answered a download with a file of ours: path = URL, name = host, file_type,
                // sha256, size_bytes, data = its marker (see canary.h); proto, src_*, dst_*
  token = 26,  // a honeytoken moved: call = "served" (the simulated world handed it out) or "sent" (it was in
               // bytes from the guest); path = its id, path2 = how it was encoded, name = host, data = the
               // bytes around it; proto, src_*, dst_*
  provoke = 27,  // one step of the run plan, at its end: call = kind of step, path = what it was done to,
                 // argv, name = how it ended, result = exit status, pid = of the process started,
                 // duration_ns, data = first bytes of the answer or the output
  guard =
      28,  // a process of the sandbox did on the host what the runtime never does: name = what kind of act
           // ("exec", "mount"...; "unreported": a call of the guest that the Sentry concealed), call = the
           // system call or act, path2 = the process's part ("sandbox", "gofer", "stub", "stranger"), path =
           // of an exec, args, comm, host_tid, uid
  refused = 29,  // the way out was refused: call = why ("private", "metadata", "farm", "rate"...), proto,
                 // src_*, dst_*, name = what DNS called dst_addr, packets_out, bytes_out
};
inline constexpr size_t kEventKindCount = 30;

const char* to_string(Plane plane);
const char* to_string(Source source);
const char* to_string(EventKind kind);

struct Event {
  uint64_t seq = 0;     // 1, 2, 3... in the merged stream: the number that evidence cites
  int64_t time_ns = 0;  // since the scan's start (TraceHeader::start_time_ns)
  EventKind kind = EventKind::note;
  Plane plane = Plane::guest;
  Source source = Source::agent;

  int32_t pid = 0;  // guest thread group; 0: not known (the witness and flows see host tasks only)
  int32_t tid = 0;  // guest thread
  int32_t child_pid = 0, child_tid = 0;
  int32_t host_tid = 0;       // witness: the systrap stub thread on the host
  uint32_t uid = 0, gid = 0;  // effective
  std::string comm;           // process name
  std::string cwd;

  std::string call;  // system call or verb
  std::array<uint64_t, 6> args{};
  int64_t result = 0;
  int32_t error = 0;  // errno of a failed call, 0 if it succeeded or is not known
  int32_t fd = -1;
  std::string fd_path;
  std::string path, path2;
  uint64_t flags = 0;
  uint32_t mode = 0;
  std::vector<std::string> argv, env;
  std::string sha256;  // 64 hex digits, or empty: not known
  std::string
      origin;  // of an executed or left file: "image" (unchanged), "changed" (differs from the image),
               // "dropped" (not in it), "memfd", "deleted" (whiteout of an image file), "" (not known)
  std::string file_type;  // "elf", "script", "text", "data", "dir", "symlink", "other"
  uint64_t size_bytes = 0;

  std::string proto;               // "tcp", "udp", "unix", "icmp", "raw", "netlink", "packet"
  std::string src_addr, dst_addr;  // textual IPv4 or IPv6
  uint32_t src_port = 0, dst_port = 0;
  std::string name;        // DNS name, SNI, Host
  std::string query_type;  // "A", "AAAA", "TXT"...
  std::vector<std::string> answers;
  uint64_t bytes_out = 0, bytes_in = 0, packets_out = 0, packets_in = 0;  // out: from the guest
  int64_t duration_ns = 0;
  uint64_t cpu_ns = 0;
  std::string data;        // raw bytes, bounded by its source
  uint64_t truncated = 0;  // bytes of data (or list items) that the source left out
  std::string app;         // application protocol: "http", "https", "stratum", "docker"...
  std::string mime;        // of a file, by its content: "application/x-executable"
  std::string
      similarity;  // of a file: its TLSH digest ("T1" and 70 hex digits), or empty: too small or uniform
  std::vector<std::string> matches;  // YARA rules that a file matches: "namespace:rule"
  std::string package;  // of an executed or left file: whose it is by the image's own package database
  std::string package_state;  // of an executed file of the image: "unchanged" (as the package has it), "changed",
                              // "unchecked" (no digest known), "none" (nobody's), "" (no database)
  uint32_t layer = 0;         // that brought an executed file: 1 is the base of ImageInfo::layers; 0: none
  uint32_t script_layer = 0;  // likewise of the file that an executed interpreter was given

  bool operator==(const Event&) const = default;
};

/// Calls visit(id, name, member) for each field, in the order of ids. Ids are the disk format's: never reuse
/// or renumber one.
template <class E, class Visit>
void for_each_field(E& e, Visit&& visit) {
  visit(1, "seq", e.seq);
  visit(2, "time_ns", e.time_ns);
  visit(3, "kind", e.kind);
  visit(4, "plane", e.plane);
  visit(5, "source", e.source);
  visit(6, "pid", e.pid);
  visit(7, "tid", e.tid);
  visit(8, "child_pid", e.child_pid);
  visit(9, "child_tid", e.child_tid);
  visit(10, "host_tid", e.host_tid);
  visit(11, "uid", e.uid);
  visit(12, "gid", e.gid);
  visit(13, "comm", e.comm);
  visit(14, "cwd", e.cwd);
  visit(15, "call", e.call);
  visit(16, "args", e.args);
  visit(17, "result", e.result);
  visit(18, "error", e.error);
  visit(19, "fd", e.fd);
  visit(20, "fd_path", e.fd_path);
  visit(21, "path", e.path);
  visit(22, "path2", e.path2);
  visit(23, "flags", e.flags);
  visit(24, "mode", e.mode);
  visit(25, "argv", e.argv);
  visit(26, "env", e.env);
  visit(27, "sha256", e.sha256);
  visit(28, "origin", e.origin);
  visit(29, "file_type", e.file_type);
  visit(30, "size_bytes", e.size_bytes);
  visit(31, "proto", e.proto);
  visit(32, "src_addr", e.src_addr);
  visit(33, "dst_addr", e.dst_addr);
  visit(34, "src_port", e.src_port);
  visit(35, "dst_port", e.dst_port);
  visit(36, "name", e.name);
  visit(37, "query_type", e.query_type);
  visit(38, "answers", e.answers);
  visit(39, "bytes_out", e.bytes_out);
  visit(40, "bytes_in", e.bytes_in);
  visit(41, "packets_out", e.packets_out);
  visit(42, "packets_in", e.packets_in);
  visit(43, "duration_ns", e.duration_ns);
  visit(44, "cpu_ns", e.cpu_ns);
  visit(45, "data", e.data);
  visit(46, "truncated", e.truncated);
  visit(47, "app", e.app);
  visit(48, "mime", e.mime);
  visit(49, "similarity", e.similarity);
  visit(50, "matches", e.matches);
  visit(51, "package", e.package);
  visit(52, "package_state", e.package_state);
  visit(53, "layer", e.layer);
  visit(54, "script_layer", e.script_layer);
}

/// One line of JSON with the fields that differ from their default; bytes that are not printable ASCII or
/// UTF-8 are escaped.
std::string event_json(const Event& event);
/// One line for a person: "12.345s guest pid 7 exec /bin/sh -c ...". Control characters are escaped.
std::string event_text(const Event& event);

}  // namespace assay
