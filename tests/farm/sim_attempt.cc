// The road of one simulated attempt: pull, resolve, run, ship, done; or failed on the way.
#include <algorithm>

#include "common/version.h"
#include "tests/farm/sim_agent.h"

namespace assay::farm {
namespace {

constexpr const char* kFiles = "oci-archive:/sim/";
constexpr const char* kRegistry = "sim.example:5000/sim/";
constexpr int kSlower = 20;

uint64_t mix(uint64_t x) {  // splitmix64
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

const char* to_string(SimImage::Kind kind) {
  switch (kind) {
    case SimImage::Kind::good:
      return "good";
    case SimImage::Kind::bad:
      return "bad";
    case SimImage::Kind::cursed:
      return "cursed";
  }
  return "good";
}

}  // namespace

std::string SimImage::ref() const {
  std::string middle = tenant + "/" + to_string(kind) + "/" + name;
  return in_registry ? kRegistry + middle + ":1" : kFiles + middle + ".tar";
}

std::optional<SimImage> SimImage::parse(const std::string& ref) {
  SimImage out;
  if (size_t at = ref.find("@sha256:"); at != std::string::npos) {
    out.in_registry = true;
    out.name = ref.substr(0, at);
    for (Kind k : {Kind::bad, Kind::cursed})
      if (out.name.find(std::string("/") + to_string(k) + "/") != std::string::npos) out.kind = k;
    return out;
  }
  out.in_registry = ref.starts_with(kRegistry);
  std::string_view rest = ref, end = out.in_registry ? ":1" : ".tar",
                   root = out.in_registry ? kRegistry : kFiles;
  if (!rest.starts_with(root) || !rest.ends_with(end)) return std::nullopt;
  rest.remove_prefix(root.size());
  rest.remove_suffix(end.size());
  size_t first = rest.find('/'), second = rest.find('/', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos) return std::nullopt;
  out.tenant = rest.substr(0, first);
  out.name = rest.substr(second + 1);
  std::string_view kind = rest.substr(first + 1, second - first - 1);
  for (Kind k : {Kind::good, Kind::bad, Kind::cursed})
    if (kind == to_string(k)) out.kind = k;
  return out;
}

std::string sim_digest(const std::string& ref) {
  if (size_t at = ref.find("@sha256:"); at != std::string::npos) return ref.substr(at + 1);
  static constexpr char kHex[] = "0123456789abcdef";
  uint64_t state = std::hash<std::string>()(ref);
  std::string out = "sha256:";
  for (int word = 0; word < 4; ++word) {
    state = mix(state);
    for (int i = 0; i < 16; ++i) out += kHex[(state >> (4 * i)) & 15];
  }
  return out;
}

std::string sim_path(const std::string& scan_id, uint32_t attempt) {
  return "/sim/" + scan_id + "/" + std::to_string(attempt);
}

std::chrono::microseconds SimAgent::around(std::chrono::microseconds mean) {
  if (mean.count() == 0) return mean;
  auto half = mean.count() / 2;
  auto drawn = std::uniform_int_distribution<int64_t>(half, mean.count() + half)(random_);
  return std::chrono::microseconds(roll(settings_.faults.slow) ? drawn * kSlower : drawn);
}

SimAgent::Attempt* SimAgent::find(const std::string& scan_id, uint32_t attempt) {
  for (auto& a : attempts_)
    if (a.scan_id == scan_id && (attempt == 0 || a.attempt == attempt)) return &a;
  return nullptr;
}

void SimAgent::drop(const std::string& scan_id, uint32_t attempt) {
  std::erase_if(attempts_, [&](const Attempt& a) {
    return a.scan_id == scan_id && (attempt == 0 || a.attempt == attempt);
  });
}

void SimAgent::step(Attempt& attempt, SimTime now) {
  attempt.due = now + settings_.resend;
  auto image = SimImage::parse(attempt.job.ref);
  switch (attempt.stage) {
    case Stage::pulling:
      if (!image || image->kind == SimImage::Kind::bad) return fail(attempt, "invalid", now);
      if (image->kind == SimImage::Kind::cursed || roll(settings_.faults.fail))
        return fail(attempt, "io", now);
      if (roll(settings_.faults.hand_back)) return fail(attempt, "cancelled", now);
      attempt.stage = Stage::resolving;
      attempt.frame =
          wire::encode(wire::Resolved{attempt.scan_id, attempt.attempt, sim_digest(attempt.job.ref)});
      return send(attempt.frame, now);
    case Stage::running:
      return ship(attempt, now);
    case Stage::resolving:
    case Stage::shipping:
    case Stage::finishing:
    case Stage::failing:
      return send(attempt.frame, now);  // no answer: once more
  }
}

void SimAgent::ship(Attempt& attempt, SimTime now) {
  Event event;
  event.seq = 1;
  event.kind = EventKind::start;
  event.source = Source::seccheck;
  event.pid = event.tid = 1;
  event.path = sim_path(attempt.scan_id, attempt.attempt);
  event.argv = {event.path};
  ChunkWriter writer;
  writer.add(std::move(event));
  attempt.stage = Stage::shipping;
  attempt.frame = wire::encode(wire::Chunk{attempt.scan_id, attempt.attempt, 0, writer.take()});
  send(attempt.frame, now);
}

void SimAgent::finish(Attempt& attempt, SimTime now) {
  wire::Done done{attempt.scan_id, attempt.attempt, {}, {}};
  done.header.scan_id = attempt.scan_id;
  done.header.attempt = attempt.attempt;
  done.header.job = attempt.job;
  done.header.image.digest = sim_digest(attempt.job.ref);
  done.header.image.architecture = "amd64";
  done.header.image.os = "linux";
  done.header.start_time_ns =
      std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count();
  done.header.tracer_version = kVersion;
  done.header.agent_id = name_;
  done.footer.events = 1;
  done.footer.chunks = 1;
  done.footer.sources.push_back({Source::seccheck, 1, 0, "", true, true});
  attempt.stage = Stage::finishing;
  attempt.due = now + settings_.resend;
  attempt.frame = wire::encode(done);
  send(attempt.frame, now);
}

void SimAgent::fail(Attempt& attempt, const std::string& code, SimTime now) {
  attempt.stage = Stage::failing;
  attempt.frame = wire::encode(wire::Failed{attempt.scan_id, attempt.attempt, code,
                                            "simulated: " + code + " of " + attempt.job.ref, 0});
  send(attempt.frame, now);
}

}  // namespace assay::farm
