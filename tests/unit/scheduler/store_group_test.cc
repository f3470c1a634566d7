// Groups of batches: each sees those before it, one that is refused leaves no trace, and what was
// acknowledged survives kill -9. The fake of memory_store.h is held to the same, by the same random groups.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <random>

#include "scheduler/store.h"
#include "tests/support.h"
#include "tests/unit/scheduler/memory_store.h"

namespace assay {
namespace {

using Open = std::unique_ptr<Store>;

Open open(const TempDir& dir) {
  auto store = Store::open(dir.path(), Store::Mode::read_write);
  EXPECT_TRUE(store) << store.error().what;
  return std::move(*store);
}

std::string dump(const Store& store) {
  std::string out;
  for (size_t i = 0; i < kFamilies; ++i) {
    auto family = static_cast<Family>(i);
    auto status = store.scan(family, "", false, [&](std::string_view key, std::string_view value) {
      out += std::string(to_string(family)) + ":" + std::string(key) + "=" + std::string(value) + " ";
      return true;
    });
    EXPECT_TRUE(status) << status.error().what;
  }
  return out;
}

std::string outcome(const Result<std::vector<Status>>& result) {
  if (!result) return std::string(to_string(result.error().code)) + ": " + result.error().what;
  std::string out;
  for (const Status& status : *result)
    out += status ? "ok; " : std::string(to_string(status.error().code)) + ": " + status.error().what + "; ";
  return out;
}

Precondition absent(const std::string& key) { return {Family::open, key, std::nullopt}; }
Precondition holds(const std::string& key, const std::string& value) { return {Family::open, key, value}; }
StoreOp put(const std::string& key, const std::string& value) { return {Family::open, key, value}; }
StoreOp remove(const std::string& key) { return {Family::open, key, "", true}; }

// Each rule on both stores.
class StoreGroup : public testing::TestWithParam<bool> {
 protected:
  StoreGroup() : store_(GetParam() ? open(dir_) : std::make_unique<MemoryStore>()) {}
  std::string commit(const std::vector<StoreBatch>& group) { return outcome(store_->commit(group)); }

  TempDir dir_;
  Open store_;
};
INSTANTIATE_TEST_SUITE_P(, StoreGroup, testing::Bool(),
                         [](const auto& name) { return name.param ? "RocksDB" : "Memory"; });

TEST_P(StoreGroup, BatchWhosePreconditionDoesNotHoldLeavesNoTraceAndTheOthersStand) {
  ASSERT_TRUE(store_->write({put("a", "1")}));
  EXPECT_EQ(commit({{{holds("a", "1")}, {put("a", "2"), put("b", "2")}},
                    {{absent("a")}, {put("c", "3"), remove("b")}},
                    {{holds("x", "1")}, {put("c", "4")}},
                    {{holds("a", "other")}, {put("c", "5")}},
                    {{}, {put("d", "6")}}}),
            "ok; conflict: open a is there already; conflict: open x is not there; "
            "conflict: open a holds something else; ok; ");
  EXPECT_EQ(dump(*store_), "open:a=2 open:b=2 open:d=6 ");
}

TEST_P(StoreGroup, BatchSeesTheOnesBeforeItAndNotTheRefused) {
  EXPECT_EQ(commit({{{absent("a")}, {put("a", "1")}},
                    {{absent("a")}, {put("a", "twice")}},
                    {{holds("a", "1"), absent("b")}, {put("a", "2")}},
                    {{holds("a", "twice")}, {put("b", "no")}},
                    {{holds("a", "2"), absent("b")}, {remove("a")}},
                    {{absent("a")}, {put("a", "3")}}}),
            "ok; conflict: open a is there already; ok; conflict: open a holds something else; ok; ok; ");
  EXPECT_EQ(dump(*store_), "open:a=3 ");
}

TEST_P(StoreGroup, EveryPreconditionOfABatchCounts) {
  ASSERT_TRUE(store_->write({put("a", "1"), put("b", "2")}));
  EXPECT_EQ(commit({{{holds("a", "1"), holds("b", "3")}, {put("c", "")}}}),
            "conflict: open b holds something else; ");
  EXPECT_EQ(commit({{{holds("a", "1"), holds("b", "2"), absent("c")}, {put("c", "")}}}), "ok; ");
}

TEST_P(StoreGroup, BatchSeesARangeThatWasRemovedBeforeIt) {
  ASSERT_TRUE(store_->write({put("a", "1"), put("b", "2"), put("d", "4")}));
  StoreOp range{Family::open, "a", "", true, "d"};
  EXPECT_EQ(commit({{{}, {put("c", "3")}},
                    {{}, {range}},
                    {{absent("a"), absent("b"), absent("c"), holds("d", "4")}, {put("b", "new")}},
                    {{holds("b", "new"), {Family::scans, "a", std::nullopt}}, {put("e", "5")}}}),
            "ok; ok; ok; ok; ");
  EXPECT_EQ(dump(*store_), "open:b=new open:d=4 open:e=5 ");
}

TEST_P(StoreGroup, OperationsOfABatchCountInTheirOrder) {
  StoreOp range{Family::open, "a", "", true, "z"};
  EXPECT_EQ(commit({{{absent("a")}, {put("a", "1"), remove("a"), put("b", "1"), range, put("c", "1")}},
                    {{absent("a"), absent("b"), holds("c", "1")}, {}}}),
            "ok; ok; ");
  EXPECT_EQ(dump(*store_), "open:c=1 ");
}

TEST_P(StoreGroup, EmptyValueIsNotAnAbsentOne) {
  EXPECT_EQ(commit({{{}, {put("a", "")}}, {{absent("a")}, {}}, {{holds("a", "")}, {}}}),
            "ok; conflict: open a is there already; ok; ");
  EXPECT_EQ(commit({{{absent("a")}, {}}, {{holds("a", "")}, {}}, {{holds("b", "")}, {}}}),
            "conflict: open a is there already; ok; conflict: open b is not there; ");
}

TEST_P(StoreGroup, NothingIsAGroupToo) {
  EXPECT_EQ(commit({}), "");
  EXPECT_EQ(commit({{}, {}}), "ok; ok; ");
}

TEST_P(StoreGroup, ConflictShowsABinaryKeyInOneLine) {
  EXPECT_EQ(commit({{{{Family::chunks, std::string("id\0\n", 4), "x"}}, {}}}),
            "conflict: chunks id\\x00\\x0a is not there; ");
}

TEST(MemoryStore, RefusesWhileFullAndTakesTheSameGroupLater) {
  MemoryStore store;
  std::vector<StoreBatch> group = {{{absent("a")}, {put("a", "1")}}};
  store.full = true;
  EXPECT_EQ(outcome(store.commit(group)), "no_space: write to memory: the disk is full");
  EXPECT_EQ(dump(store), "");
  store.full = false;
  EXPECT_EQ(outcome(store.commit(group)), "ok; ");
  EXPECT_EQ(dump(store), "open:a=1 ");
}

// --- random groups

class Groups {
 public:
  explicit Groups(unsigned seed) : random_(seed) {}
  std::vector<StoreBatch> next() {
    std::vector<StoreBatch> group(below(6));
    for (StoreBatch& batch : group) {
      for (size_t i = below(3); i > 0; --i) {
        Precondition expected{family(), key(), std::nullopt};
        if (below(2) == 0) expected.value = value();
        batch.expect.push_back(expected);
      }
      for (size_t i = below(5); i > 0; --i) batch.ops.push_back(op());
    }
    return group;
  }
  size_t below(size_t n) { return std::uniform_int_distribution<size_t>(0, n - 1)(random_); }
  // Few, so that batches meet.
  std::string key() {
    std::string out;
    for (size_t i = below(3); i > 0; --i) out += "\0a\xff"[below(3)];
    return out;
  }

 private:
  Family family() { return static_cast<Family>(below(2) == 0 ? 0 : below(kFamilies)); }
  std::string value() { return std::string(below(3), 'v'); }
  StoreOp op() {
    StoreOp out{family(), key(), value()};
    out.remove = below(3) == 0;
    if (out.remove && below(3) == 0) out.end = key();
    if (!out.remove && below(20) == 0) out.value.assign(9000, 'b');
    return out;
  }
  std::mt19937 random_;
};

std::string walk(const Store& store, const std::string& prefix, bool reverse, const std::string& start) {
  std::string out;
  EXPECT_TRUE(store.scan(
      Family::scans, prefix, reverse,
      [&](std::string_view key, std::string_view) { return out += std::string(key) + ";", true; }, start));
  return out;
}

TEST(StoreProperty, RandomGroupsLeaveTheSameInBothStores) {
  size_t refused = 0, accepted = 0;
  for (unsigned seed = 1; seed <= 8; ++seed) {
    TempDir dir;
    Open real = open(dir);
    MemoryStore model;
    Groups groups(seed);
    for (int step = 0; step < 200; ++step) {
      auto group = groups.next();
      auto expected = model.commit(group);
      ASSERT_EQ(outcome(real->commit(group)), outcome(expected)) << "seed " << seed << " step " << step;
      for (const Status& status : *expected) ++(status ? accepted : refused);
      if (step % 10 == 0) {
        ASSERT_EQ(dump(*real), dump(model)) << "seed " << seed << " step " << step;
      }
      std::string prefix = groups.key(), start = groups.key();
      for (bool reverse : {false, true})
        ASSERT_EQ(walk(*real, prefix, reverse, start), walk(model, prefix, reverse, start))
            << "seed " << seed << " step " << step;
      if (step % 67 == 66) {
        real.reset();
        real = open(dir);
      }
    }
    ASSERT_EQ(dump(*real), dump(model)) << "seed " << seed;
  }
  EXPECT_GT(refused, 300u);
  EXPECT_GT(accepted, 300u);
}

// --- kill -9

std::string number(uint64_t n) {
  std::string text = std::to_string(n);
  return std::string(12 - text.size(), '0') + text;
}

[[noreturn]] void commit_and_tell(const std::filesystem::path& dir, uint64_t from, int tell_fd) {
  auto store = Store::open(dir, Store::Mode::read_write);
  if (!store) ::_exit(1);
  for (uint64_t n = from;; ++n) {
    std::string id = number(n);
    auto done = (*store)->commit(
        {{{absent(id)}, {{Family::scans, id, std::string(300, 's')}, put(id, "queued")}},
         {{absent(id)}, {{Family::scans, id, "never"}}},  // refused
         {{holds(id, "queued")}, {{Family::chunks, id, std::string(20'000, 'c')}, put(id, "leased")}}});
    if (!done || !(*done)[0] || (*done)[1] || !(*done)[2]) ::_exit(2);
    if (::write(tell_fd, &n, sizeof n) != sizeof n) ::_exit(3);
  }
}

// Reads what the child acknowledges and kills it in the middle of something.
uint64_t run_and_kill(const std::filesystem::path& dir, uint64_t from, uint64_t groups) {
  int fds[2];
  EXPECT_EQ(::pipe(fds), 0);
  pid_t pid = ::fork();
  if (pid == 0) {
    ::close(fds[0]);
    commit_and_tell(dir, from, fds[1]);
  }
  ::close(fds[1]);
  uint64_t last = 0, n = 0;
  while (n < from + groups && ::read(fds[0], &n, sizeof n) == sizeof n) last = n;
  ::kill(pid, SIGKILL);
  while (::read(fds[0], &n, sizeof n) == sizeof n) last = n;  // told before it died
  ::close(fds[0]);
  int status = 0;
  ::waitpid(pid, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: " << WEXITSTATUS(status);
  return last;
}

TEST(StoreKill, EveryAcknowledgedGroupIsThereWhole) {
  TempDir dir;
  uint64_t next = 1;
  for (uint64_t round = 1; round <= 6; ++round) {
    uint64_t acknowledged = run_and_kill(dir.path(), next, 40 * round);
    ASSERT_GE(acknowledged, next);
    Open store = open(dir);
    uint64_t found = 0;
    ASSERT_TRUE(store->scan(Family::scans, "", false, [&](std::string_view key, std::string_view value) {
      EXPECT_EQ(key, number(++found));
      EXPECT_EQ(value, std::string(300, 's'));
      EXPECT_EQ(*store->get(Family::open, key), "leased");
      EXPECT_EQ(store->get(Family::chunks, key)->size(), 20'000u);
      return true;
    }));
    EXPECT_GE(found, acknowledged);
    EXPECT_LE(found, acknowledged + 1) << "at most the one that was on its way";
    next = found + 1;
  }
}

}  // namespace
}  // namespace assay
