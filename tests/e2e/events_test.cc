// The events that the agent itself makes (output, note, file, session), caused inside a real scan and
// compared whole. The others: tests/bpf.
#include <gtest/gtest.h>

#include "common/fd.h"
#include "tests/e2e/assay.h"
#include "tests/unit/agent/test_image.h"

namespace assay::e2e {
namespace {

using nlohmann::json;

constexpr const char* kGuest = R"(
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
static void put(const char* path, const char* text, int mode) {
  int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, mode);
  write(fd, text, strlen(text));
  fchmod(fd, mode);
  close(fd);
}
int main(void) {
  write(1, "to stdout\n", 10);
  write(2, "to \033[31mstderr\n", 15);
  put("/made", "#!/bin/sh\necho made\n", 0750);
  put("/kept", "kept text, changed\n", 0644);
  unlink("/gone");
  symlink("/made", "/link");
  mkdir("/dir", 0700);
  int s = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(4433)};
  inet_pton(AF_INET, "203.0.113.7", &a.sin_addr);
  connect(s, (struct sockaddr*)&a, sizeof a);
  write(s, "HELLO-WORLD\n", 12);
  sleep(60);
}
)";

// The events of one scan of an image that holds kGuest and a few files.
class Events : public testing::Test {
 protected:
  void SetUp() override {
    ASSAY_NEEDS_HOST();
    fs::path source = dir_.path() / "guest.c", program = dir_.path() / "guest";
    ASSERT_TRUE(write_file(source, kGuest));
    auto compiled = test::run_program({"gcc", "-static", "-O1", "-w", "-o", program, source});
    ASSERT_TRUE(compiled && compiled->status.code == 0) << compiled->err;
    test::OciLayout layout(dir_.path() / "layout");
    std::vector<test::TarEntry> files{
        {.name = "guest", .content = *read_file(program, 16 << 20), .mode = 0755},
        {.name = "kept", .content = "kept text\n"},
        {.name = "gone", .content = "gone text\n"}};
    layout.tag(layout.image({test::tar(files)}, {{"Entrypoint", {"/guest"}}}, test::this_architecture()),
               "latest");
    Ran ran = assay(
        dir_, {"scan", "oci:" + layout.dir().string() + ":latest", "--duration", "3s", "--format", "json"});
    json report = ran.json();
    ASSERT_TRUE(report.is_object()) << ran.err;
    Ran trace = assay(dir_, {"trace", report["scan"]["id"], "--format", "json"});
    std::istringstream lines(trace.out);
    for (std::string line; std::getline(lines, line);) events_.push_back(json::parse(line));
    ASSERT_FALSE(events_.empty()) << trace.err;
  }
  // Every event of a kind, without what differs from run to run.
  json all(const std::string& kind) const {
    json out = json::array();
    for (json event : events_) {
      if (event["kind"] != kind) continue;
      EXPECT_GT(event["time_ns"], 0);
      for (const char* key : {"seq", "time_ns", "src_port", "kind"}) event.erase(key);
      out.push_back(event);
    }
    return out;
  }

  TempDir dir_;
  std::vector<json> events_;
};

TEST_F(Events, OutputSaysWhichStreamAndWhat) {
  EXPECT_EQ(all("output"), json::parse(R"([
    {"plane": "guest", "source": "agent", "fd": 1, "data": "to stdout\\x0a"},
    {"plane": "guest", "source": "agent", "fd": 2, "data": "to \\x1b[31mstderr\\x0a"}])"));
}

TEST_F(Events, NoteSaysWhyTheRunEnded) {
  EXPECT_EQ(
      all("note"),
      json::parse(
          R"([{"plane": "host", "source": "agent", "call": "outlasted", "pid": 1, "duration_ns": 60000000000,
                             "data": "a sleep of 60 s ends after the run and all of its extension"},
                            {"plane": "host", "source": "agent", "call": "stopped", "data": "deadline"}])"));
}

TEST_F(Events, FilesSayWhatTheGuestLeft) {
  auto sha = [](std::string_view bytes) { return Digest::of(bytes).hex(); };
  json expected = json::array();
  auto file = [&](json fields) {
    fields["plane"] = "host";
    fields["source"] = "harvest";
    expected.push_back(fields);
  };
  file({{"path", "/dir"}, {"origin", "dropped"}, {"file_type", "dir"}, {"mode", 0700}});
  file({{"path", "/gone"}, {"origin", "deleted"}, {"file_type", "data"}});
  file({{"path", "/kept"},
        {"origin", "changed"},
        {"file_type", "text"},
        {"mode", 0644},
        {"mime", "text/plain"},
        {"size_bytes", 19},
        {"sha256", sha("kept text, changed\n")}});
  file({{"path", "/link"},
        {"path2", "/made"},
        {"origin", "dropped"},
        {"file_type", "symlink"},
        {"mode", 0777}});
  file({{"path", "/made"},
        {"origin", "dropped"},
        {"file_type", "script"},
        {"mode", 0750},
        {"mime", "text/x-shellscript"},
        {"size_bytes", 20},
        {"sha256", sha("#!/bin/sh\necho made\n")}});
  EXPECT_EQ(all("file"), expected);
}

TEST_F(Events, SessionSaysWhatTheWorldWasSent) {
  EXPECT_EQ(all("session"),
            json::parse(R"([{"plane": "host", "source": "sinkhole", "proto": "tcp", "src_addr": "172.17.0.2",
    "dst_addr": "203.0.113.7", "dst_port": 4433, "bytes_out": 12, "data": "HELLO-WORLD\\x0a"}])"));
}

}  // namespace
}  // namespace assay::e2e
