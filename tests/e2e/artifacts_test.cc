// The files that an image left behind, out of their archive again: unchanged, as the report names them, with
// the password only; and what an image that leaves too much cannot do. As users do it, with unzip.
#include <gtest/gtest.h>

#include <regex>

#include "common/digest.h"
#include "common/fd.h"
#include "tests/e2e/assay.h"
#include "tests/unit/agent/test_image.h"

namespace assay::e2e {
namespace {

using nlohmann::json;

constexpr uint64_t kTotalBytes = 32ull << 20;

Output unzip(const std::vector<std::string>& args) {
  Command command;
  command.argv = {"unzip"};
  command.argv.insert(command.argv.end(), args.begin(), args.end());
  auto out = run(std::move(command), std::chrono::seconds(60), 64 << 20);
  EXPECT_TRUE(out) << out.error().what;
  return out ? *out : Output();
}

class Artifacts : public testing::Test {
 protected:
  void SetUp() override {
    ASSAY_NEEDS_HOST();
    ASSAY_NEED(find_program("unzip"), "unzip");
  }
  json scan(const std::string& ref, const std::string& duration, std::vector<std::string> more = {}) {
    auto before = leftovers();
    std::vector<std::string> args = {"scan", ref, "--duration", duration, "--format", "json"};
    args.insert(args.end(), more.begin(), more.end());
    Ran ran = assay(data_, args);
    json report = ran.json();
    EXPECT_TRUE(report.is_object()) << ran.err;
    EXPECT_EQ(left_behind(before), std::set<std::string>());
    if (report.is_object()) id_ = report["scan"]["id"];
    return report;
  }
  /// Fetched, and unpacked with the password.
  void fetch() {
    Ran ran = assay(data_, {"artifacts", id_, "-o", zip()});
    ASSERT_EQ(ran.code, 0) << ran.err;
    EXPECT_NE(ran.out.find("Its password: infected"), std::string::npos) << ran.out;
    Output out = unzip({"-q", "-P", "infected", zip(), "-d", dir()});
    EXPECT_EQ(out.status.shell_code(), 0) << out.out << out.err;
  }
  std::string zip() const { return data_.path() / "x.zip"; }
  fs::path dir() const { return data_.path() / "unpacked"; }
  std::string unpacked(const std::string& name) const {
    auto bytes = read_file(dir() / name, 64 << 20);
    EXPECT_TRUE(bytes) << bytes.error().what;
    return bytes ? *bytes : "";
  }
  /// Every artifact of the report lies there under its name, with its digest and size; the sum of their
  /// sizes.
  uint64_t expect_all(const json& report) {
    uint64_t bytes = 0;
    std::set<std::string> names;
    for (const json& artifact : report["artifacts"]) {
      std::string content = unpacked(artifact["name"]);
      EXPECT_EQ(Digest::of(content).hex(), artifact["sha256"]) << artifact;
      EXPECT_EQ(content.size(), artifact["size_bytes"]) << artifact;
      if (names.insert(artifact["name"]).second) bytes += content.size();
    }
    EXPECT_EQ(static_cast<size_t>(std::distance(fs::directory_iterator(dir()), fs::directory_iterator())),
              names.size() + 1);
    json manifest = json::parse(unpacked("manifest.json"), nullptr, false);
    EXPECT_EQ(manifest["scan"], id_);
    EXPECT_EQ(manifest["files"].size(), report["artifacts"].size());
    return bytes;
  }
  static json file_of(const json& report, const std::string& path) {
    for (const json& file : report["files"])
      if (file["path"] == path) return file;
    ADD_FAILURE() << path << " is not in " << report["files"].dump(1);
    return {};
  }
  /// An image that holds this program alone.
  std::string image_of(const std::string& source) {
    fs::path text = data_.path() / "guest.c", program = data_.path() / "guest";
    EXPECT_TRUE(write_file(text, source));
    auto compiled = test::run_program({"gcc", "-static", "-O1", "-w", "-o", program, text});
    EXPECT_TRUE(compiled && compiled->status.code == 0) << compiled->err;
    test::OciLayout layout(data_.path() / "layout");
    layout.tag(
        layout.image({test::tar({{.name = "guest", .content = *read_file(program, 16 << 20), .mode = 0755},
                                 {.name = "changed", .content = "as it was"}})},
                     {{"Entrypoint", {"/guest"}}}, test::this_architecture()),
        "latest");
    return "oci:" + layout.dir().string() + ":latest";
  }
  TempDir data_;
  std::string id_;
};

TEST_F(Artifacts, OfADropperAreWhatItRanAndComeOutUnchanged) {
  json report = scan("oci-archive:" + image("dropper").string(), "8s", {"--no-provoke"});
  json stage = file_of(report, "/tmp/.cache-d");
  EXPECT_EQ(stage["file_type"], "elf");
  EXPECT_EQ(stage["executed"], true);
  EXPECT_GT(stage["written_by"]["pid"], 0) << stage;
  ASSERT_NE(stage["kept"], "") << report["artifacts"].dump(1);
  EXPECT_EQ(report["left_out"]["artifacts"], 0);
  fetch();
  expect_all(report);
  EXPECT_EQ(Digest::of(unpacked(stage["kept"])).hex(), stage["sha256"]);
  // Without the password nothing comes out.
  Output wrong = unzip({"-q", "-o", "-P", "wrong", zip(), "-d", data_.path() / "wrong"});
  EXPECT_NE(wrong.status.shell_code(), 0);
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(data_.path() / "wrong", ignored)) ADD_FAILURE() << entry;
  Ran text = assay(data_, {"report", id_});
  EXPECT_NE(text.out.find("assay artifacts " + id_), std::string::npos) << text.out;
}

TEST_F(Artifacts, OfAPersistentImageHaveTheirWriters) {
  json report = scan("oci-archive:" + image("persistence").string(), "8s", {"--no-provoke"});
  size_t kept = 0, with_writer = 0;
  for (const json& file : report["files"]) {
    if (file["kept"] == "") continue;
    ++kept;
    with_writer += file["written_by"]["pid"] > 0 ? 1 : 0;
  }
  EXPECT_GT(kept, 0u);
  EXPECT_EQ(with_writer, kept) << report["files"].dump(1);
  fetch();
  EXPECT_GT(expect_all(report), 0u);
}

TEST_F(Artifacts, AreNotKeptWhereNobodyWantsThem) {
  json report =
      scan("oci-archive:" + image("dropper").string(), "6s", {"--no-provoke", "--artifact-bytes", "0"});
  file_of(report, "/tmp/.cache-d");
  EXPECT_EQ(report["artifacts"], json::array());
  EXPECT_EQ(report["left_out"]["artifacts"], 0);
  Ran ran = assay(data_, {"artifacts", id_, "-o", zip()});
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.err, "assay: scan " + id_ + " has kept no files\n");
  EXPECT_FALSE(fs::exists(zip()));
}

// Far more files than are kept, files too large, sparse ones that claim a terabyte, hostile names; and one
// program that matters, which is kept before all of that.
constexpr const char* kHoarder = R"(
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
static void put(const char* path, const void* bytes, size_t size, int mode) {
  int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, mode);
  write(fd, bytes, size);
  fchmod(fd, mode);
  close(fd);
}
int main(int argc, char** argv) {
  if (argc > 1) return 0;
  static char block[5 << 20];
  int self = open("/guest", O_RDONLY);
  size_t size = read(self, block, sizeof block);
  mkdir("/many", 0755);
  put("/many/zz-program", block, size, 0755);
  if (fork() == 0) execl("/many/zz-program", "zz-program", "again", (char*)0);
  wait(0);
  char path[64], text[1024];
  for (int i = 0; i < 3000; ++i) {
    memset(text, 'a' + i % 26, sizeof text);
    int n = snprintf(text, sizeof text, "%d", i);
    text[n] = ' ';
    snprintf(path, sizeof path, "/many/%d", i);
    put(path, text, sizeof text, 0644);
  }
  for (int i = 0; i < 10; ++i) {
    for (size_t k = 0; k < sizeof block; ++k) block[k] = rand();
    snprintf(path, sizeof path, "/many/large%d", i);
    put(path, block, sizeof block, 0644);
  }
  put("/many/sparse", "x", 1, 0644);
  truncate("/many/sparse", 1ll << 40);
  put("/many/almost", "x", 1, 0644);
  truncate("/many/almost", 17ll << 20);
  put("/many/\n\033[2J..\\..\\evil", "evil", 4, 0755);
  put("/changed", "as it is now", 12, 0644);
  write(1, "done\n", 5);
  sleep(60);
}
)";

TEST_F(Artifacts, OfAHoarderStayWithinTheirBoundsAndNothingIsLeftOutUncounted) {
  json report = scan(image_of(kHoarder), "20s", {"--no-provoke"});
  ASSERT_EQ(report["output"], "done\\x0a") << report["run"].dump(1);
  const json& kept = report["artifacts"];
  EXPECT_LE(kept.size(), 2000u);
  EXPECT_GT(kept.size(), 1000u);
  ASSERT_GT(kept.size(), 0u);
  EXPECT_EQ(kept[0]["path"], "/many/zz-program");
  EXPECT_EQ(kept[0]["executed"], true);
  // Everything it left that holds anything, kept or counted.
  EXPECT_EQ(kept.size() + report["left_out"]["artifacts"].get<size_t>(), 1u + 3000 + 10 + 2 + 1 + 1);
  fetch();
  EXPECT_LE(expect_all(report), kTotalBytes);
  EXPECT_LE(fs::file_size(zip()), kTotalBytes + (2 << 20));
  EXPECT_TRUE(unpacked(kept[0]["name"]) == *read_file(data_.path() / "guest", 16 << 20));
  std::set<std::string> paths;
  for (const json& artifact : kept) paths.insert(artifact["path"]);
  EXPECT_TRUE(paths.contains("/changed"));
  EXPECT_TRUE(paths.contains("/many/\\x0a\\x1b[2J..\\\\..\\\\evil"));
  for (const char* path : {"/many/sparse", "/many/almost", "/guest"})
    EXPECT_FALSE(paths.contains(path)) << path;
  EXPECT_TRUE(std::regex_match(kept[0]["name"].get<std::string>(), std::regex("0001_[A-Za-z0-9._-]+")));
}

}  // namespace
}  // namespace assay::e2e
