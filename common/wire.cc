// Messages in Cap'n Proto (schema/wire.capnp), one per frame. What a peer sends is bounded field by field;
// what we send is cut to the same bounds first.
#include "common/wire.h"

#include "common/codec.h"
#include "common/codec_capnp.h"
#include "common/ids.h"
#include "schema/wire.capnp.h"

namespace assay::wire {
namespace {

using namespace capnp_codec;

// What a frame must hold beside a report.
constexpr size_t kMaxReportBytes = kMaxFrameBytes - 16 * 1024;
constexpr size_t kMaxCredit = 4096;

void write(schema::Message::Builder out, const Submit& m) { write_job(out.initSubmit(), m.job); }
void write(schema::Message::Builder out, const Accepted& m) { out.setAccepted(Cut(m.scan_id, kMaxIdBytes)); }
void write(schema::Message::Builder out, const Refused& m) { out.setRefused(Cut(m.reason, kMaxErrorBytes)); }
void write(schema::Message::Builder out, const Finished& m) {
  auto to = out.initFinished();
  to.setScanId(Cut(m.scan_id, kMaxIdBytes));
  if (m.report.size() > kMaxReportBytes) {
    to.setError(Cut("the report of scan " + m.scan_id + " has " + std::to_string(m.report.size()) +
                        " bytes, more than a message holds; it is stored: read it with `assay report`",
                    kMaxErrorBytes));
    return;
  }
  to.setOk(m.ok);
  to.setError(Cut(m.error, kMaxErrorBytes));
  to.setReport(blob(m.report));
}
void write(schema::Message::Builder out, const Progress& m) {
  auto to = out.initProgress();
  to.setScanId(Cut(m.scan_id, kMaxIdBytes));
  to.setPhase(Cut(m.phase, kMaxIdBytes));
  to.setTimeLeftMs(m.time_left_ms);
  to.setEvents(m.events);
  to.setLost(m.lost);
}
void write(schema::Message::Builder out, const Hello& m) {
  auto to = out.initHello();
  to.setVersion(m.version);
  to.setAgentId(Cut(m.agent_id, kMaxIdBytes));
}
void write(schema::Message::Builder out, const Want& m) { out.setWant(m.credit); }
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
}
void write(schema::Message::Builder out, const Heartbeat& m) {
  out.setHeartbeat(Cut(m.agent_id, kMaxIdBytes));
}
void write(schema::Message::Builder out, const Lease& m) {
  auto to = out.initLease();
  to.setScanId(Cut(m.scan_id, kMaxIdBytes));
  to.setAttempt(m.attempt);
  write_job(to.initJob(), m.job);
}
void write(schema::Message::Builder out, const ChunkAck& m) {
  auto to = out.initChunkAck();
  to.setScanId(Cut(m.scan_id, kMaxIdBytes));
  to.setAttempt(m.attempt);
  to.setIndex(m.index);
}
void write(schema::Message::Builder out, const DoneAck& m) {
  auto to = out.initDoneAck();
  to.setScanId(Cut(m.scan_id, kMaxIdBytes));
  to.setAttempt(m.attempt);
}
void write(schema::Message::Builder out, const Cancel& m) { out.setCancel(Cut(m.scan_id, kMaxIdBytes)); }

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

Message read_finished(schema::Message::Finished::Reader in, Rules& rules) {
  return Finished{scan_id(in.getScanId(), rules), in.getOk(),
                  rules.text(in.getError(), kMaxErrorBytes, "error"),
                  big_blob(in.getReport(), kMaxReportBytes, rules, "report is too large")};
}

Message read_chunk(schema::Message::Chunk::Reader in, Rules& rules) {
  return Chunk{scan_id(in.getScanId(), rules), in.getAttempt(), in.getIndex(),
               big_blob(in.getBytes(), kMaxChunkBytes, rules, "chunk is too large")};
}

Message read_want(uint32_t credit, Rules& rules) {
  rules.check(credit <= kMaxCredit, "absurd credit");
  return Want{credit};
}

Message read(schema::Message::Reader in, Rules& rules) {
  using Which = schema::Message::Which;
  switch (in.which()) {
    case Which::SUBMIT:
      return Submit{read_job(in.getSubmit(), rules)};
    case Which::ACCEPTED:
      return Accepted{scan_id(in.getAccepted(), rules)};
    case Which::REFUSED:
      return Refused{rules.text(in.getRefused(), kMaxErrorBytes, "reason")};
    case Which::FINISHED:
      return read_finished(in.getFinished(), rules);
    case Which::PROGRESS: {
      auto m = in.getProgress();
      return Progress{scan_id(m.getScanId(), rules), rules.text(m.getPhase(), kMaxIdBytes, "phase"),
                      m.getTimeLeftMs(), m.getEvents(), m.getLost()};
    }
    case Which::HELLO:
      return Hello{in.getHello().getVersion(),
                   rules.text(in.getHello().getAgentId(), kMaxIdBytes, "agent id")};
    case Which::WANT:
      return read_want(in.getWant(), rules);
    case Which::CHUNK:
      return read_chunk(in.getChunk(), rules);
    case Which::DONE: {
      auto m = in.getDone();
      return Done{scan_id(m.getScanId(), rules), m.getAttempt(), read_header(m.getHeader(), rules),
                  read_footer(m.getFooter(), rules)};
    }
    case Which::FAILED: {
      auto m = in.getFailed();
      return Failed{scan_id(m.getScanId(), rules), m.getAttempt(),
                    rules.text(m.getCode(), kMaxIdBytes, "code"),
                    rules.text(m.getError(), kMaxErrorBytes, "error")};
    }
    case Which::HEARTBEAT:
      return Heartbeat{rules.text(in.getHeartbeat(), kMaxIdBytes, "agent id")};
    case Which::LEASE: {
      auto m = in.getLease();
      return Lease{scan_id(m.getScanId(), rules), m.getAttempt(), read_job(m.getJob(), rules)};
    }
    case Which::CHUNK_ACK: {
      auto m = in.getChunkAck();
      return ChunkAck{scan_id(m.getScanId(), rules), m.getAttempt(), m.getIndex()};
    }
    case Which::DONE_ACK:
      return DoneAck{scan_id(in.getDoneAck().getScanId(), rules), in.getDoneAck().getAttempt()};
    case Which::CANCEL:
      return Cancel{scan_id(in.getCancel(), rules)};
  }
  rules.unsupported("a kind that this version does not know (" +
                    std::to_string(static_cast<unsigned>(in.which())) + ")");
  return Refused{};
}

}  // namespace

std::string encode(const Message& message) {
  capnp::MallocMessageBuilder builder;
  auto root = builder.initRoot<schema::Message>();
  std::visit([&](const auto& m) { write(root, m); }, message);
  std::string out = flatten(builder);
  assert(out.size() <= kMaxFrameBytes);
  return out;
}

Result<Message> decode(std::string_view bytes) {
  if (bytes.size() > kMaxFrameBytes)
    return Error{Errc::corrupt, "message: " + std::to_string(bytes.size()) + " bytes, more than " +
                                    std::to_string(kMaxFrameBytes)};
  return read_message<schema::Message>(bytes, "message", read);
}

}  // namespace assay::wire
