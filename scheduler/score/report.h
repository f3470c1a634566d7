// Report: what is said of one scan. Plain data; report_json.cc writes and reads it ("assay.report/1",
// docs/report.md), report_text.cc shows it to a person. The same trace and rules always give the same bytes:
// no clock, no randomness, every list in a defined order.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "common/trace.h"

namespace assay {

enum class Verdict : uint8_t { clean, suspicious, malicious, inconclusive };
const char* to_string(Verdict verdict);
/// By that name; nothing for any other text.
std::optional<Verdict> parse_verdict(std::string_view text);

struct Evidence {
  uint64_t event = 0;  // Event::seq
  int64_t time_ns = 0;
  int32_t pid = 0;
  std::string text;  // one line, bounded: as event_text(), but for the columns that stand above
};

struct Technique {
  std::string id;      // "T1496" or "T1496.001" (MITRE ATT&CK)
  std::string tactic;  // "impact"
};

struct Finding {
  std::string rule_id;  // the rule's UUID or file stem
  std::string title;
  std::string description;
  std::string level;  // Sigma: informational, low, medium, high, critical
  std::vector<Technique> techniques;
  std::string category;               // "container_escape", "miner"...
  double weight = 0;                  // of its noisy-or term
  bool proof = false;                 // it counts whole, whatever else showed the technique
  double counted = 0;                 // how much of the weight counted
  int points = 0;                     // that it added to the score, after all heavier ones
  int contribution = 0;               // points that the score would lose without this finding
  uint64_t count = 0;                 // matching events, all
  std::vector<Evidence> evidence;     // the first ones, bounded
  std::vector<std::string> ancestry;  // command lines from init to the process of the first evidence
  std::string layer;      // diffID and history line of the layer that brought the program; empty: not known
  bool measured = false;  // by a rule over the run's loads and totals, which a busy host changes, too
};

/// A program that a process ran before it executed another one.
struct EarlierProgram {
  std::string path;
  uint32_t brought_by = 0;  // as in Process
};

struct Process {
  int32_t pid = 0, parent = 0;
  int64_t start_ns = 0, end_ns = -1;
  std::string path;  // of the binary
  std::vector<std::string> argv;
  std::string sha256, origin;
  uint32_t uid = 0;
  int32_t exit_status = -1;            // -1: was running at the end
  uint32_t execs = 0;                  // how often it changed its image
  bool provoked = false;               // started by the run plan (see common/starter.h), not by the image
  std::string package, package_state;  // of the program: see Event
  uint32_t layer = 0;       // that brought it: 1 is the first of the image's; 0: none, or not known
  uint32_t brought_by = 0;  // likewise, of whoever brought the doer: see layers.h, bringing_layer()
  std::string script;       // the file that an interpreter was given; empty: none
  std::vector<EarlierProgram> earlier;  // oldest first, at most kMaxEarlier
  static constexpr size_t kMaxEarlier = 8;
};

/// A process, as a sentence names it.
struct Actor {
  int32_t pid = 0;  // 0: not known
  std::string image, command_line;
};

/// One thing that was said to a peer, in the terms of its protocol.
struct PeerRequest {
  std::string method, target;  // "POST", "/api/v1/upload"
  std::string body;            // its printable start
};

struct NetworkPeer {
  std::string proto, addr, name;  // name: what DNS, SNI or Host called it
  uint32_t port = 0;
  uint64_t flows = 0, bytes_out = 0, bytes_in = 0;
  std::string first_data;             // printable start of what the guest sent
  std::string app;                    // what was spoken: "https", "stratum"; several: "https, http"
  std::vector<PeerRequest> requests;  // the first ones, bounded
  uint64_t requests_left_out = 0;
  int64_t first_ns = -1;  // of the first attempt; -1: not known
  int32_t pid = 0;        // whose that was; 0: not known
};

enum class DownloadStatus : uint8_t { answered, stored, run };
const char* to_string(DownloadStatus status);

/// A file that the simulated internet handed out, and what became of it.
struct Download {
  std::string url, kind, sha256;  // kind: "shell", "elf", "tar_gz"...
  uint64_t size_bytes = 0;
  DownloadStatus status = DownloadStatus::answered;
  Actor fetched_by, run_by;
  std::string stored_at;  // where it was left behind
  int64_t time_ns = -1;   // of the answer; -1: not known
};

struct TokenSent {
  std::string to, proto, addr;  // to: name or address, and port: "evil.test:443"
  std::string app;              // "https", "dns"...
  std::string encoding;         // "plain", "base64", "base32", "hex", "url"
  Actor by;
};

/// A honeytoken that was touched: read, asked of the service that serves it, or sent away.
struct TokenUse {
  std::string id, kind, place;
  std::vector<Actor> read_by, asked_by;  // each process once, bounded
  std::vector<TokenSent> sent;           // each destination and encoding once, bounded
  int64_t first_ns = -1;                 // when it was first touched; -1: not known
};

/// A step of the run plan.
struct PlanStep {
  std::string kind, target;  // "healthcheck", "port"...: docs/events.md
  std::string result;        // how it ended, in a word or two
  int32_t exit_status = 0;
  int32_t pid = 0;  // of what was started
  int64_t duration_ns = 0;
  int64_t end_ns = -1;  // -1: not known
};

/// A listening port that we spoke to.
struct PortProbe {
  std::string port;  // "tcp/80"
  bool answered = false;
  std::string result;  // "http", "no answer", "loopback only"
  std::string app;     // as what it answered: "http", "redis"...
  std::string banner;  // printable start of the answer
};

struct FileChange {
  std::string path, origin, file_type, sha256;
  uint64_t size_bytes = 0;
  uint32_t mode = 0;
  bool executed = false;
  std::string mime, similarity;      // by content; TLSH
  std::vector<std::string> matches;  // YARA: "namespace:rule"
  Actor written_by;                  // who last wrote, made or renamed it; pid 0: not known
  std::string kept;                  // as which entry of the archive of artifacts; empty: it was not
  std::string package;               // whose it is in the image, where the image has it
};

/// A file in the archive of artifacts.
struct KeptFile {
  std::string path, name, sha256;  // name: of its entry; equal files share one
  uint64_t size_bytes = 0;
  bool executed = false;
};

/// Something that one scan did and another did not.
struct Change {
  std::string kind;   // of a fact: see behaviour.h
  std::string what;   // in a form that another run of the same image would have, too
  std::string by;     // the program that did it; empty: not known
  std::string layer;  // layer_text() of the layer that brought the doer; of what is gone, the other image's
};

/// The scan held against an earlier one: of the digest that its repository had before, or of its base image.
struct Comparison {
  std::string relation;              // "previous", "base"
  std::string scan_id, ref, digest;  // of the earlier scan
  std::vector<Change> added, gone;   // by kind, then by name
  uint64_t left_out = 0;
};

struct Completeness {
  bool complete = true;
  uint64_t lost = 0;  // sum over sources
  std::vector<SourceCount> sources;
  std::vector<std::string> reasons;  // why not complete, one line each
};

struct Report {
  TraceHeader header;
  TraceFooter footer;
  std::string rules_version;  // hash of the rule set
  Verdict verdict = Verdict::inconclusive;
  int score = 0;                  // 0-100
  std::vector<Finding> findings;  // heaviest first, then by rule id
  std::vector<Process> processes;
  std::vector<NetworkPeer> network;
  std::vector<std::string> dns_names;
  std::vector<int64_t> dns_first_ns;        // when each of them was first asked for; empty: not known
  std::vector<int32_t> dns_pids;            // who asked for each first; 0: not known; empty: not known of any
  std::vector<std::string> listening;       // "tcp/80"
  std::vector<int32_t> listening_pids;      // who listened on each first; likewise
  std::vector<int64_t> listening_first_ns;  // when that was; empty: not known
  std::vector<Download> downloads;          // in order of their answers
  std::vector<TokenUse> tokens;             // in the order of the header's
  std::vector<PlanStep> plan;               // in order of their ends
  std::vector<PortProbe> ports;             // by port
  std::vector<FileChange> files;
  std::vector<KeptFile> artifacts;  // how many more there were: footer.artifacts_left_out
  uint64_t files_left_out = 0, processes_left_out = 0, network_left_out = 0, downloads_left_out = 0,
           plan_left_out = 0;
  std::vector<Comparison> compared;  // "previous" before "base"; empty: there was nothing to compare with
  Completeness completeness;
  std::string shortfall;  // why the run says too little about the image; empty: it does not
  std::string output;     // first bytes of what the container printed, escaped
};

std::string report_json(const Report& report);
Result<Report> parse_report(std::string_view json);

struct TextStyle {
  bool color = false;
  unsigned width = 100;
};
std::string report_text(const Report& report, const TextStyle& style);

}  // namespace assay
