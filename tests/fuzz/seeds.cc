// Writes valid inputs for each fuzzer to start from: fuzz-seeds DIR makes DIR/chunk, DIR/header, DIR/footer,
// DIR/job, DIR/wire, DIR/image_ref, DIR/api, DIR/http, DIR/dns, DIR/report, DIR/talk, DIR/packages,
// DIR/trace_file.
#include <cstdio>
#include <filesystem>

#include "agent/inspect/wire/packages.h"
#include "agent/sinkhole/report.h"
#include "common/codec.h"
#include "common/codec_frame.h"
#include "common/fd.h"
#include "common/trace_file.h"
#include "common/wire.h"
#include "tests/unit/common/sample_trace.h"
#include "tests/unit/inspect/sample_databases.h"

namespace assay {
namespace {

Status put(const std::filesystem::path& dir, const std::string& name, std::string_view bytes) {
  std::error_code error;
  std::filesystem::create_directories(dir, error);
  return write_file(dir / name, bytes);
}

// What is inside the frame: the fuzzers put it into one.
std::string inside(FrameType type, const std::string& framed) {
  return *unframe(type, framed, 1 << 20, 8 << 20);
}

// Before each: its kind (see packages_fuzz.cc).
Status write_package_seeds(const std::filesystem::path& dir) {
  namespace sample = inspect::sample;
  sample::RpmHeader bash{"bash", {{"/usr/bin/", "bash", std::string(64, 'a'), 0100755}}};
  ASSAY_CHECK(put(dir / "packages", "list", std::string(1, '\0') + "/.\n/bin\n/bin/sh\n"));
  ASSAY_CHECK(put(dir / "packages", "sums", "\1" + std::string(32, 'a') + "  bin/sh\n"));
  ASSAY_CHECK(put(dir / "packages", "diversions", "\2/bin/sh\n/bin/sh.distrib\ndash\n"));
  ASSAY_CHECK(put(dir / "packages", "apk", std::string("\4") + sample::kApkInstalled));
  ASSAY_CHECK(put(dir / "packages", "rpm", "\5" + sample::sqlite_of({bash.blob(), bash.blob()})));
  ASSAY_CHECK(
      put(dir / "packages", "index", "\7" + inspect::encode_index({"a"}, {{"/usr/bin/x", 0, ""}}, "s")));
  return put(dir / "packages", "header", "\x08" + bash.blob());
}

// One that is sealed, and one as early releases wrote them: mutations of it have no seal to get past.
Status write_trace_seeds(const std::filesystem::path& dir) {
  ChunkWriter chunks;
  for (uint64_t i = 0; i < 3; ++i) chunks.add(sample::event(EventKind::exec, i));
  std::string header = encode_header(sample::header()), chunk = chunks.take(),
              footer = encode_footer(sample::footer()), sealed, old("ASSAYTR\x01", 8);
  TraceFileWriter writer([&](std::string_view bytes) { return sealed += bytes, Status(); });
  ASSAY_CHECK(writer.begin(sample::header().scan_id, header));
  ASSAY_CHECK(writer.add(TraceRecord::chunk, chunk));
  ASSAY_CHECK(writer.add(TraceRecord::footer, footer));
  ASSAY_CHECK(writer.add(TraceRecord::piece, encode_artifact_piece("PK")));
  ASSAY_CHECK(writer.add(TraceRecord::report, "{}"));
  ASSAY_CHECK(writer.finish(3));
  for (const auto& [type, body] : {std::pair('H', &header), {'C', &chunk}, {'F', &footer}}) {
    old += type;
    for (unsigned shift = 0; shift < 32; shift += 8) old += static_cast<char>(body->size() >> shift & 0xff);
    old += *body;
  }
  ASSAY_CHECK(put(dir / "trace_file", "sealed", sealed));
  return put(dir / "trace_file", "old", old);
}

Status write_seeds(const std::filesystem::path& dir) {
  for (size_t count : {1u, 3u, 60u}) {
    ChunkWriter writer;
    for (size_t i = 0; i < count; ++i)
      writer.add(sample::event(static_cast<EventKind>(i % kEventKindCount), i % 5));
    ASSAY_CHECK(put(dir / "chunk", std::to_string(count), inside(FrameType::chunk, writer.take())));
  }
  ASSAY_CHECK(put(dir / "header", "full", inside(FrameType::header, encode_header(sample::header()))));
  ASSAY_CHECK(put(dir / "footer", "full", inside(FrameType::footer, encode_footer(sample::footer()))));
  ASSAY_CHECK(put(dir / "artifact", "piece", encode_artifact_piece("PK\x03\x04 and so on")));
  ASSAY_CHECK(write_trace_seeds(dir));
  ASSAY_CHECK(put(dir / "job", "full", inside(FrameType::job, encode_job(sample::job()))));
  std::string id = "20261125T031500-1f8a3c9e";
  const wire::Message kMessages[] = {
      wire::Submit{{{sample::job(), Lane::batch, "t", id, {{"a", "b"}}, "clean", true}}, false},
      wire::Ask{"agents", "{}"},
      wire::Finished{id, true, "", "{}"},
      wire::Hello{wire::kVersion, "agent-1", "i", "0", {1, 2, 3}, {{id, 1}}, {4}},
      wire::Chunk{id, 1, 2, "bytes"},
      wire::Failed{id, 1, "io", "x", 5},
      wire::Done{id, 3, sample::header(), sample::footer()},
      wire::Lease{id, 5, sample::job()},
      wire::Notice{id, id, "done", "", "clean", 1, "", 2},
      wire::Progress{id, "run", 1, 2, 3, 4},
      wire::Fenced{id, 6, "exec of /bin/sh by a stranger"}};
  for (const auto& message : kMessages)
    ASSAY_CHECK(put(dir / "wire", std::to_string(message.index()), wire::encode(message)));
  const char* kRefs[] = {"nginx", "r.io:5000/a/b:v1", "oci:dir:v1", "docker-archive:x.tar:nginx:1",
                         "[::1]:5000/app"};
  for (size_t i = 0; i < std::size(kRefs); ++i)
    ASSAY_CHECK(put(dir / "image_ref", std::to_string(i), kRefs[i]));
  const char* kBodies[] = {
      R"({"scans":[{"ref":"nginx:1.27","duration_ms":60000,"network":"none","insecure":true,"labels":{"a":"b"}}]})",
      R"({"name":"n","labels":{"v":"1"},"lane":"sweep","defaults":{"expect":"clean","fresh":true},
          "images":[{"ref":"a","cpu_millis":1,"memory_bytes":2},{"ref":"b","lane":"gate","auth_file":"/x"}]})",
      "2026-11-26T06:00:00.5+01:00", "/v1/scans/20261125T031500-1f8a3c9e/report"};
  for (size_t i = 0; i < std::size(kBodies); ++i)
    ASSAY_CHECK(put(dir / "api", std::to_string(i), kBodies[i]));
  const char* kRequests[] = {
      " GET /x.tar.gz?a=b HTTP/1.1\r\nHost: h:8080\r\nRange: bytes=5-9\r\nUser-Agent: curl/8\r\n\r\n",
      "\nPOST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n4;x\r\nwiki\r\n0\r\nA: b\r\n\r\nGET "
      "/dists/x/Release HTTP/1.0\r\n\r\n",
      "\xffPUT /simple/a/ HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nokCONNECT h:1 "
      "HTTP/1.1\r\n\r\nabc",
      "\xffGET /dns-query?dns=AAABAAABAAAAAAAABHBvb2wHZXhhbXBsZQNjb20AAAEAAQ HTTP/1.1\r\n\r\n"};
  for (size_t i = 0; i < std::size(kRequests); ++i)
    ASSAY_CHECK(put(dir / "http", std::to_string(i), kRequests[i]));
  const std::string kQueries[] = {
      std::string("\x12\x34\1\0\0\1\0\0\0\0\0\1\3www\7example\3com\0\0\x1c\0\1\0\0\x29\x10\0\0\0\0\0\0\0",
                  44),
      std::string("\x12\x34\1\0\0\1\0\0\0\0\0\0\5_ldap\4_tcp\1a\0\0\x21\0\1", 31),
      std::string("\x12\x34\1\0\0\1\0\0\0\0\0\0\0011\0010\0010\00210\7in-addr\4arpa\0\0\x0c\0\1", 40)};
  for (size_t i = 0; i < std::size(kQueries); ++i)
    ASSAY_CHECK(put(dir / "dns", std::to_string(i), kQueries[i]));
  sinkhole::Report report;
  report.kind = sinkhole::ReportKind::dns;
  report.name = "a.b";
  report.answers = {"198.18.1.1", ""};
  report.data = "data";
  ASSAY_CHECK(put(dir / "report", "full", sinkhole::encode_report(report)));
  // Before each: port and greeting, size of the pieces (see talk_fuzz.cc).
  constexpr std::string_view kConversations[] = {
      "\x80\xffUSER a\r\nPASS b\r\nPASV\r\nSIZE x.sh\r\nRETR x.sh\r\nEPSV\r\nLIST\r\nQUIT\r\n",
      "\x81\x20SSH-2.0-x\r\n",
      "\x82\x10"
      "EHLO x\r\nAUTH PLAIN AGEAYg==\r\nMAIL FROM:<a>\r\nRCPT TO:<b>\r\nDATA\r\n.x\r\n.\r\n",
      "\x08\xff{\"id\":1,\"method\":\"login\",\"params\":{\"algo\":[\"rx/"
      "0\"]}}\n{\"id\":2,\"method\":\"submit\"}\n",
      "\x08\xff{\"id\":1,\"method\":\"mining.subscribe\",\"params\":[]}\n{\"id\":2,\"method\":\"mining."
      "submit\"}\n",
      "\x0a\xff*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$1\r\ny\r\nINFO\r\nCONFIG GET dir\r\n",
      "\x0b\x11NICK a\r\nUSER a 0 * :b\r\nJOIN #c\r\nWHO #c\r\nMODE #c\r\nPRIVMSG #c :x\r\nQUIT\r\n",
      {"\x06\xff\x05\x01\0\x05\x01\0\x03\x01h\0\x19"
       "EHLO x\r\n",
       21},
      {"\x09\xff\0\0\0\x0f\0\x03\0\0user\0a\0p\0\0\0\x06x\0Q\0\0\0\x0dselect 1\0", 38},
      {"\x87\xff\x0a\0\0\1\0\x82\0\0\0\0\0\0\x2d\0\x08\0\0\0\3select 1", 27}};
  for (size_t i = 0; i < std::size(kConversations); ++i)
    ASSAY_CHECK(put(dir / "talk", std::to_string(i), kConversations[i]));
  return write_package_seeds(dir);
}

}  // namespace
}  // namespace assay

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: fuzz-seeds DIR\n");
    return 2;
  }
  auto status = assay::write_seeds(argv[1]);
  if (!status) std::fprintf(stderr, "%s\n", status.error().what.c_str());
  return status ? 0 : 1;
}
