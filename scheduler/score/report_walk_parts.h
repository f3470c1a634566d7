// report_walk_parts: the keys of what a report is made of, once, for writer and reader alike. Internal to
// report_walk.h, which says how.
#pragma once

#include "scheduler/score/report.h"

namespace assay {

template <class A>
void walk(A& a, Technique& x) {
  a("id", x.id);
  a("tactic", x.tactic);
}
template <class A>
void walk(A& a, Evidence& x) {
  a("event", x.event);
  a("time_ns", x.time_ns);
  a("pid", x.pid);
  a("text", x.text);
}
template <class A>
void walk(A& a, Finding& x) {
  a("rule_id", x.rule_id);
  a("title", x.title);
  a("level", x.level);
  a("category", x.category);
  a("techniques", x.techniques);
  a("weight", x.weight);
  a("contribution", x.contribution);
  a("count", x.count);
  a("description", x.description);
  a("evidence", x.evidence);
  a("ancestry", x.ancestry);
  a("layer", x.layer);
  a.added("proof", x.proof);
  a.added("counted", x.counted);
  a.added("points", x.points);
  a.added("measured", x.measured);
}
template <class A>
void walk(A& a, EarlierProgram& x) {
  a("path", x.path);
  a("brought_by", x.brought_by);
}
template <class A>
void walk(A& a, Process& x) {
  a("pid", x.pid);
  a("parent", x.parent);
  a("start_ns", x.start_ns);
  a("end_ns", x.end_ns);
  a("path", x.path);
  a("argv", x.argv);
  a("sha256", x.sha256);
  a("origin", x.origin);
  a("uid", x.uid);
  a("exit_status", x.exit_status);
  a("execs", x.execs);
  a.added("provoked", x.provoked);
  a.added("package", x.package);
  a.added("package_state", x.package_state);
  a.added("layer", x.layer);
  a.added("brought_by", x.brought_by);
  a.added("script", x.script);
  a.added("earlier", x.earlier);
}
template <class A>
void walk(A& a, Actor& x) {
  a("pid", x.pid);
  a("image", x.image);
  a("command_line", x.command_line);
}
template <class A>
void walk(A& a, PeerRequest& x) {
  a("method", x.method);
  a("target", x.target);
  a("body", x.body);
}
template <class A>
void walk(A& a, Download& x) {
  a("url", x.url);
  a("kind", x.kind);
  a("size_bytes", x.size_bytes);
  a("sha256", x.sha256);
  a("status", x.status);
  a("fetched_by", x.fetched_by);
  a("run_by", x.run_by);
  a("stored_at", x.stored_at);
  a.added("time_ns", x.time_ns);
}
template <class A>
void walk(A& a, TokenSent& x) {
  a("to", x.to);
  a("proto", x.proto);
  a("addr", x.addr);
  a("app", x.app);
  a("encoding", x.encoding);
  a("by", x.by);
}
template <class A>
void walk(A& a, TokenUse& x) {
  a("id", x.id);
  a("kind", x.kind);
  a("place", x.place);
  a("read_by", x.read_by);
  a("asked_by", x.asked_by);
  a("sent", x.sent);
  a.added("first_ns", x.first_ns);
}
template <class A>
void walk(A& a, PlanStep& x) {
  a("kind", x.kind);
  a("target", x.target);
  a("result", x.result);
  a("exit_status", x.exit_status);
  a("pid", x.pid);
  a("duration_ns", x.duration_ns);
  a.added("end_ns", x.end_ns);
}
template <class A>
void walk(A& a, PortProbe& x) {
  a("port", x.port);
  a("answered", x.answered);
  a("result", x.result);
  a("app", x.app);
  a("banner", x.banner);
}
template <class A>
void walk(A& a, LimitHit& x) {
  a("limit", x.limit);
  a("detail", x.detail);
  a("times", x.times);
}
template <class A>
void walk(A& a, Coverage& x) {
  a("executables", x.executables);
  a("ran_by_itself", x.ran_by_itself);
  a("ran", x.ran);
}
template <class A>
void walk(A& a, NetworkPeer& x) {
  a("proto", x.proto);
  a("addr", x.addr);
  a("port", x.port);
  a("name", x.name);
  a("flows", x.flows);
  a("bytes_out", x.bytes_out);
  a("bytes_in", x.bytes_in);
  a("first_data", x.first_data);
  a.added("app", x.app);
  a.added("requests", x.requests);
  a.added("requests_left_out", x.requests_left_out);
  a.added("first_ns", x.first_ns);
  a.added("pid", x.pid);
}
template <class A>
void walk(A& a, FileChange& x) {
  a("path", x.path);
  a("origin", x.origin);
  a("file_type", x.file_type);
  a("sha256", x.sha256);
  a("size_bytes", x.size_bytes);
  a("mode", x.mode);
  a("executed", x.executed);
  a.added("mime", x.mime);
  a.added("similarity", x.similarity);
  a.added("matches", x.matches);
  a.added("written_by", x.written_by);
  a.added("kept", x.kept);
  a.added("package", x.package);
}
template <class A>
void walk(A& a, KeptFile& x) {
  a("path", x.path);
  a("name", x.name);
  a("sha256", x.sha256);
  a("size_bytes", x.size_bytes);
  a("executed", x.executed);
}
template <class A>
void walk(A& a, Change& x) {
  a("kind", x.kind);
  a("what", x.what);
  a("by", x.by);
  a("layer", x.layer);
}
template <class A>
void walk(A& a, Comparison& x) {
  a("relation", x.relation);
  a("scan_id", x.scan_id);
  a("ref", x.ref);
  a("digest", x.digest);
  a("added", x.added);
  a("gone", x.gone);
  a("left_out", x.left_out);
}
template <class A>
void walk(A& a, SourceCount& x) {
  a("source", x.source);
  a("seen", x.seen);
  a("lost", x.lost);
  a("required", x.required);
  a("attached", x.attached);
  a("detail", x.detail);
}
template <class A>
void walk(A& a, Completeness& x) {
  a("complete", x.complete);
  a("lost", x.lost);
  a("reasons", x.reasons);
  a("sources", x.sources);
}
template <class A>
void walk(A& a, LayerInfo& x) {
  a("digest", x.digest);
  a("diff_id", x.diff_id);
  a("size_bytes", x.size_bytes);
  a("created_by", x.created_by);
}
template <class A>
void walk(A& a, PhaseTime& x) {
  a("phase", x.phase);
  a("duration_ns", x.duration_ns);
}

}  // namespace assay
