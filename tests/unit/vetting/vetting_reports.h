// Reports and manifests for the tests of vetting: small ones, of which each test changes what it is about.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "decisions/vetting/manifest.h"
#include "scheduler/score/report.h"

namespace assay::decisions {

inline const std::string kImageDigest = "sha256:" + std::string(64, 'd');

/// Of a web server that writes its log and does nothing else: complete, clean.
inline Report server_report() {
  Report r;
  r.header.scan_id = "20261130T020850-383a84bf";
  r.header.job.ref = "registry.example/acme/web:1";
  r.header.image.digest = kImageDigest;
  r.header.image.layers = {{"sha256:b1", "sha256:base", 100, "FROM debian:12"},
                           {"sha256:b2", "sha256:app", 10, "COPY web /usr/bin"}};
  r.header.start_time_ns = 1'796'004'530'000'000'000;
  r.header.tracer_version = "0.1.0";
  r.rules_version = std::string(64, 'e');
  r.verdict = Verdict::clean;
  r.footer.phases = {{"run", 3'000'000'000}};
  r.footer.coverage = {400, 2, 3};
  Process web;
  web.pid = 1;
  web.path = "/usr/bin/web";
  web.argv = {"/usr/bin/web", "--serve"};
  web.uid = 1000;
  web.layer = web.brought_by = 2;
  r.processes = {web};
  r.listening = {"tcp/8080"};
  r.listening_pids = {1};
  FileChange log;
  log.path = "/var/lib/web/data";
  log.origin = "dropped";
  log.file_type = "file";
  log.written_by = {1, "/usr/bin/web", "/usr/bin/web --serve"};
  r.files = {log};
  return r;
}

/// It asks for a name, too, by a process of its own.
inline void ask_for(Report& r, const std::string& name) {
  Process child = r.processes[0];
  child.pid = 7;
  child.parent = 1;
  child.path = "/usr/bin/phone";
  child.argv = {"/usr/bin/phone", name};
  r.processes.push_back(child);
  r.dns_names.push_back(name);
  r.dns_first_ns.push_back(1'500'000'000);
  r.dns_pids.push_back(7);
}

inline const char* const kServerManifest = R"(schema: assay.vetting/1
vendor: {name: Acme, contact: sec@acme.example}
profile: {duration: 5s, provoke: false}
images:
  - ref: registry.example/acme/web:1
    name: web
    purpose: serves pages
    declares: {ports: [tcp/8080], domains: [api.acme.example], writes: [/var/lib/web]}
)";

inline VetManifest manifest_of(const std::string& yaml) {
  auto manifest = parse_vet_manifest(yaml, "acme.yml");
  EXPECT_TRUE(manifest) << manifest.error().what;
  return manifest ? *manifest : VetManifest();
}

}  // namespace assay::decisions
