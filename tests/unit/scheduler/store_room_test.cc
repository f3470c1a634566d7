// What is removed leaves the disk: held against the files themselves.
#include <gtest/gtest.h>

#include "scheduler/store.h"
#include "tests/support.h"

namespace assay {
namespace {

constexpr size_t kValue = 48 << 10;  // as a trace's chunk
constexpr uint64_t kMiB = 1 << 20;

std::string key(int i) {
  char text[16];
  std::snprintf(text, sizeof text, "%06d", i);
  return text;
}

// Nothing that a compression could make smaller.
std::string noise(int seed) {
  std::string out(kValue, 0);
  uint64_t x = static_cast<uint64_t>(seed) * 0x9e3779b97f4a7c15 + 1;
  for (char& c : out) {
    x ^= x << 13, x ^= x >> 7, x ^= x << 17;
    c = static_cast<char>(x);
  }
  return out;
}

class StoreRoom : public testing::Test {
 protected:
  void SetUp() override {
    auto store = Store::open(dir_.path() / "store", Store::Mode::read_write);
    ASSERT_TRUE(store) << store.error().what;
    store_ = std::move(*store);
  }
  void put(int first, int end) {
    std::vector<StoreOp> ops;
    for (int i = first; i < end; ++i) {
      ops.push_back({Family::chunks, key(i), noise(i)});
      ops.push_back({Family::scans, key(i), "a record"});
      if (i % 50 != 49) continue;
      ASSERT_TRUE(store_->write(ops));
      ops.clear();
    }
    ASSERT_TRUE(store_->write(std::move(ops)));
  }
  /// All but those that stay.
  void remove(int first, int end, int stays = 1'000'000) {
    std::vector<StoreOp> ops;
    for (int i = first; i < end; ++i)
      if (i % stays != 0 || i == 0) ops.push_back({Family::chunks, key(i), "", true, key(i) + "~"});
    ASSERT_TRUE(store_->write(std::move(ops)));
  }
  void give_back(int first, int last) {
    Status done = store_->give_back({{Family::chunks, key(first), key(last) + "~"}});
    ASSERT_TRUE(done) << done.error().what;
  }
  uint64_t disk() { return *store_->disk_bytes(); }
  uint64_t chunks() { return store_->bytes(Family::chunks)->disk; }

  TempDir dir_;
  std::unique_ptr<Store> store_;
};

TEST_F(StoreRoom, CountsWhatAFamilyHasOnDisk) {
  put(0, 100);
  ASSERT_TRUE(store_->give_back({}));  // out of memory and log
  EXPECT_GE(chunks(), 100 * kValue);
  EXPECT_LT(chunks(), 100 * kValue + 64 * 1024);
  EXPECT_GT(store_->bytes(Family::scans)->disk, 0u);
  EXPECT_LT(store_->bytes(Family::scans)->disk, 64u * 1024);
  EXPECT_EQ(store_->bytes(Family::artifacts)->disk, 0u);
  EXPECT_GE(disk(), chunks());
  EXPECT_LT(disk(), chunks() + kMiB);
}

TEST_F(StoreRoom, WhatWasRemovedLeavesTheDisk) {
  put(0, 1000);
  ASSERT_TRUE(store_->give_back({}));
  uint64_t full = disk();
  remove(0, 700);
  EXPECT_GT(disk(), full - kMiB);  // removing alone gives nothing back
  give_back(0, 699);
  EXPECT_LT(disk(), 300 * kValue + 2 * kMiB);
  EXPECT_EQ(*store_->get(Family::chunks, key(700)), noise(700));
  EXPECT_EQ(*store_->get(Family::chunks, key(999)), noise(999));
}

// Of every file some scans stay: what lives is copied together.
TEST_F(StoreRoom, OneThatStaysDoesNotKeepItsNeighbours) {
  put(0, 1000);
  ASSERT_TRUE(store_->give_back({}));
  remove(0, 1000, 20);
  give_back(0, 999);
  EXPECT_LT(disk(), 50 * kValue + 2 * kMiB);
  for (int i = 20; i < 1000; i += 20) EXPECT_EQ(*store_->get(Family::chunks, key(i)), noise(i)) << i;
  EXPECT_FALSE(store_->get(Family::chunks, key(1)));
  EXPECT_EQ(store_->bytes(Family::chunks)->garbage, 0u);
}

TEST_F(StoreRoom, StaysSmallOverManyRounds) {
  for (int night = 0; night < 10; ++night) {
    put(night * 100, night * 100 + 100);
    if (night < 2) continue;
    remove((night - 2) * 100, (night - 1) * 100, 50);
    give_back((night - 2) * 100, (night - 1) * 100 - 1);
    EXPECT_LT(disk(), (200 + 2 * static_cast<uint64_t>(night)) * kValue + 2 * kMiB) << night;
  }
}

TEST_F(StoreRoom, SurvivesBeingOpenedAgain) {
  put(0, 300);
  remove(0, 200);
  give_back(0, 199);
  store_.reset();
  auto again = Store::open(dir_.path() / "store", Store::Mode::read_write);
  ASSERT_TRUE(again);
  store_ = std::move(*again);
  EXPECT_LT(disk(), 100 * kValue + 2 * kMiB);
  EXPECT_FALSE(store_->get(Family::chunks, key(199)));
  EXPECT_EQ(*store_->get(Family::chunks, key(200)), noise(200));
}

}  // namespace
}  // namespace assay
