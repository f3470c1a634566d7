// Messages into Cap'n Proto (schema/wire.capnp), one per frame. What we send is cut to the bounds that the
// other side (wire_read.cc) holds it to.
#include "common/wire.h"

#include <algorithm>

#include "common/codec.h"
#include "common/codec_capnp.h"
#include "common/image_ref.h"
#include "common/registry_auth.h"
#include "common/wire_limits.h"
#include "schema/wire.capnp.h"

namespace assay::wire {
namespace {

using namespace capnp_codec;

// An agent from before there were logins of jobs would pull with those of its host. It finds this in the
// place of an auth file, which nothing can be read from: the job fails there with these words, and goes back.
constexpr char kTooOldForLogins[] = "/dev/null/this-agent-is-too-old-for-a-job-with-a-login-of-its-own";

void set_versions(schema::Message::Builder& out, uint32_t oldest, uint32_t newest) {
  out.setOldest(static_cast<uint16_t>(oldest));
  out.setNewest(static_cast<uint16_t>(newest));
}

void set_attempt(schema::Message::Attempt::Builder to, const std::string& scan_id, uint32_t attempt) {
  to.setScanId(Cut(scan_id, kMaxIdBytes));
  to.setAttempt(attempt);
}

void write(schema::Message::Builder out, const Submit& m) {
  assert(m.submissions.size() <= kMaxSubmissions);
  auto to = out.initSubmit();
  auto list = to.initSubmissions(static_cast<unsigned>(m.submissions.size()));
  for (unsigned i = 0; i < list.size(); ++i) {
    write_submission(list[i], m.submissions[i]);
    // Here and not there: write_submission() makes records, too.
    if (!m.submissions[i].registry_auth.empty())
      list[i].setRegistryAuth(Cut(m.submissions[i].registry_auth, kMaxRegistryAuthBytes));
  }
  to.setFollow(m.follow);
}
void write(schema::Message::Builder out, const Ask& m) {
  assert(m.body.size() <= kMaxBodyBytes);
  auto to = out.initAsk();
  to.setOp(Cut(m.op, kMaxOpBytes));
  to.setBody(blob(m.body));
}
void write(schema::Message::Builder out, const Watch& m) {
  auto to = out.initWatch();
  to.setScanId(Cut(m.scan_id, kMaxIdBytes));
  to.setBatch(Cut(m.batch, kMaxIdBytes));
}
void write(schema::Message::Builder out, const Accepted& m) {
  auto to = out.initAccepted();
  auto ids = to.initScanIds(static_cast<unsigned>(m.scan_ids.size()));
  for (unsigned i = 0; i < ids.size(); ++i) ids.set(i, Cut(m.scan_ids[i], kMaxIdBytes));
  auto taken = to.initTaken(static_cast<unsigned>(m.taken.size()));
  for (unsigned i = 0; i < taken.size(); ++i) taken.set(i, m.taken[i]);
}
void write(schema::Message::Builder out, const Refused& m) {
  auto to = out.initRefused();
  to.setCode(Cut(m.code, kMaxIdBytes));
  to.setReason(Cut(m.reason, kMaxErrorBytes));
  set_versions(out, kOldestVersion, kVersion);
}
void write(schema::Message::Builder out, const Finished& m) {
  auto to = out.initFinished();
  to.setScanId(Cut(m.scan_id, kMaxIdBytes));
  to.setOk(m.ok);
  to.setError(Cut(m.error, kMaxErrorBytes));
  // One too large for a frame stays in the store, where the client can read it.
  if (m.report.size() <= kMaxBodyBytes) to.setReport(blob(m.report));
}
void write(schema::Message::Builder out, const Answer& m) {
  auto to = out.initAnswer();
  bool fits = m.body.size() <= kMaxBodyBytes;
  to.setStatus(fits ? m.status : 500);
  to.setBody(fits ? blob(m.body)
                  : blob("{\"error\":{\"code\":\"limit\",\"message\":\"the answer is too large\"}}"));
}
void write(schema::Message::Builder out, const Notice& m) {
  auto to = out.initNotice();
  to.setScanId(Cut(m.scan_id, kMaxIdBytes));
  to.setBatch(Cut(m.batch, kMaxIdBytes));
  to.setState(Cut(m.state, kMaxIdBytes));
  to.setPhase(Cut(m.phase, kMaxIdBytes));
  to.setVerdict(Cut(m.verdict, kMaxIdBytes));
  to.setScore(m.score);
  to.setError(Cut(m.error, kMaxErrorBytes));
  to.setMissed(m.missed);
}
void write(schema::Message::Builder out, const Progress& m) {
  auto to = out.initProgress();
  to.setScanId(Cut(m.scan_id, kMaxIdBytes));
  to.setPhase(Cut(m.phase, kMaxIdBytes));
  to.setTimeLeftMs(m.time_left_ms);
  to.setEvents(m.events);
  to.setLost(m.lost);
  to.setAttempt(m.attempt);
}
void write(schema::Message::Builder out, const Hello& m) {
  auto to = out.initHello();
  to.setVersion(m.version);
  to.setAgentId(Cut(m.agent_id, kMaxIdBytes));
  to.setInstance(Cut(m.instance, kMaxIdBytes));
  to.setTracerVersion(Cut(m.tracer_version, kMaxIdBytes));
  to.setSlots(m.capacity.slots);
  to.setCpuMillis(m.capacity.cpu_millis);
  to.setMemoryBytes(m.capacity.memory_bytes);
  auto held = to.initHeld(static_cast<unsigned>(std::min(m.held.size(), kMaxHeld)));
  for (unsigned i = 0; i < held.size(); ++i) set_attempt(held[i], m.held[i].scan_id, m.held[i].attempt);
  auto cached = to.initCached(static_cast<unsigned>(std::min(m.cached.size(), kMaxCached)));
  for (unsigned i = 0; i < cached.size(); ++i) cached.set(i, m.cached[i]);
  auto platforms = to.initPlatforms(static_cast<unsigned>(std::min(m.platforms.size(), kMaxPlatforms)));
  for (unsigned i = 0; i < platforms.size(); ++i) platforms.set(i, Cut(m.platforms[i], kMaxIdBytes));
  to.setNewest(m.newest);
}
void write(schema::Message::Builder out, const Want& m) {
  auto to = out.initWant();
  to.setCredit(m.credit);
  to.setCpuMillis(m.cpu_millis);
  to.setMemoryBytes(m.memory_bytes);
  to.setWhy(Cut(m.why, kMaxErrorBytes));
}
void write(schema::Message::Builder out, const Heartbeat&) { out.setHeartbeat(); }
void write(schema::Message::Builder out, const Resolved& m) {
  auto to = out.initResolved();
  to.setScanId(Cut(m.scan_id, kMaxIdBytes));
  to.setAttempt(m.attempt);
  to.setDigest(Cut(m.digest, kMaxErrorBytes));
}
void write(schema::Message::Builder out, const Chunk& m) {
  assert(m.bytes.size() <= kMaxChunkBytes);
  auto to = out.initChunk();
  to.setScanId(Cut(m.scan_id, kMaxIdBytes));
  to.setAttempt(m.attempt);
  to.setIndex(m.index);
  to.setBytes(blob(m.bytes));
}
void write(schema::Message::Builder out, const Done& m) {
  auto to = out.initDone();
  to.setScanId(Cut(m.scan_id, kMaxIdBytes));
  to.setAttempt(m.attempt);
  write_header(to.initHeader(), m.header);
  write_footer(to.initFooter(), m.footer);
}
void write(schema::Message::Builder out, const Failed& m) {
  auto to = out.initFailed();
  to.setScanId(Cut(m.scan_id, kMaxIdBytes));
  to.setAttempt(m.attempt);
  to.setCode(Cut(m.code, kMaxIdBytes));
  to.setError(Cut(m.error, kMaxErrorBytes));
  to.setRetryAfterMs(m.retry_after_ms);
}
void write(schema::Message::Builder out, const Welcome& m) {
  out.setWelcome();
  set_versions(out, m.oldest, m.newest);
}
void write(schema::Message::Builder out, const Who&) { out.setWho(); }
void write(schema::Message::Builder out, const Lease& m) {
  auto to = out.initLease();
  to.setScanId(Cut(m.scan_id, kMaxIdBytes));
  to.setAttempt(m.attempt);
  auto job = to.initJob();
  write_job(job, m.job);
  if (m.registry_auth.empty()) return;
  job.setAuthFile(kTooOldForLogins);
  to.setRegistryAuth(Cut(m.registry_auth, kMaxRegistryAuthBytes));
}
void write(schema::Message::Builder out, const Proceed& m) {
  set_attempt(out.initProceed(), m.scan_id, m.attempt);
}
void write(schema::Message::Builder out, const ChunkAck& m) {
  auto to = out.initChunkAck();
  to.setScanId(Cut(m.scan_id, kMaxIdBytes));
  to.setAttempt(m.attempt);
  to.setIndex(m.index);
}
void write(schema::Message::Builder out, const DoneAck& m) {
  set_attempt(out.initDoneAck(), m.scan_id, m.attempt);
}
void write(schema::Message::Builder out, const Cancel& m) {
  set_attempt(out.initCancel(), m.scan_id, m.attempt);
}
void write(schema::Message::Builder out, const Fenced& m) {
  auto to = out.initFenced();
  to.setScanId(Cut(m.scan_id, kMaxIdBytes));
  to.setAttempt(m.attempt);
  to.setReason(Cut(m.reason, kMaxErrorBytes));
}
void write(schema::Message::Builder out, const Unfence& m) {
  set_attempt(out.initUnfence(), m.scan_id, m.attempt);
}

}  // namespace

std::string versions_text(uint32_t oldest, uint32_t newest) {
  return std::to_string(oldest) + (newest > oldest ? " to " + std::to_string(newest) : "");
}

std::string encode(const Message& message) {
  capnp::MallocMessageBuilder builder;
  auto root = builder.initRoot<schema::Message>();
  std::visit([&](const auto& m) { write(root, m); }, message);
  std::string out = flatten(builder);
  assert(out.size() <= kMaxFrameBytes);
  return out;
}

bool is_retryable(std::string_view code) {
  for (Errc errc :
       {Errc::no_space, Errc::io, Errc::timeout, Errc::unreachable, Errc::busy, Errc::limit, Errc::cancelled})
    if (code == to_string(errc)) return true;
  return false;
}

// FNV-1a, 64 bits: the same on every host and in every release.
uint64_t affinity_key(const std::string& ref) {
  auto parsed = ImageRef::parse(ref);
  std::string name = ref;
  if (parsed)
    name =
        parsed->kind == ImageRef::Kind::registry ? parsed->registry + "/" + parsed->repository : parsed->path;
  uint64_t hash = 14695981039346656037u;
  for (char c : name) hash = (hash ^ static_cast<uint8_t>(c)) * 1099511628211u;
  return hash == 0 ? 1 : hash;
}

}  // namespace assay::wire
