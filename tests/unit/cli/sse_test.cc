// Bytes to events, in every way that they can be cut, and what is too large.
#include "cli/sse.h"

#include <gtest/gtest.h>

namespace assay::cli {
namespace {

std::string all(SseParser& parser, std::string_view bytes) {
  auto events = parser.feed(bytes);
  if (!events) return "ERROR " + events.error().what;
  std::string out;
  for (const auto& event : *events) out += "<" + event.name + "|" + event.data + ">";
  return out;
}

constexpr std::string_view kStream =
    ": hello\r\n\r\nevent: state\r\ndata: {\"a\":\ndata: 1}\r\r\nid: 7\rdata:x\n\nevent: gone\n\ndata\n\n";
constexpr const char* kEvents = "<state|{\"a\":\n1}><message|x><message|>";

TEST(Sse, ReadsEveryLineEndingFieldAndComment) {
  SseParser parser;
  EXPECT_EQ(all(parser, kStream), kEvents);
}

TEST(Sse, BytesMayBeCutAnywhere) {
  for (size_t size = 1; size < kStream.size(); ++size) {
    SseParser parser;
    std::string out;
    for (size_t at = 0; at < kStream.size(); at += size) out += all(parser, kStream.substr(at, size));
    EXPECT_EQ(out, kEvents) << size;
  }
}

TEST(Sse, EndlessLineIsRefused) {
  SseParser parser;
  EXPECT_EQ(all(parser, "data:" + std::string(SseParser::kMaxEventBytes - 5, 'x')), "");
  EXPECT_EQ(all(parser, "x"), "ERROR the server's stream of events has one of more than 65536 bytes");
}

TEST(Sse, EndlessEventIsRefused) {
  SseParser parser;
  std::string line = "data:" + std::string(1000, 'x') + "\n";
  std::string last;
  for (int i = 0; i < 66 && last.empty(); ++i) last = all(parser, line);
  EXPECT_EQ(last, "ERROR the server's stream of events has one of more than 65536 bytes");
}

}  // namespace
}  // namespace assay::cli
