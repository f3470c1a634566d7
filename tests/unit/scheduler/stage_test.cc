// Group commit: what is told when, and what becomes of it when there is no room.
#include "scheduler/stage.h"

#include <gtest/gtest.h>

#include "tests/unit/scheduler/memory_store.h"

namespace assay {
namespace {

StoreBatch put(const std::string& key) { return {{}, {{Family::scans, key, "v", false}}}; }
StoreBatch put_new(const std::string& key) {
  return {{{Family::scans, key, std::nullopt}}, {{Family::scans, key, "v", false}}};
}

class StageTest : public testing::Test {
 protected:
  void add(StoreBatch batch, const std::string& name) {
    stage_.add(std::move(batch), [this, name] { told_ += name + " "; });
  }
  void add_refusable(StoreBatch batch, const std::string& name) {
    stage_.add(
        std::move(batch), [this, name] { told_ += name + " "; },
        [this, name](const Error& e) { told_ += name + ":" + to_string(e.code) + " "; });
  }
  MemoryStore store_;
  Stage stage_{store_};
  std::string told_;
};

TEST_F(StageTest, NothingIsToldBeforeItIsWritten) {
  add(put("a"), "a");
  add_refusable(put("b"), "b");
  EXPECT_EQ(told_, "");
  ASSERT_TRUE(stage_.commit());
  EXPECT_EQ(told_, "a b ");
  EXPECT_TRUE(stage_.empty());
  EXPECT_TRUE(store_.get(Family::scans, "a"));
}

TEST_F(StageTest, AFullDiskRefusesWhatMayBeRefusedAndKeepsTheRest) {
  add(put("a"), "a");
  add_refusable(put("b"), "b");
  add(put("c"), "c");
  store_.full = true;
  Status full = stage_.commit();
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, Errc::no_space);
  EXPECT_EQ(told_, "b:no_space ");
  EXPECT_EQ(stage_.size(), 2u);
  EXPECT_FALSE(stage_.commit());
  store_.full = false;
  ASSERT_TRUE(stage_.commit());
  EXPECT_EQ(told_, "b:no_space a c ");
  EXPECT_FALSE(store_.get(Family::scans, "b"));
}

TEST_F(StageTest, ABrokenPreconditionRefusesItsBatchAlone) {
  add_refusable(put_new("a"), "a1");
  add_refusable(put_new("a"), "a2");
  add(put("b"), "b");
  ASSERT_TRUE(stage_.commit());
  EXPECT_EQ(told_, "a1 a2:conflict b ");
}

TEST_F(StageTest, ABrokenPreconditionOfWhatCannotBeRefusedIsAnError) {
  add(put_new("a"), "a1");
  add(put_new("a"), "a2");
  Status broken = stage_.commit();
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code, Errc::conflict);
}

TEST_F(StageTest, WhatIsStagedWhileTellingWaitsForTheNextCommit) {
  stage_.add(put("a"), [this] { add(put("b"), "b"); });
  ASSERT_TRUE(stage_.commit());
  EXPECT_EQ(told_, "");
  EXPECT_EQ(stage_.size(), 1u);
  ASSERT_TRUE(stage_.commit());
  EXPECT_EQ(told_, "b ");
}

}  // namespace
}  // namespace assay
