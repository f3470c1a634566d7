// Structs with every field at a value of its own, for round trips. Events are filled by for_each_field(), so
// no new field is forgotten.
#pragma once

#include "common/trace.h"

namespace assay::sample {

inline Event event(EventKind kind, uint64_t salt) {
  Event e;
  for_each_field(e, [&](int id, const char* name, auto& member) {
    using T = std::remove_cvref_t<decltype(member)>;
    uint64_t n = salt * 1000 + static_cast<uint64_t>(id);
    if constexpr (std::is_same_v<T, std::string>) {
      member = std::string(name) + '\0' + "\xff" + std::to_string(n);
    } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
      member = {std::string(name), "", std::to_string(n), std::string(name)};
    } else if constexpr (std::is_same_v<T, std::array<uint64_t, 6>>) {
      for (size_t i = 0; i < member.size(); ++i) member[i] = n << (10 * i);
    } else if constexpr (std::is_same_v<T, int32_t>) {
      member = -static_cast<int32_t>(n);
    } else if constexpr (std::is_same_v<T, int64_t>) {
      member = -static_cast<int64_t>(n << 32);
    } else if constexpr (std::is_integral_v<T>) {
      member = static_cast<T>(n);
    }
  });
  e.kind = kind;
  e.plane = Plane::host;
  e.source = Source::witness;
  return e;
}

inline Job job() {
  Job job;
  job.ref = "r.io/app:v1";
  job.duration = std::chrono::milliseconds(12345);
  job.network = NetworkMode::none;
  job.insecure = true;
  job.auth_file = "/root/.docker/config.json";
  job.cpu_millis = 1500;
  job.memory_bytes = 1ull << 31;
  job.persona = Persona::cloud;
  job.provoke = false;
  job.extension = std::chrono::milliseconds(54321);
  return job;
}

inline TraceHeader header() {
  TraceHeader h;
  h.scan_id = "20261125T031500-1f8a3c9e";
  h.attempt = 7;
  h.job = job();
  h.image = {"sha256:d",
             "sha256:i",
             "sha256:c",
             "amd64",
             "linux",
             {"/bin/sh", ""},
             {"-c", "x"},
             {"A=b", std::string("C=\0d", 4)},
             "app:grp",
             "/srv",
             "SIGQUIT",
             {"80/tcp", "53/udp"},
             {{"sha256:l1", "sha256:t1", 11, "RUN a"}, {"sha256:l2", "sha256:t2", 22, "\xff"}}};
  h.start_time_ns = 1'764'040'500'000'000'001;
  h.tracer_version = "0.1.0";
  h.runtime_version = "runsc 20240729";
  h.kernel = "6.18";
  h.agent_id = "agent-1";
  h.guest_addr = "172.17.0.2";
  h.guest_addr6 = "fd00:172:17::2";
  h.tokens = {{"npm:/root/.npmrc", "npm", "/root/.npmrc"}, {"x", "\xff", ""}};
  return h;
}

inline TraceFooter footer() {
  TraceFooter f;
  f.reason = EndReason::limit;
  f.exit_status = 137;
  f.detail = "killed";
  f.events = 1ull << 40;
  f.chunks = 3;
  f.sources = {{Source::seccheck, 10, 2, "slow reader", true, true},
               {Source::usage, 0, 0, "off", false, false}};
  f.phases = {{"pull", 5}, {"run", -1}};
  f.cpu_ns = 99;
  f.memory_peak_bytes = 1234567;
  f.coverage = {600, 12, 1ull << 33};
  f.extension_ns = 7'000'000'000;
  f.limits = {{"memory", "512 MiB; the sandbox was killed", 1}, {"disk", "", 1ull << 40}};
  f.artifacts = {{"/tmp/\xff", "0001-x", "abc", 12}, {"/tmp/y", "0002-y", "", 1ull << 40}};
  f.artifact_chunks = 2;
  f.artifacts_left_out = 9;
  return f;
}

// Rendered whole, so that a test compares everything and shows what differs.
inline std::string str(const Job& j) {
  return j.ref + " " + std::to_string(j.duration.count()) + "ms " + to_string(j.network) +
         (j.insecure ? " insecure " : " ") + j.auth_file + " " + std::to_string(j.cpu_millis) + " " +
         std::to_string(j.memory_bytes) + " " + to_string(j.persona) + (j.provoke ? " provoke" : "") + " +" +
         std::to_string(j.extension.count());
}

inline std::string str(const std::vector<std::string>& items) {
  std::string out = "[";
  for (const auto& item : items) out += std::to_string(item.size()) + ":" + item + " ";
  return out + "]";
}

inline std::string str(const TraceHeader& h) {
  std::string out = h.scan_id + "/" + std::to_string(h.attempt) + " job " + str(h.job) + "\nimage " +
                    h.image.digest + " " + h.image.index_digest + " " + h.image.config_digest + " " +
                    h.image.architecture + " " + h.image.os + " " + str(h.image.entrypoint) +
                    str(h.image.cmd) + str(h.image.env) + " " + h.image.user + " " + h.image.working_dir +
                    " " + h.image.stop_signal + " " + str(h.image.exposed_ports) + "\n";
  for (const auto& l : h.image.layers)
    out += l.digest + " " + l.diff_id + " " + std::to_string(l.size_bytes) + " " + l.created_by + "\n";
  std::string tokens;
  for (const auto& t : h.tokens) tokens += "\ntoken " + t.id + " " + t.kind + " " + t.place;
  return out + std::to_string(h.start_time_ns) + " " + h.tracer_version + " " + h.runtime_version + " " +
         h.kernel + " " + h.agent_id + " " + h.guest_addr + " " + h.guest_addr6 + tokens;
}

inline std::string str(const TraceFooter& f) {
  std::string out = std::string(to_string(f.reason)) + " " + std::to_string(f.exit_status) + " " + f.detail +
                    " " + std::to_string(f.events) + " in " + std::to_string(f.chunks) + " cpu " +
                    std::to_string(f.cpu_ns) + " mem " + std::to_string(f.memory_peak_bytes) + "\n";
  for (const auto& s : f.sources)
    out += std::string(to_string(s.source)) + " " + std::to_string(s.seen) + "-" + std::to_string(s.lost) +
           " " + s.detail + (s.required ? " required" : "") + (s.attached ? " attached" : "") + "\n";
  std::string limits;
  for (const auto& l : f.limits) limits += l.limit + " " + l.detail + " " + std::to_string(l.times) + "\n";
  for (const auto& a : f.artifacts)
    limits += a.path + " " + a.name + " " + a.sha256 + " " + std::to_string(a.size_bytes) + "\n";
  for (const auto& p : f.phases) out += p.phase + " " + std::to_string(p.duration_ns) + "\n";
  return out + "ran " + std::to_string(f.coverage.ran_by_itself) + " then " + std::to_string(f.coverage.ran) +
         " of " + std::to_string(f.coverage.executables) + "\n" + limits + std::to_string(f.extension_ns) +
         " " + std::to_string(f.artifact_chunks) + " " + std::to_string(f.artifacts_left_out) + "\n";
}

}  // namespace assay::sample
