// Whatever is wrong with an image, a registry or the machine: one clear line, the right exit code, and
// nothing left behind.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>

#include <fstream>

#include "common/fd.h"
#include "tests/e2e/assay.h"

namespace assay::e2e {
namespace {

// One line, beginning with the program's name, free of control characters.
void expect_one_clear_line(const std::string& err) {
  ASSERT_FALSE(err.empty());
  EXPECT_EQ(err.find('\n'), err.size() - 1) << err;
  EXPECT_TRUE(err.starts_with("assay: ")) << err;
  for (char c : err.substr(0, err.size() - 1)) EXPECT_GE(static_cast<unsigned char>(c), 0x20) << err;
}

std::vector<std::string> scan_args(const std::string& ref) {
  return {"scan", ref, "--duration", "2s", "--network", "none", "--format", "json"};
}

// The images of tests/images/hostile, made once.
const fs::path& hostile_dir() {
  static TempDir dir;
  static bool made = [] {
    auto output = run(
        {.argv = {"/usr/bin/python3", std::string(ASSAY_SOURCE_DIR) + "/tests/images/hostile", dir.path()}},
        std::chrono::minutes(2));
    return output && output->status.shell_code() == 0;
  }();
  EXPECT_TRUE(made) << "tests/images/hostile failed";
  return dir.path();
}

TEST(BadInput, HostileImagesAreRefusedOrRunWithoutHarm) {
  ASSAY_NEEDS_HOST();
  std::ifstream expected(hostile_dir() / "expected.tsv");
  auto before = leftovers();
  int tried = 0;
  for (std::string line; std::getline(expected, line); ++tried) {
    std::istringstream fields(line);
    std::string name, outcome, why;
    std::getline(fields, name, '\t');
    std::getline(fields, outcome, '\t');
    std::getline(fields, why);
    SCOPED_TRACE(name + ": " + why);
    TempDir data;  // of its own: a layer that is already in the store is not read again
    Ran ran = assay(data, scan_args("oci-archive:" + (hostile_dir() / (name + ".tar")).string()));
    EXPECT_TRUE(outcome != "fail" || ran.code == 1) << ran.code << ran.out.substr(0, 2000);
    if (ran.code == 1) {
      expect_one_clear_line(ran.err);
    } else {
      EXPECT_TRUE(ran.json().is_object()) << ran.code << ran.err << ran.out.substr(0, 500);
      EXPECT_EQ(ran.out.find('\033'), std::string::npos);
    }
    for (const char* dir : {"/tmp", "/", "/etc", "/root"})
      for (const auto& entry : fs::directory_iterator(dir))
        EXPECT_FALSE(entry.path().filename().string().starts_with("assay-escaped"));
  }
  EXPECT_GT(tried, 30);
  EXPECT_EQ(left_behind(before), std::set<std::string>());
}

struct Case {
  std::string ref;
  std::vector<std::string> says;  // all of these are in the line
  int code = 1;
};

TEST(BadInput, ReferencesThatLeadNowhereAreNamed) {
  ASSAY_NEEDS_HOST();
  auto before = leftovers();
  TempDir data;
  for (const Case& c : std::vector<Case>{{"127.0.0.1:9/no/such:1", {"127.0.0.1:9", "refuses"}, 1},
                                         {"oci-archive:/no/such.tar", {"/no/such.tar"}, 1},
                                         {"oci:/no/such", {"/no/such"}, 1},
                                         {"docker-archive:/no/such.tar", {"/no/such.tar"}, 1},
                                         {"host.example/UPPER", {"host.example/UPPER"}, 2},
                                         {"name:tag with space", {"name:tag with space"}, 2},
                                         {"oci-archive:", {"oci-archive:"}, 2}}) {
    SCOPED_TRACE(c.ref);
    Ran ran = assay(data, scan_args(c.ref));
    EXPECT_EQ(ran.code, c.code);
    expect_one_clear_line(ran.err);
    for (const auto& words : c.says) EXPECT_NE(ran.err.find(words), std::string::npos) << ran.err;
  }
  EXPECT_EQ(left_behind(before), std::set<std::string>());
}

TEST(BadInput, WrongUseIsExitCodeTwo) {
  TempDir data;
  for (const std::vector<std::string>& args :
       std::vector<std::vector<std::string>>{{"scan"},
                                             {"scan", "x", "--duration", "soon"},
                                             {"scan", "x", "--gate", "high"},
                                             {"scan", "x", "--no-such-option"},
                                             {"report"},
                                             {"report", "../../etc/passwd"},
                                             {"scan", "x", "y", "--keep-trace", "/tmp/t"},
                                             {"list", "word"}}) {
    Ran ran = assay(data, args);
    EXPECT_EQ(ran.code, 2) << args[0] << ran.err;
    EXPECT_TRUE(ran.err.starts_with("assay: ")) << ran.err;
  }
}

Ran with(Command command, const TempDir& data) {
  command.argv = {bin("assay"),        "scan", "oci-archive:" + image("quiet").string(),
                  "--duration",        "2s",   "--data",
                  data.path() / "data"};
  auto output = run(std::move(command), std::chrono::seconds(60));
  if (!output) {
    ADD_FAILURE() << output.error().what;
    return {};
  }
  return {output->status.shell_code(), output->out, output->err};
}

TEST(BadInput, WithoutRootItSaysSo) {
  ASSAY_NEEDS_HOST();
  TempDir data;
  Ran ran = with({.drop_to = std::pair<uid_t, gid_t>{65534, 65534}}, data);
  EXPECT_EQ(ran.code, 1);
  expect_one_clear_line(ran.err);
  EXPECT_NE(ran.err.find("root"), std::string::npos) << ran.err;
}

// No second image waits for an agent that has ended.
TEST(BadInput, WithoutARunDirectoryEveryScanEndsWithOneLine) {
  ASSAY_NEEDS_HOST();
  TempDir data;
  Command command;
  command.argv = {bin("assay"), "scan", "oci:/no/such", "oci:/no/other", "--data", data.path() / "data"};
  command.new_mount_ns = true;
  command.cover = {"/run"};
  auto output = run(std::move(command), std::chrono::seconds(60));
  ASSERT_TRUE(output) << output.error().what;
  EXPECT_EQ(output->status.shell_code(), 1);
  expect_one_clear_line(output->err);
  EXPECT_NE(output->err.find("/run/assay"), std::string::npos) << output->err;
}

TEST(BadInput, OutputThatCannotBeWrittenIsFoundOutBeforeTheScan) {
  ASSAY_NEEDS_HOST();
  TempDir data;
  for (const char* option : {"--output", "--keep-trace"}) {
    Ran ran = assay(data, {"scan", "oci:/no/such", option, "/no/such/dir/file"});
    EXPECT_EQ(ran.code, 1);
    EXPECT_EQ(ran.err,
              "assay: " + std::string(option) + ": open /no/such/dir/file: No such file or directory\n");
  }
}

TEST(BadInput, OfSeveralImagesTheFailedAreNamedAndJsonStaysAnArray) {
  ASSAY_NEEDS_HOST();
  TempDir data;
  Ran ran = assay(data, {"scan", "oci:/no/such", "oci:/no/other", "--format", "json"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.json(), nlohmann::json::array());
  EXPECT_TRUE(ran.err.starts_with("assay: oci:/no/such: ")) << ran.err;
  EXPECT_NE(ran.err.find("\nassay: oci:/no/other: "), std::string::npos) << ran.err;
}

TEST(BadInput, WithoutKernelTypesItSaysSo) {
  ASSAY_NEEDS_HOST();
  TempDir data;
  Ran ran = with({.new_mount_ns = true, .cover = {"/sys/kernel/btf"}}, data);
  EXPECT_EQ(ran.code, 1);
  expect_one_clear_line(ran.err);
  EXPECT_NE(ran.err.find("BTF"), std::string::npos) << ran.err;
}

TEST(BadInput, WithoutRunscItSaysWhatToInstall) {
  ASSAY_NEEDS_HOST();
  TempDir data;
  auto runsc = find_program("runsc");
  ASSERT_TRUE(runsc);
  // Only the runtime is hidden: everything else is found by links.
  fs::path programs = data.path() / "bin";
  fs::create_directory(programs);
  for (const char* name : {"skopeo", "ip"}) fs::create_symlink(*find_program(name), programs / name);
  Ran ran = with({.env = std::vector<std::string>{"PATH=" + programs.string(), "HOME=/root"}}, data);
  EXPECT_EQ(ran.code, 1);
  expect_one_clear_line(ran.err);
  EXPECT_NE(ran.err.find("runsc"), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("backports"), std::string::npos) << ran.err;
}

TEST(BadInput, FullDataDirectoryIsNamedAndLeavesNothing) {
  ASSAY_NEEDS_HOST();
  TempDir data;
  fs::path dir = data.path() / "data";
  fs::create_directory(dir);
  ASSERT_EQ(::mount("tmpfs", dir.c_str(), "tmpfs", 0, "size=6m"), 0);
  auto before = leftovers();
  Ran ran = assay(data, scan_args("oci-archive:" + image("nginx").string()));
  EXPECT_EQ(left_behind(before), std::set<std::string>());
  ASSERT_EQ(::umount2(dir.c_str(), MNT_DETACH), 0);
  EXPECT_EQ(ran.code, 1);
  expect_one_clear_line(ran.err);
  EXPECT_NE(ran.err.find("no space left"), std::string::npos) << ran.err;
}

TEST(BadInput, SecondScanInOneDataDirectoryIsToldWhy) {
  ASSAY_NEEDS_HOST();
  TempDir data;
  Command command;
  command.argv = {bin("assay"),        "scan", "oci-archive:" + image("quiet").string(),
                  "--duration",        "30s",  "--data",
                  data.path() / "data"};
  auto first = spawn(command);
  ASSERT_TRUE(first) << first.error().what;
  while (first->running() && !fs::exists(data.path() / "data/store/LOCK"))
    ASSERT_FALSE(first->wait_until(std::chrono::steady_clock::now() + std::chrono::milliseconds(20)));
  Ran ran = assay(data, scan_args("oci-archive:" + image("quiet").string()));
  EXPECT_EQ(ran.code, 1);
  expect_one_clear_line(ran.err);
  EXPECT_NE(ran.err.find("--data"), std::string::npos) << ran.err;
  first->kill(SIGINT);
  EXPECT_EQ(first->wait().code, 1);
}

}  // namespace
}  // namespace assay::e2e
