// What is found in a stream, however it is encoded and cut, and what is not.
#include "agent/lure/token_finder.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "agent/lure/encodings.h"

namespace assay::lure {
namespace {

const std::string kValue = "9sKq/2LxT+vB7nYcR4mWz0HdJpEaGfUi61oQ3XtN";  // shaped like a cloud's secret

std::vector<Token> tokens() {
  return {{"a", "aws_key", "/a", {"AKIAQX7M2LBV5TNRWJ3C", kValue}},
          {"b", "npm", "/b", {"npm_Zq8Rw2Lm5Xk9Tb3Vn7Yc1Hd4Jf6Gs0Pa"}}};
}

std::string rendered(const std::vector<TokenHit>& hits) {
  std::string out;
  for (const TokenHit& hit : hits) out += std::to_string(hit.token) + ":" + hit.encoding + " ";
  return out;
}

std::string found(const std::string& text) {
  TokenFinder finder(tokens());
  TokenFinder::Stream stream;
  return rendered(finder.scan(stream, text));
}

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

TEST(TokenFinder, FindsAValueInEachEncodingAtAnyOffset) {
  EXPECT_EQ(found("secret=" + kValue + "\n"), "0:plain ");
  EXPECT_EQ(found("q=" + percent_encode(kValue)), "0:url ");
  for (size_t i = 0; i < 12; ++i) {
    std::string padded = std::string(i, '{') + kValue + "}";
    EXPECT_EQ(found(base64(padded)), "0:base64 ") << i;
    EXPECT_EQ(found(base64_url(padded)), "0:base64 ") << i;
    EXPECT_EQ(found(encode_bits(padded, kBase32)), "0:base32 ") << i;
    EXPECT_EQ(found(encode_bits(padded, kHex)), "0:hex ") << i;
    EXPECT_EQ(found(upper(encode_bits(padded, kHex))), "0:hex ") << i;
  }
  std::string all;
  for (char c : kValue) all += "%" + encode_bits(std::string(1, c), kHex);
  EXPECT_EQ(found(all), "0:url ");
}

TEST(TokenFinder, TakesPercentEncodingWhereItBreaksEveryLongRun) {
  TokenFinder finder({{"x", "x", "/x", {"ab/cd+ef/gh+ij/kl+mn/op+"}}});
  TokenFinder::Stream one, two;
  EXPECT_EQ(rendered(finder.scan(one, "ab%2Fcd%2Bef%2Fgh%2Bij")), "0:url ");
  EXPECT_EQ(rendered(finder.scan(two, "ab/cd%2Bef/gh%2Bij/kl")), "0:url ");
}

TEST(TokenFinder, FindsFragmentsInDnsLabels) {
  std::string hex = encode_bits(kValue, kHex), base32 = encode_bits("x" + kValue, kBase32);
  EXPECT_EQ(found(hex.substr(20, 24) + ".t.example"), "0:hex ");
  EXPECT_EQ(found("2." + base32.substr(9, 20) + ".t.example"), "0:base32 ");
  std::string mixed = base32;  // as resolvers randomise the case of names
  for (size_t i = 0; i < mixed.size(); i += 2) mixed[i] = static_cast<char>(mixed[i] | 0x20);
  EXPECT_EQ(found(mixed.substr(3, 30)), "0:base32 ");
  EXPECT_EQ(found(hex.substr(20, 15) + ".t.example"), "");  // fewer than a window
}

TEST(TokenFinder, TellsEachTokenOnceAStreamWithWhatStandsAroundIt) {
  TokenFinder finder(tokens());
  TokenFinder::Stream stream;
  std::string text = "key AKIAQX7M2LBV5TNRWJ3C and npm_Zq8Rw2Lm5Xk9Tb3Vn7Yc1Hd4Jf6Gs0Pa";
  auto hits = finder.scan(stream, text);
  ASSERT_EQ(rendered(hits), "0:plain 1:plain ");
  EXPECT_EQ(hits[0].excerpt, text);
  EXPECT_EQ(rendered(finder.scan(stream, text)), "");
  TokenFinder::Stream other;
  EXPECT_EQ(rendered(finder.scan(other, text)), "0:plain 1:plain ");
}

TEST(TokenFinder, FindsTheSameHoweverAStreamIsCut) {
  TokenFinder finder(tokens());
  std::mt19937 random(7);
  std::string text(100, 'x');
  text += base64("ab" + kValue) + std::string(200, 'y') + "npm_Zq8Rw2Lm5Xk9Tb3Vn7Yc1H" + std::string(50, 'z');
  for (int round = 0; round < 2000; ++round) {
    TokenFinder::Stream stream;
    std::string all;
    size_t most = round % 3 == 0 ? 3 : round % 3 == 1 ? 30 : 300;
    for (size_t at = 0; at < text.size();) {
      size_t size = std::min<size_t>(1 + random() % most, text.size() - at);
      all += rendered(finder.scan(stream, std::string_view(text).substr(at, size)));
      EXPECT_LT(stream.tail.size(), TokenFinder::kWindow);
      at += size;
    }
    ASSERT_EQ(all, "0:base64 1:plain ");
  }
}

TEST(TokenFinder, LooksForWhatIsShorterThanAWindowAsAWhole) {
  TokenFinder finder({{"p", "password", "/p", {"gT7#qLm2Zx"}}});
  TokenFinder::Stream one, two;
  EXPECT_EQ(rendered(finder.scan(one, "--------gT7#qLm2Zx")), "0:plain ");
  EXPECT_EQ(rendered(finder.scan(two, "--------gT7#qLm2Z")), "");
}

// Half random bytes, half random letters and digits: as close to base64 as what is not can be.
TEST(TokenFinder, FindsNothingInRandomBytesAndText) {
  Seed seed{};
  std::vector<Token> all;
  for (size_t i = 0; i < 60; ++i)
    all.push_back(
        {std::to_string(i), "x", "/x", {encode_bits(derive(seed, std::to_string(i), 30), kBase64)}});
  TokenFinder finder(all);
  TokenFinder::Stream stream;
  std::mt19937_64 random(1);
  std::string piece(1 << 20, 0);
  for (int round = 0; round < 64; ++round) {
    for (size_t i = 0; i < piece.size(); i += 8) {
      uint64_t word = random();
      std::memcpy(piece.data() + i, &word, 8);
    }
    if (round % 2)
      for (char& c : piece) c = kBase64[static_cast<uint8_t>(c) % 64];
    ASSERT_EQ(rendered(finder.scan(stream, piece)), "");
  }
}

TEST(TokenFinder, WithoutTokensFindsNothing) {
  TokenFinder finder({});
  TokenFinder::Stream stream;
  EXPECT_TRUE(finder.scan(stream, std::string(100, 'a')).empty());
}

}  // namespace
}  // namespace assay::lure
