// Trace files: what is written comes back, in any portions; damage, truncation and what does not belong are
// told by name; what later releases may add is skipped; files of early releases are read.
#include "common/trace_file.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "common/codec.h"
#include "tests/unit/common/sample_trace.h"

namespace assay {
namespace {

const std::string kId = sample::header().scan_id;
const std::string kMagic("ASSAYTR\x01", 8);

std::string chunk_of(uint64_t first, uint64_t count) {
  ChunkWriter writer;
  for (uint64_t i = 0; i < count; ++i) writer.add(sample::event(EventKind::exec, first + i));
  return writer.take();
}

std::string record(char type, const std::string& body) {
  std::string out(1, type);
  for (unsigned shift = 0; shift < 32; shift += 8) out += static_cast<char>(body.size() >> shift & 0xff);
  return out + body;
}

/// A file as the writer makes it; `more` may add records before its end.
std::string written(const std::function<void(TraceFileWriter&)>& more = [](TraceFileWriter&) {}) {
  std::string out;
  TraceFileWriter writer([&](std::string_view bytes) {
    out += bytes;
    return Status();
  });
  EXPECT_TRUE(writer.begin(kId, encode_header(sample::header())));
  EXPECT_TRUE(writer.add(TraceRecord::chunk, chunk_of(1, 2)));
  EXPECT_TRUE(writer.add(TraceRecord::chunk, chunk_of(3, 1)));
  EXPECT_TRUE(writer.add(TraceRecord::footer, encode_footer(sample::footer())));
  EXPECT_TRUE(writer.add(TraceRecord::piece, encode_artifact_piece("PK one")));
  EXPECT_TRUE(writer.add(TraceRecord::report, R"({"format":"assay.report/1"})"));
  more(writer);
  EXPECT_TRUE(writer.finish(3));
  return out;
}

/// As early releases wrote them.
std::string old_file() {
  return kMagic + record('H', encode_header(sample::header())) + record('C', chunk_of(1, 2)) +
         record('F', encode_footer(sample::footer()));
}

Result<TraceFile> read(const std::string& bytes, const TraceVisit& visit = {}, size_t portion = SIZE_MAX) {
  size_t at = 0;
  auto from = [&](char* to, size_t most) -> Result<size_t> {
    size_t size = std::min({most, portion, bytes.size() - at});
    bytes.copy(to, size, at);
    at += size;
    return size;
  };
  return read_trace(from, "x.trace", visit);
}

std::string str(const Result<TraceFile>& file) {
  if (!file) return std::string(to_string(file.error().code)) + ": " + file.error().what;
  std::ostringstream out;
  out << file->header.scan_id << " by " << file->writer << ": " << file->chunks << " chunks, " << file->events
      << " events, " << file->pieces << " pieces, " << file->bytes << " bytes"
      << (file->sealed ? ", sealed" : "") << ", report '" << file->report << "'";
  return out.str();
}

TEST(TraceFile, ComesBackWholeInPortionsOfAnySize) {
  std::string bytes = written();
  std::string expected = kId + " by assay 0.1.0: 2 chunks, 3 events, 1 pieces, " +
                         std::to_string(bytes.size()) +
                         R"( bytes, sealed, report '{"format":"assay.report/1"}')";
  for (size_t portion : {size_t{1}, size_t{7}, SIZE_MAX}) {
    std::vector<uint64_t> seqs;
    std::string headers, pieces;
    TraceVisit visit;
    visit.header = [&](const TraceHeader& header) {
      headers += sample::str(header);
      return Status();
    };
    visit.chunk = [&](std::string_view framed, const std::vector<Event>& events) {
      EXPECT_TRUE(decode_chunk(framed));
      for (const Event& event : events) seqs.push_back(event.seq);
      return Status();
    };
    visit.piece = [&](std::string_view framed) {
      pieces += *decode_artifact_piece(framed);
      return Status();
    };
    auto file = read(bytes, visit, portion);
    EXPECT_EQ(str(file), expected);
    EXPECT_EQ(seqs, (std::vector<uint64_t>{1001, 2001, 3001}));
    EXPECT_EQ(headers, sample::str(sample::header()));
    EXPECT_EQ(pieces, "PK one");
    EXPECT_EQ(sample::str(file->footer), sample::str(sample::footer()));
    EXPECT_EQ(file->footer_bytes, encode_footer(sample::footer()));
  }
}

TEST(TraceFile, IsTheSameBytesForTheSameScan) { EXPECT_EQ(written(), written()); }

TEST(TraceFile, CutShortAnywhereIsTold) {
  std::string bytes = written();
  for (size_t size = 0; size < bytes.size(); ++size) {
    auto file = read(bytes.substr(0, size));
    ASSERT_FALSE(file) << size;
    ASSERT_EQ(file.error().code, Errc::corrupt) << size << " " << file.error().what;
    ASSERT_TRUE(file.error().what.starts_with("x.trace")) << file.error().what;
  }
  EXPECT_EQ(str(read(bytes.substr(0, bytes.size() - 1))),
            "corrupt: x.trace is cut off after " + std::to_string(bytes.size() - 1) + " bytes");
  EXPECT_EQ(str(read(bytes + "x")), "corrupt: x.trace goes on after its end");
}

TEST(TraceFile, AFlippedBitAnywhereIsTold) {
  std::string bytes = written();
  for (size_t at = 0; at < bytes.size(); ++at) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 1 << at * 5 % 8);
    ASSERT_FALSE(read(changed)) << "byte " << at;
  }
}

TEST(TraceFile, SaysWhichVersionItIsOfWhenThatIsNotKnown) {
  std::string bytes = written();
  bytes[7] = 2;
  EXPECT_EQ(str(read(bytes)),
            "unsupported: x.trace is a trace file of container version 2; this program reads version 1");
  std::string later = kMagic + record('S', R"({"format":"assay.trace/2\u001b","writer":"assay 9"})");
  EXPECT_EQ(str(read(later)),
            "unsupported: x.trace is of the format 'assay.trace/2\\x1b'; this program reads assay.trace/1");
  EXPECT_EQ(str(read("PK\x03\x04 and so on")),
            "corrupt: x.trace is no trace file: it does not begin with ASSAYTR");
}

TEST(TraceFile, SkipsRecordsAndKeysOfLaterReleases) {
  std::string bytes = written([](TraceFileWriter& writer) {
    EXPECT_TRUE(writer.add(static_cast<TraceRecord>('Z'), std::string(3 << 20, 'z')));
    EXPECT_TRUE(writer.add(static_cast<TraceRecord>('\xff'), ""));
  });
  EXPECT_TRUE(str(read(bytes)).starts_with(kId + " by assay 0.1.0: 2 chunks, 3 events")) << str(read(bytes));
  // Before everything else, too; and that of an old file is skipped without an end.
  std::string old = old_file();
  old.insert(kMagic.size(), record('Z', "later"));
  EXPECT_TRUE(read(old)) << read(old).error().what;
}

TEST(TraceFile, OfAnEarlyReleaseHasNoSealAndIsRead) {
  auto file = read(old_file());
  EXPECT_EQ(str(file), kId + " by : 1 chunks, 2 events, 0 pieces, " + std::to_string(old_file().size()) +
                           " bytes, report ''");
}

TEST(TraceFile, RecordsWhereTheyDoNotBelongAreRefused) {
  std::string header = record('H', encode_header(sample::header())), chunk = record('C', chunk_of(1, 1)),
              footer = record('F', encode_footer(sample::footer())),
              about = record('S', R"({"format":"assay.trace/1","writer":"w","scan":")" + kId + "\"}");
  const std::vector<std::pair<std::string, std::string>> kCases = {
      {chunk + header + footer, "has no header before its events"},
      {header + footer + chunk, "has a chunk where none belongs"},
      {header + header + footer, "has a header where none belongs"},
      {header + chunk + footer + footer, "has a footer where none belongs"},
      {header + about + footer, "has what it is where none belongs"},
      {header + record('R', "{}"), "has no footer behind its events"},
      {header + chunk, "has no footer: it was not written to its end"},
      {"", "has no header: it was not written to its end"},
      {about + header + chunk + footer, "is cut off after"},
      {record('S', "[]"), "does not say what it is: its first record is no JSON object"},
      {record('S', R"({"format":"assay.trace/1","scan":"x"})"), "does not say what wrote it"},
      {record('S', R"({"format":"assay.trace/1","writer":"w","scan":"x"})") + header,
       "says that it is of another scan than its header"},
      {about + header + footer + record('E', "7"), "does not end as one: its last record is no JSON object"},
      {about + header + footer + record('E', R"({"chunks":1,"events":0,"pieces":0,"sha256":""})"),
       "holds other counts of chunks, events or pieces than its end says"},
      {about + header + footer + record('E', R"({"chunks":0,"events":0,"pieces":0,"sha256":7})"),
       "does not match its SHA-256: it was changed or damaged"},
      {header + record('C', "junk") + footer, "chunk 0: trace chunk: does not begin as one"},
  };
  for (const auto& [records, what] : kCases) {
    auto file = read(kMagic + records);
    EXPECT_EQ(file ? Errc::io : file.error().code, Errc::corrupt) << what;
    EXPECT_NE(str(file).find(what), std::string::npos) << str(file);
  }
}

TEST(TraceFile, ClaimsAreHeldAgainstTheirBoundsBeforeAnythingIsHeld) {
  for (auto [type, most] : {std::pair('S', 4096u), {'H', 4u << 20}, {'C', 1u << 20}, {'R', 64u << 20}}) {
    uint32_t size = most + 1;
    std::string head(1, type);
    for (unsigned shift = 0; shift < 32; shift += 8) head += static_cast<char>(size >> shift & 0xff);
    std::string said = str(read(kMagic + head));
    EXPECT_NE(said.find("claims " + std::to_string(size) + " bytes"), std::string::npos) << said;
  }
  EXPECT_NE(str(read(kMagic + "Z\xff\xff\xff\xff")).find("is cut off"), std::string::npos);
  TraceFileWriter writer([](std::string_view) { return Status(); });
  EXPECT_EQ(writer.add(TraceRecord::chunk, std::string(kMaxChunkBytes + 1, 'x')).error().code, Errc::limit);
}

TEST(TraceFile, HoldsAtMostAsManyChunksAsAScanMayHave) {
  std::string bytes = kMagic + record('H', encode_header(sample::header()));
  std::string chunk = record('C', ChunkWriter().take());
  for (uint32_t i = 0; i <= kMaxChunks; ++i) bytes += chunk;
  EXPECT_NE(str(read(bytes)).find("more than 4096 chunks and pieces"), std::string::npos) << str(read(bytes));
}

TEST(TraceFile, WhoReadsItCanEndThat) {
  TraceVisit visit;
  visit.chunk = [](std::string_view, const std::vector<Event>&) -> Status {
    return Error{Errc::cancelled, "enough"};
  };
  EXPECT_EQ(str(read(written(), visit)), "cancelled: enough");
  auto broken = read_trace(
      [](char*, size_t) -> Result<size_t> {
        return Error{Errc::io, "no disk"};
      },
      "x", {});
  EXPECT_EQ(str(broken), "io: no disk");
  EXPECT_EQ(read_trace_file("/nonexistent/x.trace", TraceVisit()).error().code, Errc::not_found);
}

// ---- docs/trace.md, from which other programs read

template <class T>
std::string type_of(const T&) {
  if constexpr (std::is_enum_v<T>) return "enum";
  if constexpr (std::is_same_v<T, std::string>) return "string";
  if constexpr (std::is_same_v<T, std::vector<std::string>>) return "list";
  if constexpr (std::is_same_v<T, std::array<uint64_t, 6>>) return "array";
  if constexpr (std::is_integral_v<T>) return std::is_signed_v<T> ? "signed" : "unsigned";
}

std::string page() {
  std::ifstream in(std::string(ASSAY_SOURCE_DIR) + "/docs/trace.md");
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

TEST(TraceDocs, ListEveryFieldWithItsTypeAndDefault) {
  std::string rows, text = page();
  const Event standard_event;
  for_each_field(standard_event, [&](int id, const char* name, const auto& value) {
    std::string standard = "0";
    if constexpr (std::is_enum_v<std::decay_t<decltype(value)>> ||
                  std::is_integral_v<std::decay_t<decltype(value)>>)
      standard = std::to_string(static_cast<int64_t>(value));
    rows += "| " + std::to_string(id) + " | `" + name + "` | " + type_of(value) + " | " + standard + " |\n";
  });
  EXPECT_NE(text.find("|---|---|---|---|\n" + rows + "\n"), std::string::npos)
      << "docs/trace.md lacks some of\n"
      << rows;
}

TEST(TraceDocs, ListEveryEnumByItsNumbers) {
  std::string kinds, sources, text = page();
  for (size_t i = 0; i < kEventKindCount; ++i)
    kinds += (i ? ", " : "") + std::string(to_string(static_cast<EventKind>(i)));
  for (size_t i = 0; i < kSourceCount; ++i)
    sources += (i ? ", " : "") + std::string(to_string(static_cast<Source>(i)));
  EXPECT_NE(text.find("| `kind` | " + kinds + " |\n"), std::string::npos) << kinds;
  EXPECT_NE(text.find("| `source` | " + sources + " |\n"), std::string::npos) << sources;
}

}  // namespace
}  // namespace assay
