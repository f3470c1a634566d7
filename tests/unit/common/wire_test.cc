// Every message comes back; what a peer must not send is refused.
#include "common/wire.h"

#include <gtest/gtest.h>

#include "common/codec.h"
#include "tests/unit/common/sample_trace.h"

namespace assay::wire {
namespace {

const std::string kId = "20261125T031500-1f8a3c9e";

struct Show {
  std::string operator()(const Submit& m) { return "submit " + sample::str(m.job); }
  std::string operator()(const Accepted& m) { return "accepted " + m.scan_id; }
  std::string operator()(const Refused& m) { return "refused " + m.reason; }
  std::string operator()(const Finished& m) {
    return "finished " + m.scan_id + (m.ok ? " ok " : " failed ") + m.error + "|" + m.report;
  }
  std::string operator()(const Progress& m) {
    return "progress " + m.scan_id + " " + m.phase + " " + std::to_string(m.time_left_ms) + " " +
           std::to_string(m.events) + " " + std::to_string(m.lost);
  }
  std::string operator()(const Hello& m) { return "hello " + std::to_string(m.version) + " " + m.agent_id; }
  std::string operator()(const Want& m) { return "want " + std::to_string(m.credit); }
  std::string operator()(const Chunk& m) {
    return "chunk " + m.scan_id + " " + std::to_string(m.attempt) + " " + std::to_string(m.index) + " " +
           m.bytes;
  }
  std::string operator()(const Done& m) {
    return "done " + m.scan_id + " " + std::to_string(m.attempt) + "\n" + sample::str(m.header) + "\n" +
           sample::str(m.footer);
  }
  std::string operator()(const Failed& m) {
    return "failed " + m.scan_id + " " + std::to_string(m.attempt) + " " + m.code + " " + m.error;
  }
  std::string operator()(const Heartbeat& m) { return "heartbeat " + m.agent_id; }
  std::string operator()(const Lease& m) {
    return "lease " + m.scan_id + " " + std::to_string(m.attempt) + " " + sample::str(m.job);
  }
  std::string operator()(const ChunkAck& m) {
    return "chunk_ack " + m.scan_id + " " + std::to_string(m.attempt) + " " + std::to_string(m.index);
  }
  std::string operator()(const DoneAck& m) {
    return "done_ack " + m.scan_id + " " + std::to_string(m.attempt);
  }
  std::string operator()(const Cancel& m) { return "cancel " + m.scan_id; }
};
std::string str(const Message& message) { return std::visit(Show(), message); }
std::string str(const Result<Message>& message) {
  return message ? str(*message) : std::string(to_string(message.error().code)) + ": " + message.error().what;
}

std::vector<Message> one_of_each() {
  return {Submit{sample::job()},
          Accepted{kId},
          Refused{"the queue is full"},
          Finished{kId, true, "", "{\"schema\":\"assay.report/1\"}"},
          Progress{kId, "run", 1234, 5, 6},
          Hello{7, "agent-1"},
          Want{3},
          Chunk{kId, 1, 2, std::string("\0\xff bytes", 8)},
          Done{kId, 3, sample::header(), sample::footer()},
          Failed{kId, 4, "not_found", "no such image"},
          Heartbeat{"agent-1"},
          Lease{kId, 5, sample::job()},
          ChunkAck{kId, 6, 7},
          DoneAck{kId, 8},
          Cancel{kId}};
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
  std::string bytes = encode(Heartbeat{"agent-1"});
  for (size_t shift = 0; shift < 8; ++shift) {
    std::string moved(shift, 'x');
    moved += bytes;
    EXPECT_EQ(str(decode(std::string_view(moved).substr(shift))), "heartbeat agent-1");
  }
}

TEST(Wire, RefusesMalformedScanIds) {
  for (std::string id : {"", "../../etc/passwd", "20261125T031500-1f8a3c9", "20261125T031500-1F8A3C9E"})
    EXPECT_EQ(str(decode(encode(Cancel{id}))), "corrupt: message: malformed scan id") << id;
}

TEST(Wire, CutsItsOwnLongStrings) {
  EXPECT_EQ(str(decode(encode(Refused{std::string(100'000, 'r')}))), "refused " + std::string(4096, 'r'));
  EXPECT_EQ(str(decode(encode(Heartbeat{std::string(1000, 'a')}))), "heartbeat " + std::string(64, 'a'));
}

TEST(Wire, TurnsAnOversizedReportIntoAnError) {
  auto decoded = decode(encode(Finished{kId, true, "", std::string(kMaxFrameBytes, 'r')}));
  ASSERT_TRUE(decoded) << decoded.error().what;
  EXPECT_EQ(str(*decoded),
            "finished " + kId + " failed the report of scan " + kId +
                " has 4194304 bytes, more than a message holds; it is stored: read it with `assay report`|");
}

TEST(Wire, RefusesAbsurdCredit) {
  EXPECT_EQ(str(decode(encode(Want{1'000'000}))), "corrupt: message: absurd credit");
}

TEST(Wire, CallsAnUnknownKindUnsupported) {
  // The union's tag is the first 16-bit number of the root struct's data; find it by comparing two messages
  // that differ in it alone.
  std::string bytes = encode(Accepted{kId}), other = encode(Cancel{kId});
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
