// Reading, marking and drawing.
#include "bench/archive/samples.h"

#include <cstdio>
#include <cstdlib>

#include "common/codec.h"
#include "common/digest.h"
#include "common/trace_file.h"
#include "scheduler/score/report.h"
#include "scheduler/score/rules.h"
#include "scheduler/score/scorer.h"

namespace assay::archive {
namespace {

// Hexadecimal, so that they may stand in a hash; unlikely enough to stand anywhere by chance.
constexpr std::string_view kOwn = "5a5afe01", kShared = "5a5afe02", kAddress = "203.0.113.251";

[[noreturn]] void die(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::exit(1);
}

std::string hex8(uint32_t value) {
  char text[16];
  std::snprintf(text, sizeof text, "%08x", value);
  return text;
}

// A bijection, so that no two are equal, and neighbours are far apart.
uint32_t mixed(size_t number) {
  auto value = static_cast<uint32_t>(number) * 2654435761u;
  return (value ^ (value >> 15)) * 2246822519u;
}

std::string replaced(std::string text, std::string_view from, const std::string& to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

std::string drawn(std::string text, size_t number) {
  text = replaced(std::move(text), kOwn, own_digits(number));
  text = replaced(std::move(text), kShared, shared_digits(number));
  return replaced(std::move(text), kAddress, own_address(number));
}

// What a scan has of its own, beside what every scan of the trace has.
void mark(Report& report) {
  report.dns_names.push_back("x" + std::string(kOwn) + "." + kOwnDomain);
  report.dns_names.push_back("c2-" + std::string(kShared) + "." + kSharedDomain);
  NetworkPeer peer;
  peer.proto = "tcp";
  peer.addr = kAddress;
  peer.port = 443;
  report.network.push_back(peer);
  size_t number = 0;
  for (FileChange& file : report.files)
    if (file.sha256.size() == 64) file.sha256.replace(0, 8, number++ % 2 == 0 ? kOwn : kShared);
  FileChange dropped;
  dropped.path = "/tmp/." + std::string(kOwn) + "/kworker";
  dropped.origin = "dropped";
  dropped.sha256 = std::string(kOwn) + std::string(56, '0');
  dropped.executed = true;
  report.files.push_back(dropped);
}

std::vector<std::string> chunks_of(std::vector<Event> events, size_t variant) {
  std::vector<std::string> out;
  ChunkWriter writer;
  for (Event& event : events) {
    event.time_ns += static_cast<int64_t>(mixed(variant + event.seq) % 50'000);
    writer.add(std::move(event));
    if (writer.full()) out.push_back(writer.take());
  }
  if (!writer.empty()) out.push_back(writer.take());
  return out;
}

}  // namespace

std::string own_digits(size_t number) { return hex8(mixed(number)); }
std::string shared_digits(size_t number) { return hex8(mixed(number % 1000) ^ 0x5eedu); }
std::string own_address(size_t number) {
  uint32_t value = mixed(number);
  return std::to_string(20 + ((value >> 24) & 1)) + "." + std::to_string((value >> 16) & 255) + "." +
         std::to_string((value >> 8) & 255) + "." + std::to_string(value & 255);
}

// Ten a second, in order.
std::string scan_id_of(size_t number) {
  char text[64];
  size_t second = number / 10;
  std::snprintf(text, sizeof text, "202611%02zuT%02zu%02zu%02zu-%08zx", 1 + second / 86400,
                second / 3600 % 24, second / 60 % 60, second % 60, number);
  return text;
}

std::string report_of(const Sample& sample, size_t number) { return drawn(sample.report, number); }

Traits traits_of_scan(const Sample& sample, size_t number) {
  Traits traits = sample.traits;
  for (Trait& trait : traits) trait.value = drawn(std::move(trait.value), number);
  return traits;
}

std::vector<Sample> load_samples(const std::string& source_dir) {
  auto rules = RuleSet::load(source_dir + "/rules");
  if (!rules) die(rules.error().what);
  std::vector<Sample> samples;
  for (const char* name : {"miner", "dropper", "escape", "nginx", "thief"}) {
    std::vector<Event> events;
    auto ends = read_trace_file(source_dir + "/tests/traces/" + name + ".trace",
                                [&](const Event& event) { events.push_back(event); });
    if (!ends) die(ends.error().what);
    Scorer scorer(*rules, ends->header);
    for (const Event& event : events) scorer.add(event);
    Report report = scorer.finish(ends->footer);
    mark(report);
    Sample sample{name, ends->header, ends->footer, {}, report_json(report), traits_of(report), "", 0};
    sample.verdict = to_string(report.verdict);
    sample.score = report.score;
    for (size_t variant = 0; variant < kVariants; ++variant)
      sample.chunks.push_back(chunks_of(events, variant));
    samples.push_back(std::move(sample));
  }
  return samples;
}

}  // namespace assay::archive
