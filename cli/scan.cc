// assay scan: starts a farm in this process, submits each reference, follows it, and prints its report.
#include <fcntl.h>

#include <boost/program_options.hpp>
#include <iostream>

#include "agent/artifacts.h"
#include "cli/local_scan.h"
#include "cli/options.h"
#include "cli/scan_output.h"
#include "cli/verbs.h"
#include "common/fd.h"
#include "common/image_ref.h"
#include "common/text.h"
#include "scheduler/keep.h"
#include "scheduler/submit.h"
#include "scheduler/trace_export.h"

namespace assay::cli {
namespace {

namespace po = boost::program_options;

struct ScanOptions {
  std::vector<std::string> refs;
  std::vector<Persona> personas;
  Job job;  // but for its ref and persona
  Format format = Format::text;
  const ExportForm* form = nullptr;  // instead of `format`
  Gate gate = Gate::malicious;
  std::string output, keep_trace;
  LocalOptions local;
};

po::options_description describe() {
  po::options_description options("Options");
  auto add = options.add_options();
  add("ref", po::value<std::vector<std::string>>(),
      "image: [docker.io/]NAME[:TAG][@DIGEST], HOST:PORT/NAME, oci:DIR[:TAG], "
      "oci-archive:FILE, docker-archive:FILE");
  add("duration", po::value<std::string>()->default_value("30s"), "how long the image runs");
  add("extend", po::value<std::string>()->default_value("90s"),
      "further time, at most, for an image that waits or hides; 0: none");
  add("network", po::value<std::string>()->default_value("sinkhole"),
      "sinkhole: a simulated internet; none: no network; egress: the real one, from this host, within "
      "limits");
  add("persona", po::value<std::string>()->default_value("bare"),
      "what the image finds itself in: bare (a Docker host), kubernetes, ci, cloud; all: one after the "
      "other, and "
      "what only some of them provoked");
  add("no-provoke", po::bool_switch(), "let the image run by itself, without a run plan");
  add("full-witness", po::bool_switch(),
      "let every system call trap to the host (slow; takes a runsc that can leave them unpatched)");
  add("format", po::value<std::string>()->default_value("text"),
      "text, json, html, sarif, stix, navigator, misp or csv");
  add("output", po::value<std::string>(), "write the report to this file");
  add("keep-trace", po::value<std::string>(), "write the trace to this file (one image)");
  add("artifact-bytes", po::value<std::string>()->default_value("32M"),
      "of files that the image drops or changes, kept for assay artifacts; 0: none");
  add("gate", po::value<std::string>()->default_value("malicious"),
      "verdict from which on the exit code is 10: malicious, suspicious, none");
  add("insecure", po::bool_switch(), "the registry may speak plain HTTP or show an unknown certificate");
  add("authfile", po::value<std::string>(), "docker config.json with the registry's credentials");
  add("platform", po::value<std::string>(),
      "of an image for several platforms the one for this, as linux/amd64/v3 (default: this host's)");
  add("learn-guard", po::value<std::string>(),
      "judge nothing that runsc does on this host, but add it to the guard profile in this file");
  add_local_options(options);
  add("help,h", "this text");
  return options;
}

// Once images and personas have been read.
Status read_format(const std::string& text, ScanOptions& options) {
  if (auto plain = parse_format(text)) {
    options.format = *plain;
    return Status();
  }
  ASSAY_TRY(options.form, find_export_form(text));
  return check_form_takes(*options.form, options.refs.size() * options.personas.size());
}

Result<ScanOptions> read_options(const po::variables_map& map) {
  ScanOptions options;
  auto text = [&](const char* name) { return option_text(map, name); };
  options.refs = option_words(map, "ref");
  if (options.refs.empty())
    return Error{Errc::invalid, "no image given: assay scan REF... (assay scan --help)"};
  ASSAY_TRY(options.job.duration, parse_duration(text("duration")));
  ASSAY_TRY(options.job.extension, parse_duration(text("extend")));
  ASSAY_TRY(options.job.network, parse_network(text("network")));
  ASSAY_TRY(options.personas, parse_personas(text("persona")));
  options.job.provoke = !map["no-provoke"].as<bool>();
  ASSAY_CHECK(read_format(text("format"), options));
  ASSAY_TRY(options.gate, parse_gate(text("gate")));
  options.job.insecure = map["insecure"].as<bool>();
  options.job.auth_file = text("authfile");
  ASSAY_TRY(options.local, read_local_options(map));
  options.local.agent.limits.full_witness = map["full-witness"].as<bool>();
  ASSAY_TRY(options.job.platform, read_host_platform(text("platform")));
  options.output = text("output");
  options.keep_trace = text("keep-trace");
  ASSAY_TRY(options.local.agent.limits.artifact_bytes, parse_artifact_bytes(text("artifact-bytes")));
  options.local.agent.limits.egress.allowed = options.job.network == NetworkMode::egress;
  options.local.agent.learn_guard = text("learn-guard");
  if (!options.keep_trace.empty() && options.refs.size() > 1)
    return Error{Errc::invalid, "--keep-trace takes one image, not " + std::to_string(options.refs.size())};
  if (!options.keep_trace.empty() && options.personas.size() > 1)
    return Error{Errc::invalid, "--keep-trace takes one persona, not all"};
  if (!options.output.empty() && options.output == options.keep_trace)
    return Error{Errc::invalid, "--output and --keep-trace name the same file"};
  for (const std::string& ref : options.refs) {
    options.job.ref = ref;
    ASSAY_CHECK(check_job(options.job));
  }
  return options;
}

Status keep_trace(Store& store, const std::string& scan_id, const std::string& path) {
  Keep keep(store);
  ASSAY_TRY(KeptTrace trace, keep.kept_trace(scan_id));
  ASSAY_TRY(Fd fd, open_file(path, O_WRONLY | O_CREAT | O_TRUNC));
  auto to = [&](std::string_view bytes) { return write_all(fd.get(), bytes, path); };
  ASSAY_CHECK(export_trace(keep, trace, false, to));
  return Status();
}

struct Outcome {
  Exit code = kBelowGate;
  std::string report;  // JSON; empty when it failed
};

Result<Outcome> scan_one(LocalScans& scans, const ScanOptions& options, const std::string& ref,
                         Persona persona) {
  Job job = options.job;
  job.ref = ref;
  job.persona = persona;
  // Fresh: whoever scans here wants to see it run.
  ASSAY_TRY(wire::Finished finished, scans.run(job, true));
  ASSAY_TRY(Report report, parse_report(finished.report));
  if (!options.keep_trace.empty())
    ASSAY_CHECK(keep_trace(scans.store(), finished.scan_id, options.keep_trace));
  return Outcome{exit_code(report.verdict, options.gate), std::move(finished.report)};
}

Status print(const ScanOptions& options, const std::string& text) {
  if (!options.output.empty()) return write_file(options.output, text).context("write the report");
  std::cout << text;
  return flush_stdout();
}

// Found out before minutes of scanning, not after.
Status check_outputs(const ScanOptions& options) {
  if (!options.output.empty()) ASSAY_CHECK(check_writable(options.output).context("--output"));
  if (!options.keep_trace.empty()) ASSAY_CHECK(check_writable(options.keep_trace).context("--keep-trace"));
  if (!options.local.agent.learn_guard.empty())
    ASSAY_CHECK(check_writable(options.local.agent.learn_guard).context("--learn-guard"));
  return Status();
}

// What is read while the next scan runs.
Exit show(const ScanOptions& options, const Result<std::string>& text) {
  Status printed = text ? print(options, *text) : Status(text.error());
  return printed ? kBelowGate : static_cast<Exit>(complain(printed.error(), kFailed));
}

// Scans one after the other; what fails is told on stderr and the others go on, unless none can end any more.
Exit scan_all(LocalScans& scans, const ScanOptions& options, std::vector<ReportGroup>& groups) {
  Exit code = kBelowGate;
  bool at_once = options.format == Format::text && options.form == nullptr && options.output.empty();
  for (const std::string& ref : options.refs) {
    ReportGroup& group = groups.emplace_back();
    for (Persona persona : options.personas) {
      auto outcome = scan_one(scans, options, ref, persona);
      if (!outcome) {
        bool last = outcome.error().code == Errc::cancelled || scans.broken();
        complain(outcome.error(), kFailed);  // which names its image
        code = worse(code, kFailed);
        if (last) return code;
        continue;
      }
      code = worse(code, outcome->code);
      group.push_back(std::move(outcome->report));
      if (at_once) code = worse(code, show(options, report_as_text(group.back(), false)));
    }
    if (at_once && group.size() > 1) code = worse(code, show(options, personas_as_text(group, false)));
  }
  return code;
}

// What is written once all scans have ended: JSON, another form, or the texts that go to a file.
Result<std::string> joined(const ScanOptions& options, const std::vector<ReportGroup>& groups) {
  if (options.form != nullptr) return groups_in_form(groups, *options.form);
  if (options.format == Format::json) return groups_as_json(groups, options.refs.size() > 1);
  return options.output.empty() ? std::string() : groups_as_text(groups);
}

int run(const ScanOptions& options) {
  if (Status ready = check_outputs(options); !ready) return complain(ready.error(), kFailed);
  auto stop = Stop::open(std::nullopt);
  if (!stop) return complain(stop.error(), kFailed);
  auto scans = LocalScans::open(options.local, *stop);
  if (!scans) return complain(scans.error(), kFailed);

  std::vector<ReportGroup> groups;
  Exit code = scan_all(*scans, options, groups);
  auto text = joined(options, groups);
  if (!text) return complain(text.error(), kFailed);
  if (!text->empty())
    if (Status printed = print(options, *text); !printed) return complain(printed.error(), kFailed);
  return code;
}

}  // namespace

int scan(const Args& args) {
  po::options_description described = describe();
  auto map = parse(args, described, "ref");
  if (!map) return complain(map.error(), kUsage);
  if (map->count("help")) {
    std::cout << "assay scan REF... [OPTIONS]\nRuns each image in a sandbox and reports what it did.\n\n"
              << described
              << "\nExit codes: 0 below the gate, 10 at or above it, 11 inconclusive, 1 failed, 2 usage.\n";
    return kBelowGate;
  }
  auto options = read_options(*map);
  if (!options) return complain(options.error(), kUsage);
  return run(*options);
}

}  // namespace assay::cli
