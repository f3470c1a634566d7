// Decoders given what an enemy sends: lies about size, broken references, and thousands of mutated encodings.
// Whatever comes, they return; what they accept is bounded.
#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "common/codec.h"
#include "common/codec_frame.h"
#include "common/columns.h"
#include "common/int_column.h"
#include "common/wire.h"
#include "tests/unit/common/sample_trace.h"

namespace assay {
namespace {

template <class T>
std::string outcome(const Result<T>& result) {
  return result ? "accepted" : std::string(to_string(result.error().code)) + ": " + result.error().what;
}

PlainChunk plain_of(const std::vector<Event>& events) {
  ColumnWriter writer;
  for (const Event& event : events) writer.add(event);
  return writer.columns(false);
}

std::vector<Event> some_events() {
  std::vector<Event> events;
  for (size_t i = 0; i < 60; ++i)
    events.push_back(sample::event(static_cast<EventKind>(i % kEventKindCount), i % 7));
  return events;
}

PlainColumn& column(PlainChunk& chunk, EventKind kind, uint16_t field) {
  for (auto& group : chunk.groups)
    if (group.kind == static_cast<uint8_t>(kind))
      for (auto& column : group.columns)
        if (column.field == field) return column;
  ADD_FAILURE() << "no such column";
  std::abort();
}

std::string spoiled(const std::function<void(PlainChunk&)>& spoil) {
  PlainChunk chunk = plain_of({sample::event(EventKind::exec, 1), sample::event(EventKind::exec, 2),
                               sample::event(EventKind::open, 3)});
  spoil(chunk);
  return outcome(decode_chunk(encode_plain(chunk)));
}

std::string ints(std::vector<uint64_t> values) { return encode_ints(values, true); }

TEST(HostileChunk, NamesTheBrokenRule) {
  constexpr uint16_t kPid = 6, kComm = 13, kArgv = 25, kFd = 19, kSource = 5;
  auto exec = EventKind::exec;
  EXPECT_EQ(spoiled([](PlainChunk&) {}), "accepted");
  EXPECT_EQ(spoiled([](PlainChunk& c) { c.event_count = 65537; }),
            "corrupt: trace chunk: 65537 events, more than 65536");
  EXPECT_EQ(spoiled([](PlainChunk& c) { c.event_count = 4; }), "corrupt: integer column: ends early");
  EXPECT_EQ(spoiled([](PlainChunk& c) { c.groups.clear(); }),
            "corrupt: trace chunk: the columns of all kinds are missing");
  EXPECT_EQ(spoiled([](PlainChunk& c) { c.groups.push_back(c.groups[1]); }),
            "corrupt: trace chunk: two groups of one kind");
  EXPECT_EQ(spoiled([](PlainChunk& c) { c.groups.push_back(c.groups[0]); }),
            "corrupt: trace chunk: a second group for all kinds");
  EXPECT_EQ(spoiled([](PlainChunk& c) { c.groups[1].kind = static_cast<uint8_t>(EventKind::bind); }),
            "corrupt: trace chunk: a group without events");
  EXPECT_EQ(
      spoiled([](PlainChunk& c) { c.groups[1].columns.push_back(c.groups[1].columns[0]); }).substr(0, 28),
      "corrupt: trace chunk: field ");
  EXPECT_EQ(spoiled([](PlainChunk& c) { c.string_bytes += "x"; }),
            "corrupt: trace chunk: the string table goes on after its last string");
  EXPECT_EQ(spoiled([](PlainChunk& c) { c.string_sizes += "\x01"; }),
            "corrupt: trace chunk: a string goes beyond the string table");
  EXPECT_EQ(spoiled([](PlainChunk& c) { c.string_sizes += "\xff"; }),
            "corrupt: trace chunk: a string goes beyond the string table");
  EXPECT_EQ(spoiled([](PlainChunk& c) { c.list_count = 1 << 30; }),
            "corrupt: trace chunk: more lists than bytes for them");
  EXPECT_EQ(spoiled([](PlainChunk& c) { c.lists += "\x01"; }),
            "corrupt: trace chunk: the list table goes on after its last list");
  EXPECT_EQ(spoiled([](PlainChunk& c) { c.lists[0] = 0x7f; }).substr(0, 8), "corrupt:");
  EXPECT_EQ(spoiled([](PlainChunk& c) { c.lists[1] = 0x7f; }),
            "corrupt: trace chunk: a list holds a string that is not in the table");
  EXPECT_EQ(spoiled([&](PlainChunk& c) {
              column(c, exec, kPid).values = ints({1ull << 33, 0});
            }),
            "corrupt: trace chunk: a value that does not fit field 6");
  EXPECT_EQ(spoiled([&](PlainChunk& c) {
              column(c, exec, kFd).values = ints({0, zigzag(-0x80000000ll)});
            }),
            "corrupt: trace chunk: a value that does not fit field 19");
  EXPECT_EQ(spoiled([&](PlainChunk& c) {
              column(c, exec, kSource).values = ints({8, 8});
            }),
            "corrupt: trace chunk: a value that does not fit field 5");
  EXPECT_EQ(spoiled([&](PlainChunk& c) {
              column(c, exec, kPid).dictionary = column(c, exec, kComm).dictionary;
            }).substr(0, 8),
            "corrupt:");
  EXPECT_EQ(spoiled([&](PlainChunk& c) { column(c, exec, kComm).dictionary = ""; }),
            "corrupt: trace chunk: a value that does not fit field 13");
  EXPECT_EQ(spoiled([&](PlainChunk& c) {
              column(c, exec, kComm).values = ints({1, 9});
            }),
            "corrupt: trace chunk: a string that is not in its column's dictionary");
  EXPECT_EQ(spoiled([&](PlainChunk& c) {
              column(c, exec, kComm).dictionary = "\x02" + ints({1, 70'000});
            }),
            "corrupt: trace chunk: a dictionary holds a string that is not in the table");
  EXPECT_EQ(spoiled([&](PlainChunk& c) { column(c, exec, kComm).dictionary = "\x7f" + ints({1}); }),
            "corrupt: trace chunk: a dictionary holds more strings than its column");
  EXPECT_EQ(spoiled([&](PlainChunk& c) {
              column(c, exec, kArgv).values = ints({1, 1000});
            }),
            "corrupt: trace chunk: a value that does not fit field 25");
  EXPECT_EQ(spoiled([&](PlainChunk& c) { column(c, exec, kPid).values = "\x63"; }),
            "unsupported: integer column: unknown encoding 99");
  EXPECT_EQ(spoiled([&](PlainChunk& c) { column(c, exec, kPid).values = ""; }),
            "corrupt: integer column: is empty");
  EXPECT_EQ(spoiled([&](PlainChunk& c) { c.groups.resize(300); }), "corrupt: trace chunk: too many groups");
  EXPECT_EQ(spoiled([&](PlainChunk& c) { c.groups[1].columns.resize(300); }),
            "corrupt: trace chunk: too many columns");
}

TEST(HostileChunk, CannotGrowByRepeatingOneString) {
  std::vector<Event> events(60'000);
  for (Event& event : events) event.data = "x";
  PlainChunk chunk = plain_of(events);
  chunk.string_bytes = std::string(1 << 20, 'y');
  chunk.string_sizes.clear();
  put_varint(chunk.string_sizes, chunk.string_bytes.size());
  std::string bytes = encode_plain(chunk);
  EXPECT_LT(bytes.size(), 4096u);
  EXPECT_EQ(outcome(decode_chunk(bytes)),
            "corrupt: trace chunk: its strings come to more than 33554432 bytes");
}

TEST(HostileChunk, CannotGrowByRepeatingOneList) {
  std::vector<Event> events(60'000);
  for (Event& event : events) event.argv = {"x"};
  PlainChunk chunk = plain_of(events);
  chunk.lists.clear();
  put_varint(chunk.lists, 1'000'000);
  chunk.lists += std::string(1'000'000, '\0');
  EXPECT_EQ(outcome(decode_chunk(encode_plain(chunk))),
            "corrupt: trace chunk: its strings come to more than 33554432 bytes");
}

TEST(HostileFrame, CannotClaimMoreThanTheLimit) {
  std::string bytes = frame(FrameType::chunk, std::string(kMaxChunkRawBytes + 8, '\0'));
  EXPECT_LT(bytes.size(), 4096u);
  EXPECT_EQ(outcome(decode_chunk(bytes)), "corrupt: trace chunk: claims 8388616 bytes, more than 8388608");
}

TEST(HostileFrame, CannotHoldMoreThanItClaims) {
  std::string bytes = frame(FrameType::chunk, std::string(kMaxChunkRawBytes * 4, '\0'));
  bytes[8] = 8, bytes[9] = 0, bytes[10] = 0, bytes[11] = 0;
  EXPECT_EQ(outcome(decode_chunk(bytes)), "corrupt: trace chunk: zstd: Destination buffer is too small");
}

TEST(HostileFrame, CannotHoldLess) {
  std::string bytes = frame(FrameType::chunk, std::string(8192, '\0'));
  bytes[8] = 8;
  EXPECT_EQ(outcome(decode_chunk(bytes)), "corrupt: trace chunk: holds fewer bytes than it claims");
}

TEST(HostileFrame, EveryFlippedBitIsNoticed) {
  const std::string good = [] {
    ChunkWriter writer;
    for (const Event& event : some_events()) writer.add(event);
    return writer.take();
  }();
  auto expected = decode_chunk(good);
  ASSERT_TRUE(expected);
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
    auto decoded = decode_chunk(bad);
    // zstd ignores a reserved or redundant bit here and there; then the content is what it was.
    if (decoded) {
      ASSERT_TRUE(*decoded == *expected) << "bit " << bit;
    }
  }
}

TEST(HostileFrame, EveryTruncationIsNoticed) {
  ChunkWriter writer;
  for (const Event& event : some_events()) writer.add(event);
  std::string good = writer.take();
  for (size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(decode_chunk(std::string_view(good).substr(0, size))) << size;
  EXPECT_FALSE(decode_chunk(good + "x"));
}

// --- mutations below the checksum: the Cap'n Proto message and what is in it

class Mutator {
 public:
  explicit Mutator(unsigned seed) : random_(seed) {}
  std::string mutate(std::string bytes) {
    switch (random_() % 4) {
      case 0:
        bytes.resize(random_() % (bytes.size() + 1));
        break;
      case 1: {
        size_t begin = random_() % bytes.size(),
               size = std::min<size_t>(random_() % 64, bytes.size() - begin);
        for (size_t i = begin; i < begin + size; ++i) bytes[i] = static_cast<char>(random_());
        break;
      }
      default:
        break;
    }
    for (size_t flips = random_() % 8; flips-- > 0 && !bytes.empty();) {
      char& byte = bytes[random_() % bytes.size()];
      byte = static_cast<char>(random_() % 2 ? byte ^ (1 << random_() % 8) : random_());
    }
    return bytes;
  }

 private:
  std::mt19937 random_;
};

// Returns how many mutations were accepted: some must be, or the mutations never get past the first check.
int survive(const std::string& good, int rounds, const std::function<bool(std::string)>& decode) {
  Mutator mutator(99);
  int accepted = 0;
  for (int i = 0; i < rounds; ++i) accepted += decode(mutator.mutate(good));
  return accepted;
}

TEST(Mutations, OfAChunksMessage) {
  ChunkWriter writer;
  for (const Event& event : some_events()) writer.add(event);
  auto raw = unframe(FrameType::chunk, writer.take(), kMaxChunkBytes, kMaxChunkRawBytes);
  ASSERT_TRUE(raw);
  EXPECT_GT(survive(*raw, 4000,
                    [](const std::string& bytes) {
                      auto decoded = decode_chunk(frame(FrameType::chunk, bytes));
                      if (!decoded) return false;
                      EXPECT_LE(decoded->size(), kMaxChunkEvents);
                      // What was accepted can be written and read again.
                      ChunkWriter again;
                      for (const Event& event : *decoded) {
                        if (again.full()) break;
                        again.add(event);
                      }
                      EXPECT_TRUE(decode_chunk(again.take()));
                      return true;
                    }),
            10);
}

TEST(Mutations, OfHeaderFooterAndJob) {
  auto header = unframe(FrameType::header, encode_header(sample::header()), 1 << 20, 1 << 20);
  auto footer = unframe(FrameType::footer, encode_footer(sample::footer()), 1 << 20, 1 << 20);
  auto job = unframe(FrameType::job, encode_job(sample::job()), 1 << 20, 1 << 20);
  ASSERT_TRUE(header && footer && job);
  EXPECT_GT(survive(*header, 4000,
                    [](const std::string& b) { return bool(decode_header(frame(FrameType::header, b))); }),
            10);
  EXPECT_GT(survive(*footer, 4000,
                    [](const std::string& b) { return bool(decode_footer(frame(FrameType::footer, b))); }),
            10);
  EXPECT_GT(
      survive(*job, 4000, [](const std::string& b) { return bool(decode_job(frame(FrameType::job, b))); }),
      10);
}

TEST(Mutations, OfMessages) {
  std::string id = "20261125T031500-1f8a3c9e";
  std::string done = wire::encode(wire::Done{id, 1, sample::header(), sample::footer()});
  std::string chunk = wire::encode(wire::Chunk{id, 1, 2, std::string(500, 'c')});
  EXPECT_GT(survive(done, 4000, [](const std::string& b) { return bool(wire::decode(b)); }), 10);
  EXPECT_GT(survive(chunk, 4000, [](const std::string& b) { return bool(wire::decode(b)); }), 10);
}

TEST(Mutations, OfNoise) {
  std::mt19937 random(5);
  for (int i = 0; i < 3000; ++i) {
    std::string noise(random() % 256, '\0');
    for (char& c : noise) c = static_cast<char>(random());
    (void)wire::decode(noise);
    EXPECT_FALSE(decode_chunk(noise));
    EXPECT_FALSE(decode_chunk(frame(FrameType::chunk, noise)) && noise.size() % 8 != 0);
    (void)decode_ints(noise, random() % 100);
  }
}

}  // namespace
}  // namespace assay
