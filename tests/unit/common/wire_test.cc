// Every message comes back; what a peer must not send is refused.
#include "common/wire.h"

#include <gtest/gtest.h>

#include "common/codec.h"
#include "tests/unit/common/sample_trace.h"

namespace assay::wire {
namespace {

const std::string kId = "20261125T031500-1f8a3c9e";

std::string at(const std::string& id, uint32_t attempt) { return id + "/" + std::to_string(attempt); }

struct Show {
  std::string operator()(const Submit& m) {
    std::string out = m.follow ? "submit and follow" : "submit";
    for (const auto& s : m.submissions) {
      out += " [" + sample::str(s.job) + " " + to_string(s.lane) + " " + s.tenant + " " + s.batch + " " +
             s.expect;
      for (const auto& [name, value] : s.labels) out += " " + name + "=" + value;
      if (!s.once.empty()) out += " once " + s.once;
      out += s.fresh ? " fresh]" : "]";
    }
    return out;
  }
  std::string operator()(const Ask& m) { return "ask " + m.op + " " + m.body; }
  std::string operator()(const Watch& m) { return "watch " + m.scan_id + " " + m.batch; }
  std::string operator()(const Accepted& m) {
    std::string out = "accepted";
    for (const auto& id : m.scan_ids) out += " " + id;
    for (uint32_t place : m.taken) out += " taken " + std::to_string(place);
    return out;
  }
  std::string operator()(const Refused& m) { return "refused " + m.code + " " + m.reason; }
  std::string operator()(const Finished& m) {
    return "finished " + m.scan_id + (m.ok ? " ok " : " failed ") + m.error + "|" + m.report;
  }
  std::string operator()(const Answer& m) { return "answer " + std::to_string(m.status) + " " + m.body; }
  std::string operator()(const Notice& m) {
    return "notice " + m.scan_id + " " + m.batch + " " + m.state + " " + m.phase + " " + m.verdict + " " +
           std::to_string(m.score) + " " + m.error + " " + std::to_string(m.missed);
  }
  std::string operator()(const Progress& m) {
    return "progress " + at(m.scan_id, m.attempt) + " " + m.phase + " " + std::to_string(m.time_left_ms) +
           " " + std::to_string(m.events) + " " + std::to_string(m.lost);
  }
  std::string operator()(const Hello& m) {
    std::string out = "hello " + std::to_string(m.version) + " " + m.agent_id + " " + m.instance + " " +
                      m.tracer_version + " " + std::to_string(m.capacity.slots) + " " +
                      std::to_string(m.capacity.cpu_millis) + " " + std::to_string(m.capacity.memory_bytes);
    for (const auto& held : m.held) out += " " + at(held.scan_id, held.attempt);
    for (uint64_t key : m.cached) out += " " + std::to_string(key);
    return out;
  }
  std::string operator()(const Want& m) {
    return "want " + std::to_string(m.credit) + " " + std::to_string(m.cpu_millis) + " " +
           std::to_string(m.memory_bytes) + " " + m.why;
  }
  std::string operator()(const Heartbeat&) { return "heartbeat"; }
  std::string operator()(const Resolved& m) {
    return "resolved " + at(m.scan_id, m.attempt) + " " + m.digest;
  }
  std::string operator()(const Chunk& m) {
    return "chunk " + at(m.scan_id, m.attempt) + " " + std::to_string(m.index) + " " + m.bytes;
  }
  std::string operator()(const Done& m) {
    return "done " + at(m.scan_id, m.attempt) + "\n" + sample::str(m.header) + "\n" + sample::str(m.footer);
  }
  std::string operator()(const Failed& m) {
    return "failed " + at(m.scan_id, m.attempt) + " " + m.code + " " + m.error + " " +
           std::to_string(m.retry_after_ms);
  }
  std::string operator()(const Welcome&) { return "welcome"; }
  std::string operator()(const Who&) { return "who"; }
  std::string operator()(const Lease& m) {
    return "lease " + at(m.scan_id, m.attempt) + " " + sample::str(m.job);
  }
  std::string operator()(const Proceed& m) { return "proceed " + at(m.scan_id, m.attempt); }
  std::string operator()(const ChunkAck& m) {
    return "chunk_ack " + at(m.scan_id, m.attempt) + " " + std::to_string(m.index);
  }
  std::string operator()(const DoneAck& m) { return "done_ack " + at(m.scan_id, m.attempt); }
  std::string operator()(const Cancel& m) { return "cancel " + at(m.scan_id, m.attempt); }
  std::string operator()(const Fenced& m) { return "fenced " + at(m.scan_id, m.attempt) + " " + m.reason; }
  std::string operator()(const Unfence& m) { return "unfence " + at(m.scan_id, m.attempt); }
};
std::string str(const Message& message) { return std::visit(Show(), message); }
std::string str(const Result<Message>& message) {
  return message ? str(*message) : std::string(to_string(message.error().code)) + ": " + message.error().what;
}

Submission submission() {
  return {sample::job(), Lane::sweep, "team-a", kId, {{"vendor", "acme"}, {"tier", ""}}, "clean", true};
}

std::vector<Message> one_of_each() {
  return {Submit{{submission(), {}}, true},
          Ask{"agents", "{}"},
          Watch{kId, ""},
          Accepted{{kId, kId}, {1}},
          Refused{"no_space", "the disk is full"},
          Finished{kId, true, "", "{\"schema\":\"assay.report/1\"}"},
          Answer{404, "{}"},
          Notice{kId, "b", "done", "", "clean", 3, "", 9},
          Progress{kId, "run", 1234, 5, 6, 7},
          Hello{kVersion, "agent-1", "i-7", "0.1", {4, 8000, 1ull << 34}, {{kId, 3}}, {1, ~0ull}},
          Want{3, 4000, 1ull << 33, "disk full"},
          Heartbeat{},
          Resolved{kId, 2, "sha256:ab"},
          Chunk{kId, 1, 2, std::string("\0\xff bytes", 8)},
          Done{kId, 3, sample::header(), sample::footer()},
          Failed{kId, 4, "busy", "no such image", 60'000},
          Welcome{},
          Who{},
          Lease{kId, 5, sample::job()},
          Proceed{kId, 5},
          ChunkAck{kId, 6, 7},
          DoneAck{kId, 8},
          Cancel{kId, 9},
          Fenced{kId, 10, "exec of /bin/sh by a stranger"},
          Unfence{kId, 10}};
}

TEST(Wire, EveryMessageComesBack) {
  auto messages = one_of_each();
  ASSERT_EQ(messages.size(), std::variant_size_v<Message>);
  for (size_t i = 0; i < messages.size(); ++i) {
    ASSERT_EQ(messages[i].index(), i) << "one of each, in order";
    auto decoded = decode(encode(messages[i]));
    ASSERT_TRUE(decoded) << decoded.error().what;
    EXPECT_EQ(decoded->index(), i);
    EXPECT_EQ(str(*decoded), str(messages[i]));
  }
}

TEST(Wire, TakesFramesAtAnyAddress) {
  std::string bytes = encode(Want{1, 2, 3, "x"});
  for (size_t shift = 0; shift < 8; ++shift) {
    std::string moved(shift, 'x');
    moved += bytes;
    EXPECT_EQ(str(decode(std::string_view(moved).substr(shift))), "want 1 2 3 x");
  }
}

TEST(Wire, RefusesMalformedScanIds) {
  for (std::string id : {"", "../../etc/passwd", "20261125T031500-1f8a3c9", "20261125T031500-1F8A3C9E"})
    EXPECT_EQ(str(decode(encode(Cancel{id, 0}))), "corrupt: message: malformed scan id") << id;
}

TEST(Wire, CutsItsOwnLongStrings) {
  EXPECT_EQ(str(decode(encode(Refused{"io", std::string(100'000, 'r')}))),
            "refused io " + std::string(4096, 'r'));
  EXPECT_EQ(str(decode(encode(Refused{std::string(1000, 'a'), ""}))),
            "refused " + std::string(64, 'a') + " ");
}

TEST(Wire, LeavesAnOversizedReportInTheStore) {
  EXPECT_EQ(str(decode(encode(Finished{kId, true, "", std::string(kMaxFrameBytes, 'r')}))),
            "finished " + kId + " ok |");
}

TEST(Wire, TurnsAnOversizedAnswerIntoAnError) {
  EXPECT_EQ(str(decode(encode(Answer{200, std::string(kMaxFrameBytes, 'a')}))),
            "answer 500 {\"error\":{\"code\":\"limit\",\"message\":\"the answer is too large\"}}");
}

TEST(Wire, LooksAtNothingButTheVersionOfAnotherVersionsHello) {
  EXPECT_EQ(str(decode(encode(Hello{7, "agent-1", "i-7", "0.1", {4, 8000, 1}, {}, {1}}))),
            "hello 7 agent-1   0 0 0");
}

TEST(Wire, RetriesWhatTheImageIsNotToBlameFor) {
  for (const char* code : {"no_space", "io", "timeout", "unreachable", "busy", "limit", "cancelled"})
    EXPECT_TRUE(is_retryable(code)) << code;
  for (const char* code :
       {"invalid", "not_found", "denied", "corrupt", "unsupported", "conflict", "", "nonsense"})
    EXPECT_FALSE(is_retryable(code)) << code;
}

TEST(Wire, AffinityIsByRepositoryNotByTag) {
  EXPECT_EQ(affinity_key("nginx:1.27"),
            affinity_key("docker.io/library/nginx@sha256:" + std::string(64, 'a')));
  EXPECT_NE(affinity_key("nginx"), affinity_key("redis"));
  EXPECT_EQ(affinity_key("oci-archive:/tmp/x.tar"), affinity_key("oci-archive:/tmp/x.tar"));
  EXPECT_NE(affinity_key("oci-archive:/tmp/x.tar"), 0u);
}

TEST(Wire, RefusesAbsurdCredit) {
  EXPECT_EQ(str(decode(encode(Want{1'000'000, 0, 0, ""}))), "corrupt: message: absurd credit");
}

TEST(Wire, CallsAnUnknownKindUnsupported) {
  // The union's tag is the first 16-bit number of the root struct's data; find it by comparing two messages
  // that differ in it alone.
  std::string bytes = encode(Proceed{kId, 1}), other = encode(Cancel{kId, 1});
  ASSERT_EQ(bytes.size(), other.size());
  std::vector<size_t> differ;
  for (size_t i = 0; i < bytes.size(); ++i)
    if (bytes[i] != other[i]) differ.push_back(i);
  ASSERT_EQ(differ.size(), 1u);
  bytes[differ[0]] = 99;
  EXPECT_EQ(str(decode(bytes)), "unsupported: message: a kind that this version does not know (99)");
}

TEST(Wire, RefusesWhatIsNoMessage) {
  EXPECT_EQ(str(decode("")), "corrupt: message: not whole words");
  EXPECT_EQ(str(decode("hello")), "corrupt: message: not whole words");
  EXPECT_EQ(decode(std::string(kMaxFrameBytes + 8, '\0')).error().code, Errc::corrupt);
  EXPECT_EQ(decode("\xff\xff\xff\xff\xff\xff\xff\xff").error().code, Errc::corrupt);
}

TEST(Wire, CarriesTheLargestChunkAndReport) {
  std::string chunk = encode(Chunk{kId, 1, 0, std::string(kMaxChunkBytes, 'c')});
  auto read = decode(chunk);
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(std::get<Chunk>(*read).bytes.size(), kMaxChunkBytes);
  read = decode(encode(Finished{kId, true, "", std::string(3 << 20, 'r')}));
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(std::get<Finished>(*read).report.size(), size_t{3} << 20);
}

TEST(Wire, CarriesTheLargestTrace) {
  TraceHeader header = sample::header();
  header.image.env.assign(5000, std::string(30'000, 'e'));
  header.image.layers.assign(2000,
                             {std::string(4096, 'x'), std::string(4096, 'y'), 1, std::string(50'000, 'h')});
  TraceFooter footer = sample::footer();
  footer.sources.assign(100, {Source::agent, 1, 1, std::string(10'000, 'd'), true, true});
  std::string bytes = encode(Done{kId, 1, header, footer});
  EXPECT_LE(bytes.size(), kMaxFrameBytes);
  EXPECT_TRUE(decode(bytes)) << decode(bytes).error().what;
}

}  // namespace
}  // namespace assay::wire
