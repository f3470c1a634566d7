// Integer columns: every encoding comes back, and the bound that ChunkWriter relies on holds.
#include "common/int_column.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <set>

namespace assay {
namespace {

TEST(Varint, HoldsEveryWidth) {
  for (int shift = 0; shift < 64; ++shift)
    for (uint64_t value : {uint64_t{1} << shift, (uint64_t{1} << shift) - 1, ~uint64_t{0} >> shift}) {
      std::string bytes;
      put_varint(bytes, value);
      EXPECT_EQ(bytes.size(), varint_size(value));
      std::string_view rest = bytes;
      uint64_t back = 0;
      ASSERT_TRUE(take_varint(rest, back));
      EXPECT_EQ(back, value);
      EXPECT_TRUE(rest.empty());
      rest = std::string_view(bytes).substr(0, bytes.size() - 1);
      EXPECT_FALSE(take_varint(rest, back));
    }
  std::string_view long_one = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02";
  uint64_t value = 0;
  EXPECT_FALSE(take_varint(long_one, value));
}

TEST(Zigzag, OrdersByMagnitude) {
  EXPECT_EQ(zigzag(0), 0u);
  EXPECT_EQ(zigzag(-1), 1u);
  EXPECT_EQ(zigzag(1), 2u);
  for (int64_t value :
       {int64_t{0}, int64_t{-5}, std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()})
    EXPECT_EQ(unzigzag(zigzag(value)), value);
}

std::vector<std::vector<uint64_t>> shapes() {
  std::mt19937_64 random(3);
  std::vector<std::vector<uint64_t>> out = {
      {}, {0}, {7}, std::vector<uint64_t>(500, 9), {0, 0, 0, 1}, {UINT64_MAX, 0, UINT64_MAX, 1}};
  std::vector<uint64_t> rising, slow, noise, small, rare, wide;
  for (uint64_t i = 0; i < 2000; ++i) {
    rising.push_back(1'000'000'000 + i * 1000 + random() % 700);
    slow.push_back((slow.empty() ? 0 : slow.back()) + random() % 5);
    noise.push_back(random());
    small.push_back(random() % 5);
    rare.push_back(random() % 200 ? 0 : random() % 1000);
    wide.push_back(random() % 60'000);
  }
  for (auto& shape : {rising, slow, noise, small, rare, wide}) out.push_back(shape);
  return out;
}

TEST(IntColumn, EveryShapeComesBackAndTogetherTheyUseEveryEncoding) {
  std::set<int> encodings;
  for (const auto& values : shapes())
    for (bool smallest : {false, true}) {
      std::string bytes = encode_ints(values, smallest);
      encodings.insert(bytes[0]);
      auto back = decode_ints(bytes, values.size());
      ASSERT_TRUE(back) << back.error().what;
      EXPECT_EQ(*back, values);
    }
  EXPECT_EQ(encodings, (std::set<int>{0, 1, 2, 3, 4, 5}));
}

TEST(IntColumn, SmallestIsNeverMoreThanDense) {
  for (const auto& values : shapes()) {
    size_t dense = 12;
    for (uint64_t value : values) dense += varint_size(value);
    EXPECT_LE(encode_ints(values, true).size(), dense);
  }
}

TEST(IntColumn, TakesExactlyItsCount) {
  for (const auto& values : shapes()) {
    if (values.size() < 4) continue;
    std::string bytes = encode_ints(values, false);
    if (bytes[0] == 0) continue;  // a constant has any count
    if (bytes[0] != 2) {          // any number of zeros may follow a sparse column's last entry
      EXPECT_FALSE(decode_ints(bytes, values.size() - 1)) << int(bytes[0]);
      EXPECT_FALSE(decode_ints(bytes, values.size() + 1)) << int(bytes[0]);
    }
    EXPECT_FALSE(decode_ints(bytes + "x", values.size()));
    EXPECT_FALSE(decode_ints(std::string_view(bytes).substr(0, bytes.size() - 1), values.size()));
  }
}

}  // namespace
}  // namespace assay
