// The verbs that read back: without a store, beside damaged records, and into outputs that take nothing.
#include "cli/stored.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "common/fd.h"
#include "scheduler/keep.h"

namespace assay::cli {
namespace {

const std::string kId = "20261125T031500-1f8a3c9e";

class StoredTest : public testing::Test {
 protected:
  void SetUp() override {
    testing::FLAGS_gtest_death_test_style = "threadsafe";  // the store has threads
    char path[] = "/tmp/assay-cli-XXXXXX";
    dir_ = ::mkdtemp(path);
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }
  Args args(std::vector<std::string> words) {
    words.insert(words.end(), {"--data", dir_});
    return words;
  }
  void keep(const ScanRecord& record) {
    auto store = Store::open(dir_ + "/store", Store::Mode::read_write);
    ASSERT_TRUE(store);
    ScanRecord queued = record;
    queued.state = ScanState::queued;
    ASSERT_TRUE((*store)->commit({Keep::submitted(queued)}));
    ASSERT_TRUE((*store)->commit({Keep::moved(queued, record)}));
  }
  ScanRecord hostile() {
    ScanRecord record;
    record.scan_id = kId;
    record.submission.job.ref = "oci:/tmp/\033[2J\xff\"";
    record.state = ScanState::failed;
    record.error = "no \033]0;x\007\xfe such";
    return record;
  }
  std::string dir_;
};

TEST_F(StoredTest, WithoutAStoreEveryVerbSaysHowToMakeOne) {
  const std::string line = "assay: no scans in " + dir_ + "/store yet: `assay scan REF` makes one\n";
  for (auto& [verb, words] :
       std::vector<std::pair<int (*)(const Args&), Args>>{{list, {}}, {report, {kId}}, {trace, {kId}}}) {
    testing::internal::CaptureStderr();
    EXPECT_EQ(verb(args(words)), kFailed);
    EXPECT_EQ(testing::internal::GetCapturedStderr(), line);
  }
  EXPECT_TRUE(std::filesystem::is_empty(dir_));
}

TEST_F(StoredTest, ListShowsNothingRaw) {
  keep(hostile());
  for (const char* format : {"text", "json"}) {
    testing::internal::CaptureStdout();
    EXPECT_EQ(list(args({"--format", format})), kBelowGate);
    std::string out = testing::internal::GetCapturedStdout();
    EXPECT_NE(out.find(kId), std::string::npos);
    for (char c : out)
      EXPECT_TRUE(c == '\n' || (c >= 0x20 && c < 0x7f)) << format << ": " << static_cast<int>(c);
    if (std::string(format) == "json") {
      EXPECT_EQ(nlohmann::json::parse(out).size(), 1u);
    }
  }
}

TEST_F(StoredTest, DamagedRecordIsToldAndHidesNoOther) {
  keep(hostile());
  {
    auto store = Store::open(dir_ + "/store", Store::Mode::read_write);
    ASSERT_TRUE((*store)->write({{Family::scans, "20261125T031501-00000000", "damage"}}));
  }
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  EXPECT_EQ(list(args({"--format", "json"})), kFailed);
  EXPECT_EQ(nlohmann::json::parse(testing::internal::GetCapturedStdout())[0]["scan"], kId);
  EXPECT_TRUE(testing::internal::GetCapturedStderr().starts_with("assay: scan 20261125T031501-00000000: "));
}

// In a child: standard output does not come back to life.
[[noreturn]] void list_into(int fd, const Args& args) {
  ::signal(SIGPIPE, SIG_IGN);
  ::dup2(fd, 1);
  int code = list(args);
  ::_exit(code);
}

TEST_F(StoredTest, ReaderThatClosesEarlyIsNoError) {
  keep(hostile());
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  ::close(ends[0]);
  Fd out(ends[1]);
  EXPECT_EXIT(list_into(out.get(), args({})), testing::ExitedWithCode(0), "^$");
}

TEST_F(StoredTest, OutputThatIsFullIsAnError) {
  keep(hostile());
  auto out = open_file("/dev/full", O_WRONLY);
  ASSERT_TRUE(out);
  EXPECT_EXIT(list_into(out->get(), args({})), testing::ExitedWithCode(1),
              "^assay: write to standard output: No space left on device\n$");
}

}  // namespace
}  // namespace assay::cli
