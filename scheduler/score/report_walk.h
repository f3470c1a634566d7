// report_walk: the report's keys, once, for writer and reader alike. walk(archive, x) calls archive(name,
// member) in the order of the JSON, and archive.added() where reports of earlier versions have no such key.
// docs/report.md explains every key.
#pragma once

#include "scheduler/score/report.h"
#include "scheduler/score/report_walk_parts.h"

namespace assay {

// Parts of the JSON that gather members from several structs.
struct ScanPart {
  Report& report;
};
struct RunPart {
  TraceFooter& footer;
};
struct ImagePart {
  ImageInfo& image;
};
struct LeftOutPart {
  Report& report;
};

template <class A>
void walk(A& a, ScanPart& x) {
  TraceHeader& header = x.report.header;
  a("id", header.scan_id);
  a("attempt", header.attempt);
  a("ref", header.job.ref);
  a("start_time_ns", header.start_time_ns);
  a("duration_ms", header.job.duration);
  a("network", header.job.network);
  a("insecure", header.job.insecure);
  a("agent", header.agent_id);
  a("tracer", header.tracer_version);
  a("runtime", header.runtime_version);
  a("kernel", header.kernel);
  a("guest_addr", header.guest_addr);
  a("rules", x.report.rules_version);
  a.added("persona", header.job.persona);
  a.added("provoke", header.job.provoke);
  a.added("extension_ms", header.job.extension);
  a.added("platform", header.job.platform);
}
template <class A>
void walk(A& a, ImagePart& x) {
  ImageInfo& image = x.image;
  a("digest", image.digest);
  a("index_digest", image.index_digest);
  a("config_digest", image.config_digest);
  a("architecture", image.architecture);
  a("os", image.os);
  a("entrypoint", image.entrypoint);
  a("cmd", image.cmd);
  a("env", image.env);
  a("user", image.user);
  a("working_dir", image.working_dir);
  a("stop_signal", image.stop_signal);
  a("exposed_ports", image.exposed_ports);
  a("layers", image.layers);
}
template <class A>
void walk(A& a, RunPart& x) {
  TraceFooter& footer = x.footer;
  a("end", footer.reason);
  a("exit_status", footer.exit_status);
  a("detail", footer.detail);
  a("events", footer.events);
  a("chunks", footer.chunks);
  a("cpu_ns", footer.cpu_ns);
  a("memory_peak_bytes", footer.memory_peak_bytes);
  a("phases", footer.phases);
  a.added("extension_ns", footer.extension_ns);
}
template <class A>
void walk(A& a, LeftOutPart& x) {
  a("processes", x.report.processes_left_out);
  a("network", x.report.network_left_out);
  a("files", x.report.files_left_out);
  a.added("downloads", x.report.downloads_left_out);
  a.added("plan", x.report.plan_left_out);
  a.added("artifacts", x.report.footer.artifacts_left_out);
}
template <class A>
void walk(A& a, Report& x) {
  ScanPart scan{x};
  ImagePart image{x.header.image};
  RunPart run{x.footer};
  LeftOutPart left_out{x};
  a("scan", scan);
  a("verdict", x.verdict);
  a("score", x.score);
  a("image", image);
  a("run", run);
  a("findings", x.findings);
  a("processes", x.processes);
  a("network", x.network);
  a("dns_names", x.dns_names);
  a.added("dns_first_ns", x.dns_first_ns);
  a.added("dns_pids", x.dns_pids);
  a("listening", x.listening);
  a.added("listening_pids", x.listening_pids);
  a.added("listening_first_ns", x.listening_first_ns);
  a.added("downloads", x.downloads);
  a.added("tokens", x.tokens);
  a.added("plan", x.plan);
  a.added("ports", x.ports);
  a.added("coverage", x.footer.coverage);
  a.added("shortfall", x.shortfall);
  a.added("limits", x.footer.limits);
  a("files", x.files);
  a.added("artifacts", x.artifacts);
  a.added("compared", x.compared);
  a("left_out", left_out);
  a("completeness", x.completeness);
  a("output", x.output);
}

/// Puts every string of a fresh report through printable(). Once: backslashes double.
void make_printable(Report& report);

}  // namespace assay
