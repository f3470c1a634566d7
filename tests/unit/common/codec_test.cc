// What goes into a chunk comes out of it; what is too large is cut and counted; what a later version adds is
// skipped.
#include "common/codec.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "common/codec_frame.h"
#include "common/columns.h"
#include "common/int_column.h"
#include "tests/unit/common/sample_trace.h"

namespace assay {
namespace {

std::string encoded(const std::vector<Event>& events) {
  ChunkWriter writer;
  for (const Event& event : events) writer.add(event);
  return writer.take();
}

std::string str(const Result<std::vector<Event>>& events) {
  if (!events) return std::string(to_string(events.error().code)) + ": " + events.error().what;
  std::string out;
  for (const Event& event : *events) out += event_json(event) + "\n";
  return out;
}

TEST(Chunk, KeepsEveryFieldOfEveryKind) {
  std::vector<Event> events;
  for (uint64_t salt = 1; salt <= 3; ++salt)
    for (size_t kind = 0; kind < kEventKindCount; ++kind) {
      events.push_back(sample::event(static_cast<EventKind>(kind), salt * 100 + kind));
      events.push_back(Event{});
      events.back().kind = static_cast<EventKind>(kind);
    }
  auto decoded = decode_chunk(encoded(events));
  ASSERT_TRUE(decoded) << decoded.error().what;
  EXPECT_EQ(str(decoded), str(Result<std::vector<Event>>(events)));
  EXPECT_TRUE(*decoded == events);
}

TEST(Chunk, FieldsOfTheSampleAllDifferFromTheirDefaults) {
  const Event filled = sample::event(EventKind::exec, 1), standard;
  std::set<int> same;
  for_each_field(filled, [&](int id, const char*, const auto& value) {
    for_each_field(standard, [&](int other, const char*, const auto& normal) {
      if constexpr (std::is_same_v<decltype(value), decltype(normal)>)
        if (id == other && value == normal) same.insert(id);
    });
  });
  EXPECT_EQ(same, std::set<int>{});
}

TEST(Chunk, KeepsExtremeNumbers) {
  std::vector<Event> events(4);
  for_each_field(events[0], [](int, const char*, auto& m) {
    using T = std::remove_cvref_t<decltype(m)>;
    if constexpr (std::is_integral_v<T>) m = std::numeric_limits<T>::max();
  });
  for_each_field(events[1], [](int, const char*, auto& m) {
    using T = std::remove_cvref_t<decltype(m)>;
    if constexpr (std::is_integral_v<T>) m = std::numeric_limits<T>::min();
  });
  events[2].args = {UINT64_MAX, 0, 1, UINT64_MAX, 2, UINT64_MAX};
  events[3].kind = EventKind::start;
  events[3].source = Source::seccheck;
  auto decoded = decode_chunk(encoded(events));
  ASSERT_TRUE(decoded) << decoded.error().what;
  EXPECT_TRUE(*decoded == events);
}

TEST(Chunk, OfNothingHoldsNothing) {
  ChunkWriter writer;
  EXPECT_TRUE(writer.empty());
  EXPECT_EQ(str(decode_chunk(writer.take())), "");
}

TEST(Chunk, WriterStartsAnewAfterTake) {
  ChunkWriter writer;
  writer.add(sample::event(EventKind::exec, 1));
  EXPECT_FALSE(writer.empty());
  std::string first = writer.take();
  EXPECT_TRUE(writer.empty());
  writer.add(sample::event(EventKind::exec, 1));
  EXPECT_EQ(writer.take(), first);
}

TEST(Chunk, RandomEventsComeBack) {
  std::mt19937 random(1);
  for (int round = 0; round < 30; ++round) {
    std::vector<Event> events;
    size_t count = 1 + random() % 300;
    for (size_t i = 0; i < count; ++i) {
      Event e = sample::event(static_cast<EventKind>(random() % kEventKindCount), random() % 5);
      for_each_field(e, [&](int, const char*, auto& m) {
        if (random() % 3 == 0) m = std::remove_cvref_t<decltype(m)>();
      });
      e.time_ns = static_cast<int64_t>(i * 1000 + random() % 1000);
      e.seq = i + 1;
      events.push_back(e);
    }
    auto decoded = decode_chunk(encoded(events));
    ASSERT_TRUE(decoded) << decoded.error().what;
    ASSERT_TRUE(*decoded == events) << "round " << round;
  }
}

TEST(Chunk, CutsAnOversizedEventAndCountsWhatItCut) {
  Event e;
  e.path = "/bin/x";
  e.argv = {std::string(100'000, 'a'), std::string(100'000, 'b'), std::string(100'000, 'c'), "d"};
  e.data = std::string(5000, 'z');
  e.truncated = 1;
  auto decoded = decode_chunk(encoded({e}));
  ASSERT_TRUE(decoded) << decoded.error().what;
  const Event& got = decoded->at(0);
  size_t room = ChunkWriter::kMaxEventBytes - 6 - 200'000 - 3 * kListItemBytes;
  ASSERT_EQ(got.argv.size(), 3u);
  EXPECT_EQ(got.argv[2], std::string(room, 'c'));
  EXPECT_EQ(got.data, "");
  EXPECT_EQ(got.truncated, 1 + (100'000 - room) + 1 + 5000);
  EXPECT_EQ(got.path, "/bin/x");
}

TEST(Chunk, BoundsTheNumberOfListItems) {
  Event e;
  e.env.resize(1'000'000);
  auto decoded = decode_chunk(encoded({e}));
  ASSERT_TRUE(decoded) << decoded.error().what;
  EXPECT_EQ(decoded->at(0).env.size() + decoded->at(0).truncated, 1'000'000u);
  EXPECT_LE(decoded->at(0).env.size(), ChunkWriter::kMaxEventBytes / kListItemBytes);
}

// Fills a writer until it is full, and takes.
template <class Make>
std::pair<size_t, std::string> fill(Make&& make) {
  ChunkWriter writer;
  size_t count = 0;
  while (!writer.full()) writer.add(make(count++));
  return {count, writer.take()};
}

TEST(Chunk, StaysWithinItsBoundsWhateverItHolds) {
  std::mt19937_64 random(7);
  auto noise = [&](size_t size) {
    std::string out(size, '\0');
    for (char& c : out) c = static_cast<char>(random());
    return out;
  };
  auto numbers = fill([&](size_t) {  // incompressible numbers in every field
    Event e;
    e.kind = static_cast<EventKind>(random() % kEventKindCount);
    for_each_field(e, [&](int, const char*, auto& m) {
      if constexpr (std::is_integral_v<std::remove_cvref_t<decltype(m)>>)
        m = static_cast<std::remove_cvref_t<decltype(m)>>(random());
      if constexpr (std::is_same_v<std::remove_cvref_t<decltype(m)>, std::array<uint64_t, 6>>)
        for (auto& arg : m) arg = random();
    });
    return e;
  });
  auto large = fill([&](size_t) {  // the largest events
    Event e;
    e.data = noise(300'000);
    return e;
  });
  auto lists = fill([&](size_t) {
    Event e;
    for (int i = 0; i < 8000; ++i) e.argv.push_back(noise(random() % 3));
    return e;
  });
  auto sparse = fill([&](size_t i) {  // many plain ones, and late ones that open every column
    return i < 20'000 ? Event() : sample::event(EventKind::note, i);
  });
  auto plain = fill([](size_t) { return Event(); });
  auto repeated = fill([&](size_t) {  // little in the chunk, much once decoded
    Event e;
    e.data = std::string(200'000, 'x');
    return e;
  });
  for (const auto& [count, bytes] : {numbers, large, lists, sparse, plain, repeated}) {
    EXPECT_LE(bytes.size(), kMaxChunkBytes);
    auto decoded = decode_chunk(bytes);
    ASSERT_TRUE(decoded) << decoded.error().what;
    EXPECT_EQ(decoded->size(), count);
  }
  EXPECT_EQ(plain.first, kMaxChunkEvents);
  EXPECT_LE(repeated.first, kMaxChunkTextBytes / 200'000);
}

// --- what a later version may add

PlainChunk plain_of(const std::vector<Event>& events) {
  ColumnWriter writer;
  for (const Event& event : events) writer.add(event);
  return writer.columns(false);
}

std::vector<Event> two_kinds() {
  std::vector<Event> events(5);
  for (size_t i = 0; i < events.size(); ++i) {
    events[i] = sample::event(i % 2 ? EventKind::open : EventKind::exec, i);
    events[i].seq = i + 1;
  }
  return events;
}

TEST(Chunk, SkipsUnknownFields) {
  auto events = two_kinds();
  PlainChunk chunk = plain_of(events);
  for (auto& group : chunk.groups) {
    group.columns.push_back({999, 0, "", std::string("\x63garbage", 8)});
    group.columns.push_back({57, 3, std::string("\x05\x09", 2), std::string("\x01", 1)});
    group.columns.push_back({16, 6, "", std::string("\x01", 1)});
  }
  auto decoded = decode_chunk(encode_plain(chunk));
  ASSERT_TRUE(decoded) << decoded.error().what;
  EXPECT_TRUE(*decoded == events);
}

TEST(Chunk, LeavesOutEventsOfUnknownKinds) {
  auto events = two_kinds();
  PlainChunk chunk = plain_of(events);
  // The second and fourth event become kind 77.
  std::vector<uint64_t> kinds;
  for (const Event& e : events)
    kinds.push_back(zigzag((e.kind == EventKind::open ? 77 : static_cast<int>(e.kind)) -
                           static_cast<int>(EventKind::note)));
  for (auto& column : chunk.groups[0].columns)
    if (column.field == 3) column.values = encode_ints(kinds, false);
  for (auto& group : chunk.groups)
    if (group.kind == static_cast<uint8_t>(EventKind::open)) group.kind = 77;
  auto decoded = decode_chunk(encode_plain(chunk));
  EXPECT_EQ(str(decoded), str(Result<std::vector<Event>>({events[0], events[2], events[4]})));
}

TEST(Chunk, RefusesAnotherFormatVersion) {
  std::string bytes = encoded({Event()});
  bytes[4] = 3;
  EXPECT_EQ(str(decode_chunk(bytes)),
            "unsupported: trace chunk: format version 3; this program reads versions 1 and 2");
}

// --- header, footer, job

TEST(TraceParts, ComeBackWhole) {
  auto header = decode_header(encode_header(sample::header()));
  ASSERT_TRUE(header) << header.error().what;
  EXPECT_EQ(sample::str(*header), sample::str(sample::header()));
  auto footer = decode_footer(encode_footer(sample::footer()));
  ASSERT_TRUE(footer) << footer.error().what;
  EXPECT_EQ(sample::str(*footer), sample::str(sample::footer()));
  auto job = decode_job(encode_job(sample::job()));
  ASSERT_TRUE(job) << job.error().what;
  EXPECT_EQ(sample::str(*job), sample::str(sample::job()));
}

TEST(TraceParts, DefaultsComeBack) {
  EXPECT_EQ(sample::str(*decode_header(encode_header({}))), sample::str(TraceHeader()));
  EXPECT_EQ(sample::str(*decode_footer(encode_footer({}))), sample::str(TraceFooter()));
  EXPECT_EQ(sample::str(*decode_job(encode_job({}))), sample::str(Job()));
}

TEST(TraceParts, AreNotTakenForEachOther) {
  EXPECT_EQ(decode_footer(encode_header({})).error().what, "trace footer: holds something else");
  EXPECT_EQ(decode_chunk(encode_job({})).error().what, "trace chunk: holds something else");
}

TEST(TraceParts, CutAnOversizedImageToWhatReadersTake) {
  TraceHeader header = sample::header();
  header.image.env.assign(5000, std::string(30'000, 'e'));
  header.image.layers.assign(2000, {"sha256:x", "sha256:y", 1, std::string(50'000, 'h')});
  header.kernel = std::string(1 << 20, 'k');
  header.job.ref = std::string(5000, 'r');
  auto decoded = decode_header(encode_header(header));
  ASSERT_TRUE(decoded) << decoded.error().what;
  EXPECT_EQ(decoded->image.env[0], std::string(16 * 1024, 'e'));
  EXPECT_EQ(decoded->image.layers.size(), 512u);
  EXPECT_EQ(decoded->kernel.size(), 4096u);
  EXPECT_EQ(decoded->job.ref.size(), 1024u);
  EXPECT_EQ(decoded->image.digest, header.image.digest);
}

}  // namespace
}  // namespace assay
