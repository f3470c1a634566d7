// Messages out of Cap'n Proto (schema/wire.capnp): hostile bytes, bounded field by field.
#include <algorithm>

#include "common/codec.h"
#include "common/codec_capnp.h"
#include "common/ids.h"
#include "common/registry_auth.h"
#include "common/wire.h"
#include "common/wire_limits.h"
#include "schema/wire.capnp.h"

namespace assay::wire {
namespace {

using namespace capnp_codec;

constexpr uint32_t kBeforeRanges = 4;  // what a scheduler speaks that does not say

// Becomes a key and a file name, so only what make_scan_id() writes.
std::string scan_id(capnp::Text::Reader text, Rules& rules) {
  std::string id = rules.text(text, kMaxIdBytes, "scan id");
  rules.check(is_scan_id(id), "malformed scan id");
  return id;
}

// Each getter of a pointer spends traversal, and a frame is only worth reading once: a big blob is fetched
// once and then looked at.
std::string big_blob(capnp::Data::Reader bytes, size_t max, Rules& rules, const char* rule) {
  rules.check(bytes.size() <= max, rule);
  return rules.ok() ? std::string(view(bytes)) : std::string();
}

Message read_submit(schema::Message::Submit::Reader in, Rules& rules) {
  Submit out;
  auto list = in.getSubmissions();
  rules.check(list.size() <= kMaxSubmissions, "too many submissions");
  for (auto submission : list) {
    if (!rules.ok()) break;
    out.submissions.push_back(read_submission(submission, rules));
    out.submissions.back().registry_auth =
        rules.text(submission.getRegistryAuth(), kMaxRegistryAuthBytes, "registry login");
  }
  out.follow = in.getFollow();
  return out;
}

Message read_accepted(schema::Message::Accepted::Reader in, Rules& rules) {
  Accepted out;
  auto ids = in.getScanIds();
  auto taken = in.getTaken();
  rules.check(ids.size() <= kMaxSubmissions && taken.size() <= ids.size(), "too many scan ids");
  if (!rules.ok()) return out;
  for (auto id : ids) {
    if (!rules.ok()) break;
    out.scan_ids.push_back(scan_id(id, rules));
  }
  for (uint32_t place : taken) {
    rules.check(place < ids.size(), "the place of a scan that is not there");
    if (!rules.ok()) break;
    out.taken.push_back(place);
  }
  return out;
}

Message read_hello(schema::Message::Hello::Reader in, Rules& rules) {
  Hello out;
  out.version = in.getVersion();
  out.agent_id = rules.text(in.getAgentId(), kMaxIdBytes, "agent id");
  out.newest = std::max(out.version, in.getNewest());
  // Where no version is ours nothing else is looked at: it is refused for that.
  if (common_version(out.version, out.newest) == 0 || !rules.ok()) return out;
  out.instance = rules.text(in.getInstance(), kMaxIdBytes, "instance");
  out.tracer_version = rules.text(in.getTracerVersion(), kMaxIdBytes, "tracer version");
  out.capacity = {in.getSlots(), in.getCpuMillis(), in.getMemoryBytes()};
  auto held = in.getHeld();
  auto cached = in.getCached();
  rules.check(held.size() <= kMaxHeld, "holds too many leases");
  rules.check(cached.size() <= kMaxCached, "too many cached repositories");
  rules.check(out.capacity.slots <= kMaxCredit, "absurd number of slots");
  if (!rules.ok()) return out;
  for (auto h : held) out.held.push_back({scan_id(h.getScanId(), rules), h.getAttempt()});
  for (uint64_t key : cached) out.cached.push_back(key);
  rules.check(in.getPlatforms().size() <= kMaxPlatforms, "too many platforms");
  if (!rules.ok()) return out;
  for (auto platform : in.getPlatforms())
    out.platforms.push_back(rules.text(platform, kMaxIdBytes, "platform"));
  return out;
}

Message read_want(schema::Message::Want::Reader in, Rules& rules) {
  rules.check(in.getCredit() <= kMaxCredit, "absurd credit");
  return Want{in.getCredit(), in.getCpuMillis(), in.getMemoryBytes(),
              rules.text(in.getWhy(), kMaxErrorBytes, "reason")};
}

Message read_finished(schema::Message::Finished::Reader in, Rules& rules) {
  return Finished{scan_id(in.getScanId(), rules), in.getOk(),
                  rules.text(in.getError(), kMaxErrorBytes, "error"),
                  big_blob(in.getReport(), kMaxBodyBytes, rules, "report is too large")};
}

Message read_notice(schema::Message::Notice::Reader in, Rules& rules) {
  return Notice{scan_id(in.getScanId(), rules),
                rules.text(in.getBatch(), kMaxIdBytes, "batch"),
                rules.text(in.getState(), kMaxIdBytes, "state"),
                rules.text(in.getPhase(), kMaxIdBytes, "phase"),
                rules.text(in.getVerdict(), kMaxIdBytes, "verdict"),
                in.getScore(),
                rules.text(in.getError(), kMaxErrorBytes, "error"),
                in.getMissed()};
}

Message read_progress(schema::Message::Progress::Reader in, Rules& rules) {
  return Progress{scan_id(in.getScanId(), rules),
                  rules.text(in.getPhase(), kMaxIdBytes, "phase"),
                  in.getTimeLeftMs(),
                  in.getEvents(),
                  in.getLost(),
                  in.getAttempt()};
}

Message read_chunk(schema::Message::Chunk::Reader in, Rules& rules) {
  return Chunk{scan_id(in.getScanId(), rules), in.getAttempt(), in.getIndex(),
               big_blob(in.getBytes(), kMaxChunkBytes, rules, "chunk is too large")};
}

Message read_failed(schema::Message::Failed::Reader in, Rules& rules) {
  return Failed{scan_id(in.getScanId(), rules), in.getAttempt(),
                rules.text(in.getCode(), kMaxIdBytes, "code"),
                rules.text(in.getError(), kMaxErrorBytes, "error"), in.getRetryAfterMs()};
}

template <class T>
Message read_attempt(schema::Message::Attempt::Reader in, Rules& rules) {
  return T{scan_id(in.getScanId(), rules), in.getAttempt()};
}

// What only clients and the scheduler say to each other.
Message read_client(schema::Message::Reader in, Rules& rules) {
  using Which = schema::Message::Which;
  switch (in.which()) {
    case Which::SUBMIT:
      return read_submit(in.getSubmit(), rules);
    case Which::ASK:
      return Ask{rules.text(in.getAsk().getOp(), kMaxOpBytes, "operation"),
                 big_blob(in.getAsk().getBody(), kMaxBodyBytes, rules, "body is too large")};
    case Which::WATCH:
      return Watch{rules.text(in.getWatch().getScanId(), kMaxIdBytes, "scan id"),
                   rules.text(in.getWatch().getBatch(), kMaxIdBytes, "batch")};
    case Which::ACCEPTED:
      return read_accepted(in.getAccepted(), rules);
    case Which::FINISHED:
      return read_finished(in.getFinished(), rules);
    case Which::ANSWER:
      return Answer{in.getAnswer().getStatus(),
                    big_blob(in.getAnswer().getBody(), kMaxBodyBytes, rules, "answer is too large")};
    case Which::NOTICE:
      return read_notice(in.getNotice(), rules);
    default:
      rules.unsupported("a kind that this version does not know (" +
                        std::to_string(static_cast<unsigned>(in.which())) + ")");
      return Who{};
  }
}

Message read(schema::Message::Reader in, Rules& rules) {
  using Which = schema::Message::Which;
  switch (in.which()) {
    case Which::REFUSED:
      return Refused{rules.text(in.getRefused().getCode(), kMaxIdBytes, "code"),
                     rules.text(in.getRefused().getReason(), kMaxErrorBytes, "reason")};
    case Which::PROGRESS:
      return read_progress(in.getProgress(), rules);
    case Which::HELLO:
      return read_hello(in.getHello(), rules);
    case Which::WANT:
      return read_want(in.getWant(), rules);
    case Which::HEARTBEAT:
      return Heartbeat{};
    case Which::RESOLVED:
      return Resolved{scan_id(in.getResolved().getScanId(), rules), in.getResolved().getAttempt(),
                      rules.text(in.getResolved().getDigest(), kMaxErrorBytes, "digest")};
    case Which::CHUNK:
      return read_chunk(in.getChunk(), rules);
    case Which::DONE: {
      auto m = in.getDone();
      return Done{scan_id(m.getScanId(), rules), m.getAttempt(), read_header(m.getHeader(), rules),
                  read_footer(m.getFooter(), rules)};
    }
    case Which::FAILED:
      return read_failed(in.getFailed(), rules);
    case Which::WELCOME:
      if (in.getNewest() == 0) return Welcome{kBeforeRanges, kBeforeRanges};
      return Welcome{in.getOldest(), in.getNewest()};
    case Which::WHO:
      return Who{};
    case Which::LEASE: {
      auto m = in.getLease();
      Lease lease{scan_id(m.getScanId(), rules), m.getAttempt(), read_job(m.getJob(), rules)};
      lease.registry_auth = rules.text(m.getRegistryAuth(), kMaxRegistryAuthBytes, "registry login");
      if (!lease.registry_auth.empty()) lease.job.auth_file.clear();  // what it holds is for older agents
      return lease;
    }
    case Which::PROCEED:
      return read_attempt<Proceed>(in.getProceed(), rules);
    case Which::CHUNK_ACK: {
      auto m = in.getChunkAck();
      return ChunkAck{scan_id(m.getScanId(), rules), m.getAttempt(), m.getIndex()};
    }
    case Which::DONE_ACK:
      return read_attempt<DoneAck>(in.getDoneAck(), rules);
    case Which::CANCEL:
      return read_attempt<Cancel>(in.getCancel(), rules);
    case Which::FENCED: {
      auto m = in.getFenced();
      return Fenced{scan_id(m.getScanId(), rules), m.getAttempt(),
                    rules.text(m.getReason(), kMaxErrorBytes, "reason")};
    }
    case Which::UNFENCE:
      return read_attempt<Unfence>(in.getUnfence(), rules);
    default:
      return read_client(in, rules);
  }
}

}  // namespace

Result<Message> decode(std::string_view bytes) {
  if (bytes.size() > kMaxFrameBytes)
    return Error{Errc::corrupt, "message: " + std::to_string(bytes.size()) + " bytes, more than " +
                                    std::to_string(kMaxFrameBytes)};
  return read_message<schema::Message>(bytes, "message", read);
}

}  // namespace assay::wire
