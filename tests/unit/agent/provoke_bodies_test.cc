// Programs that run from memory, as the starter's words bring them: whole, within bounds, or not at all.
#include "agent/provoke/bodies.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

namespace assay {
namespace {

class BodiesTest : public testing::Test {
 protected:
  void SetUp() override {
    Command command;
    command.argv = {"sleep", "60"};  // nobody answers: the words are ours
    auto link = StarterLink::open(std::move(command));
    ASSERT_TRUE(link) << link.error().what;
    link_ = std::move(*link);
  }
  static Event exec(const std::string& path, int32_t pid, const std::string& origin = "memfd") {
    Event event;
    event.kind = EventKind::exec;
    event.path = path;
    event.pid = pid;
    event.origin = origin;
    return event;
  }
  void ask() {
    bodies_.ask(*link_, [this] { return ++last_id_; });
  }
  bool say(uint32_t id, const std::string& piece) {
    StarterWord word;
    word.body = true;
    word.id = id;
    word.output = piece;
    return bodies_.take(word);
  }

  std::string got_;
  Bodies bodies_{[this](const std::string& path, Fd file) {
    std::string bytes(1 << 25, '\0');
    ssize_t n = ::pread(file.get(), bytes.data(), bytes.size(), 0);
    bytes.resize(static_cast<size_t>(std::max<ssize_t>(n, 0)));
    got_ += path + " " + (bytes.size() < 100 ? bytes : std::to_string(bytes.size())) + "\n";
  }};
  std::optional<StarterLink> link_;
  uint32_t last_id_ = 10;
};

TEST_F(BodiesTest, ComeWholeOneAfterTheOther) {
  bodies_.note(exec("/memfd:a (deleted)", 7));
  bodies_.note(exec("/memfd:b (deleted)", 8));
  bodies_.note(exec("/memfd:a (deleted)", 9));  // known
  bodies_.note(exec("/bin/sh", 9, "image"));
  ask();
  ask();
  EXPECT_EQ(last_id_, 11u) << "one at a time";
  EXPECT_TRUE(say(11, "one, "));
  EXPECT_TRUE(say(99, "somebody else's"));
  EXPECT_TRUE(say(11, "two"));
  EXPECT_EQ(got_, "");
  EXPECT_TRUE(say(11, ""));
  ask();
  EXPECT_TRUE(say(12, "b"));
  EXPECT_TRUE(say(12, ""));
  ask();
  EXPECT_EQ(last_id_, 12u) << "no more are wanted";
  EXPECT_EQ(got_, "/memfd:a (deleted) one, two\n/memfd:b (deleted) b\n");
  EXPECT_FALSE(bodies_.take(StarterWord())) << "a job's";
}

TEST_F(BodiesTest, WhatCannotBeHadOrNeverEndsIsNone) {
  bodies_.note(exec("/memfd:a", 7));
  bodies_.note(exec("/memfd:b", 8));
  bodies_.note(exec("/memfd:c", 9));
  ask();
  say(11, "");
  ask();
  std::string piece(16'384, 'x');
  for (size_t bytes = 0; bytes <= Bodies::kMaxBodyBytes; bytes += piece.size()) say(12, piece);
  say(12, "");
  ask();
  say(13, "cut of");
  bodies_.forget();
  say(13, "");
  EXPECT_EQ(got_.find("/memfd:a"), std::string::npos);
  EXPECT_EQ(got_.find("/memfd:b"), std::string::npos) << got_;
  EXPECT_EQ(got_.find("/memfd:c"), std::string::npos);
}

TEST_F(BodiesTest, SoManyAreAskedForOnly) {
  for (int i = 0; i < 100; ++i) bodies_.note(exec("/memfd:" + std::to_string(i), i + 1));
  for (int i = 0; i < 100; ++i) {
    ask();
    say(last_id_, "");
  }
  EXPECT_EQ(last_id_, 10u + Bodies::kMaxBodies);
}

}  // namespace
}  // namespace assay
