// The starter, run on this host as it runs in a guest, and the agent's end of it.
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>

#include <map>
#include <random>
#include <set>

#include "agent/provoke/starter_link.h"
#include "tests/support.h"

namespace assay {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

class StarterTest : public testing::Test {
 protected:
  void SetUp() override {
    Command command;
    command.argv = {std::string(ASSAY_BIN_DIR) + "/assay-starter"};
    auto opened = StarterLink::open(std::move(command));
    ASSERT_TRUE(opened) << opened.error().what;
    link_ = std::move(*opened);
  }
  void submit(uint32_t id, std::vector<std::string> argv, milliseconds time = milliseconds(5000)) {
    StarterJob job;
    job.id = id;
    job.argv = std::move(argv);
    job.env = {"PATH=/usr/bin:/bin", "GREETING=hello"};
    job.cwd = "/tmp";
    job.uid = ::getuid();
    job.gid = ::getgid();
    job.time = time;
    job.keep_bytes = 64;
    ASSERT_TRUE(link_->submit(job));
  }
  // Until `count` jobs have ended.
  std::map<uint32_t, StarterWord> ends(size_t count, milliseconds patience = milliseconds(20'000)) {
    std::map<uint32_t, StarterWord> out;
    for (auto until = steady_clock::now() + patience; out.size() < count && steady_clock::now() < until;) {
      pollfd ready{link_->fd(), POLLIN, 0};
      ::poll(&ready, 1, 20);
      auto words = link_->turn();
      if (!words) {
        error_ = words.error();
        break;
      }
      for (StarterWord& word : *words) {
        if (word.ended)
          out[word.id] = std::move(word);
        else
          began_[word.id] = word.pid;
      }
    }
    return out;
  }
  std::optional<StarterLink> link_;
  std::map<uint32_t, int32_t> began_;
  std::optional<Error> error_;
};

// What runs from a memory file is read out whole, beside jobs; what has a file is not, nor what is too large.
TEST_F(StarterTest, ReadsOutTheBodyOfAProgramThatRunsFromMemory) {
  auto program = read_file("/bin/sleep", 1 << 20);
  ASSERT_TRUE(program);
  Fd memory(::memfd_create("body", MFD_CLOEXEC));
  ASSERT_TRUE(write_all(memory.get(), *program, "body"));
  Command command;
  command.argv = {"/proc/self/fd/" + std::to_string(memory.get()), "60"};
  command.keep_fds = {{memory.get(), memory.get()}};
  auto child = spawn(command);
  ASSERT_TRUE(child) << child.error().what;
  submit(1, {"true"});
  link_->read_body(2, child->pid(), 1 << 20);
  link_->read_body(3, ::getpid(), 1 << 20);
  link_->read_body(4, child->pid(), 100);
  link_->read_body(5, 0, 1 << 20);
  submit(6, {"true"});
  std::map<uint32_t, std::string> bodies;
  std::set<uint32_t> over;
  for (auto until = steady_clock::now() + std::chrono::seconds(20);
       over.size() < 6 && steady_clock::now() < until;) {
    pollfd ready{link_->fd(), POLLIN, 0};
    ::poll(&ready, 1, 20);
    auto words = link_->turn();
    ASSERT_TRUE(words) << words.error().what;
    for (StarterWord& word : *words) {
      if (word.body) bodies[word.id] += word.output;
      if (word.ended || (word.body && word.output.empty())) over.insert(word.id);
    }
  }
  EXPECT_EQ(over.size(), 6u);
  EXPECT_TRUE(bodies[2] == *program) << bodies[2].size();
  EXPECT_EQ(bodies[3] + bodies[4] + bodies[5], "");
}

TEST_F(StarterTest, TellsHowEachJobEndedAndWhatItPrinted) {
  submit(1, {"sh", "-c", "echo $GREETING; pwd >&2; exit 3"});
  submit(2, {"/no/such/program"});
  submit(3, {"sh", "-c", "kill -TERM $$"});
  auto done = ends(3);
  ASSERT_EQ(done.size(), 3u);
  EXPECT_EQ(done[1].how, 'e');
  EXPECT_EQ(done[1].status, 3);
  EXPECT_EQ(done[1].output, "hello\n/tmp\n");
  EXPECT_EQ(done[1].pid, began_[1]);
  EXPECT_GT(done[1].pid, 0);
  EXPECT_EQ(done[2].how, 'f');
  EXPECT_EQ(done[2].status, ENOENT);
  EXPECT_EQ(done[3].how, 's');
  EXPECT_EQ(done[3].status, SIGTERM);
}

TEST_F(StarterTest, KillsWhatIsOutOfTimeWithItsGroupAndKeepsOnlySomeOutput) {
  TempDir dir;
  std::string mark = dir.path() / "mark";
  submit(1, {"sh", "-c", "(sleep 1; : > " + mark + ") & sleep 60"}, milliseconds(200));
  submit(2, {"yes"}, milliseconds(300));
  submit(3, {"cat"});  // nothing to read: it ends at once
  auto begun = steady_clock::now();
  auto done = ends(3);
  EXPECT_LT(steady_clock::now() - begun, milliseconds(10'000));
  ASSERT_EQ(done.size(), 3u);
  EXPECT_EQ(done[1].how, 't');
  EXPECT_EQ(done[2].how, 't');
  EXPECT_EQ(done[2].output.size(), 64u);
  EXPECT_EQ(done[3].how, 'e');
  ends(1, milliseconds(1500));
  EXPECT_FALSE(std::filesystem::exists(mark));  // the whole group is gone
}

TEST_F(StarterTest, TakesMoreJobsThanItRunsAtOnce) {
  for (uint32_t id = 1; id <= 60; ++id) submit(id, {"true"});
  EXPECT_EQ(ends(60).size(), 60u);
}

TEST_F(StarterTest, LetsABackgroundProcessOfAJobWriteOn) {
  TempDir dir;
  std::string mark = dir.path() / "mark";
  submit(1, {"sh", "-c", "(sleep 0.3; echo more; echo still; : > " + mark + ") & exit 0"});
  ASSERT_EQ(ends(1).size(), 1u);
  for (int i = 0; i < 200 && !std::filesystem::exists(mark); ++i) ends(1, milliseconds(20));
  EXPECT_TRUE(std::filesystem::exists(mark));
}

TEST_F(StarterTest, ItsEndIsNoticed) {
  submit(1, {"sh", "-c", "kill -KILL $PPID; sleep 5"});
  EXPECT_EQ(ends(1).size(), 0u);
  ASSERT_TRUE(error_);
  EXPECT_EQ(error_->code, Errc::unreachable);
}

TEST(StarterWords, WhatCannotBeSentIsRefused) {
  StarterJob job;
  EXPECT_FALSE(encode_job(job));
  job.argv = {std::string("a\0b", 3)};
  EXPECT_FALSE(encode_job(job));
  job.argv = {std::string(300'000, 'x')};
  EXPECT_FALSE(encode_job(job));
}

TEST(StarterWords, ArePutTogetherFromAnyPieces) {
  const std::string all = "start 7 12\nend 7 12 e 1 250 3\nabcend 8 0 f 2 0 0\n";
  for (size_t size = 1; size <= all.size(); ++size) {
    StarterReader reader;
    std::string out;
    for (size_t at = 0; at < all.size(); at += size) {
      auto words = reader.take(std::string_view(all).substr(at, size));
      ASSERT_TRUE(words);
      for (const StarterWord& word : *words)
        out += std::to_string(word.id) + (word.ended ? word.how : '+') + word.output + " ";
    }
    EXPECT_EQ(out, "7+ 7eabc 8f ");
  }
}

TEST(StarterWords, OfSomebodyElseAreAnError) {
  for (const char* text : {"hello\n", "end 1 2 e 0 0 5000\n", "end 1 2 x 0 0 0\n", "start 1\n",
                           "start -1 2\n", "end 1 2 e 0 -5 0\n", "\n"}) {
    StarterReader reader;
    EXPECT_FALSE(reader.take(text)) << text;
  }
  StarterReader reader;
  EXPECT_FALSE(reader.take(std::string(1000, 'a')));
}

// Bytes of a hostile guest: whatever they are, the reader stays bounded and does not crash.
TEST(StarterWords, SurviveMutation) {
  std::mt19937 random(4);
  const std::string all = "start 7 12\nend 7 12 e 1 250 3\nabcend 8 0 f 2 0 0\n";
  for (int round = 0; round < 20'000; ++round) {
    std::string text = all;
    for (int i = 0; i < 3; ++i) text[random() % text.size()] = static_cast<char>(random());
    StarterReader reader;
    auto words = reader.take(text);
    EXPECT_LE(words ? words->size() : 0, 12u);
  }
}

}  // namespace
}  // namespace assay
