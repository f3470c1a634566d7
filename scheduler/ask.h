// ask: the questions and orders that the API puts to the scheduler's loop (wire::Ask), and what it answers
// (wire::Answer): JSON both ways. Whoever asks is allowed to: roles and whose scan it is were checked. An
// answer's status is HTTP's and its body goes to the client as it is; from 400 on it is
// {"error": {"code", "message"}} as ask::error_body() makes it. Times are milliseconds or, with _ns, wall
// clock; a figure that is not known is null. Messages of one client are taken up in their order: an answer
// says that a Watch sent before its question holds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/result.h"
#include "common/wire.h"

namespace assay::ask {

/// What can be asked for at most.
inline constexpr uint64_t kMostAgents = 10'000;

/// {} -> {"agents": [{"name", "mode": "active"|"draining"|"fenced", "fenced_by" (the
/// hit of a guard by which it has fenced itself: {"scan_id", "attempt", "reason"}; else null), "connected":
/// bool, "version" (its tracer's),
///   "platforms" (that it runs), "slots", "cpu_millis", "memory_bytes", "credit", "why" (its credit is 0: its
///   words), "seen_ms" (since its last word), "cached" (repositories), "leases": [{"scan_id", "attempt",
///   "phase", "age_ms"}]}]}, by name.
inline constexpr std::string_view kAgents = "agents";

/// {"name", "mode": "drain"|"undrain"|"fence"|"unfence"} -> {"name", "mode": "active"|"draining"|"fenced"}.
/// Draining: no new leases. Fenced: its leases go back to the queue too, and what it sends is refused; the
/// mode outlives a restart. 404: no such agent. 409: it has fenced itself; only unfence ends that.
inline constexpr std::string_view kAgentMode = "agent_mode";

/// {"name", "fenced": bool} -> {"name", "forgotten": true}: nothing is known of it any more. 404: no such
/// agent. 409: it is connected, holds leases, or is fenced and `fenced` is not true.
inline constexpr std::string_view kAgentForget = "agent_forget";

/// {} -> {"lanes": [{"lane", "queued", "leased", "oldest_ms"}] (all four, most urgent first),
///   "tenants": [{"tenant", "queued", "leased"}], "registries": [{"registry", "queued", "wait_ms"}] (at most
///   100 each), "delayed" (of the queued: waiting after a failure), "scoring" (shipped, not yet reported),
///   "stalled": bool, "free_bytes", "store_bytes" (as of the last look, or null), "store_budget_bytes" (0:
///   none)}
inline constexpr std::string_view kQueue = "queue";

/// {"seconds": N, "min", "max"} -> {"seconds", "backlog" (queued and leased), "agents", "slots", "service_s"
/// (mean
///   of the last scans, or null), "rate_per_s" (scans ended, over the last minutes), "finish_s" (when the
///   backlog would be done as things are, or null), "agents_needed" (to be done within N seconds, or null),
///   "needed_agents" (a number always, between min and max: capacity.h), "basis" (in words)}
inline constexpr std::string_view kCapacity = "capacity";

/// {"scan_id"} -> {"scan_id", "waits": [{"code", "text"}]}: why an open scan does not run, the deciding
/// reason first; empty when it runs. 404: it is not open.
inline constexpr std::string_view kExplain = "explain";

/// {"scan_id"} or {"batch_id", "queued": bool} -> {"cancelled": N}; with `queued` only those of the batch
/// that have not begun. 404: no such scan or batch; 409: the scan has ended.
inline constexpr std::string_view kCancel = "cancel";

/// {"scan_id"} -> {"scan_id", "state": "queued"}: a failed or cancelled one runs again, attempts counted from
/// zero. 404; 409: it is open, or done.
inline constexpr std::string_view kRetry = "retry";

/// {"scan_id", "apply": bool} -> what rescore_json() says (scheduler/rescore.h), once it is on disk with
/// apply: the kept trace held against the rules that are in force, whose version it names. Waits behind what
/// was just shipped. 404: no such scan, or no trace any more; 409: it is not done, shares another's result,
/// or was changed meanwhile; 429: too many are under way; 503: this one is already. 507.
inline constexpr std::string_view kRescore = "rescore";

/// {"batch_id", "name", "tenant", "labels": {}, "created_ns", "manifest" (a string)} -> {"batch_id"}. Before
/// the batch's scans. 409: there is one of this id. 507, 503.
inline constexpr std::string_view kBatchPut = "batch_put";

/// {"dry_run": bool} -> what prune_json() makes of the scheduler's own retention: what goes, or would go. The
/// answer comes when that is known; that it goes takes longer. 503.
inline constexpr std::string_view kPrune = "prune";

/// {"scan_id", "reason"} -> {"scan_id", "pinned"}: it stays whatever retention says; with "" no longer. 404;
/// 409: it changes just now.
inline constexpr std::string_view kPin = "pin";

/// {"ops": [{"key", "value" (a string; null: remove), "end" (with null, optional: every key below it, too)}]}
/// -> {"kept": N}: records of sweeps (sweeps/records.h), all or none of them; from the sweeper only. 400: a
/// key is none of theirs. 507, 503.
inline constexpr std::string_view kSweepRecords = "sweep_records";

/// {"registry", "ms"} -> {}: it has said that it is to be left alone (ms 0: for a minute; at most an hour):
/// no lease of it is given out meanwhile, and those whose agents have not asked it yet come back. 400.
inline constexpr std::string_view kRegistryBusy = "registry_busy";

/// {} -> {"rules_version", "platforms": [...] (of the agents that are connected)}.
inline constexpr std::string_view kFarm = "farm";

/// {} -> {"reloaded": ["rules", "keys", "tokens"]}: what SIGHUP does. 500: what could not be read; the old
/// stays in force.
inline constexpr std::string_view kReload = "reload";

struct CapacityQuestion {
  std::optional<uint64_t> seconds;
  uint64_t least = 0, most = kMostAgents;  // agents
};

/// What an error of this kind is to an HTTP client.
int http_status(Errc code);
/// An Answer with both.
wire::Answer refusal(const Error& error);
/// {"error": {"code": ..., "message": ...}}; both are shown, so the message is printable().
std::string error_body(std::string_view code, std::string_view message);

}  // namespace assay::ask
