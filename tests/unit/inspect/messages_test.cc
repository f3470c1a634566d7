// What agent and assay-inspect say to each other: taken back as it was given; whatever else comes is refused.
#include "agent/inspect/wire/messages.h"

#include <gtest/gtest.h>

namespace assay::inspect {
namespace {

Answer sample() {
  Answer a;
  a.id = 7;
  a.outcome = Outcome::timed_out;
  a.partial = true;
  a.mime = "application/x-pie-executable";
  a.similarity = "T1" + std::string(70, 'A');
  a.matches = {"assay_miner:xmrig_program", "gen_webshells-2:A_1"};
  a.matches_left_out = 3;
  return a;
}

TEST(InspectMessages, QuestionAndAnswerComeBackAsTheyWere) {
  Ask ask{3, 1000, 1 << 20, false, "/tmp/\xff x"};
  EXPECT_EQ(*decode_ask(encode_ask(ask)), ask);
  EXPECT_EQ(*decode_answer(encode_answer(sample())), sample());
  EXPECT_EQ(*decode_answer(encode_answer(Answer{})), Answer{});
}

TEST(InspectMessages, OfALongPathTheEndIsKept) {
  Ask ask{1, 0, 1, true, "/a" + std::string(5000, 'b') + "/end.php"};
  auto back = decode_ask(encode_ask(ask));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->path.size(), 4096u);
  EXPECT_TRUE(back->path.ends_with("/end.php"));
}

TEST(InspectMessages, EncoderLeavesOutWhatTheDecoderWouldRefuse) {
  Answer odd;
  odd.mime = "text/plain; \x1b[2J";
  odd.similarity = "T1short";
  odd.matches = {"no colon", "a:b", "a:", ":b", "a b:c", std::string(400, 'a') + ":b"};
  auto back = decode_answer(encode_answer(odd));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->mime + back->similarity, "");
  EXPECT_EQ(back->matches, std::vector<std::string>{"a:b"});
  EXPECT_EQ(back->matches_left_out, 5u);
  odd.matches.assign(kMaxMatches + 10, std::string(128, 'n') + ":" + std::string(150, 'r'));
  std::string bytes = encode_answer(odd);
  EXPECT_LE(bytes.size(), kMaxAnswerBytes);
  back = decode_answer(bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->matches.size(), kMaxMatches);
  EXPECT_EQ(back->matches_left_out, 10u);
}

// What a child that has been taken over might say.
TEST(InspectMessages, MalformedAnswersAreRefused) {
  std::string good = encode_answer(sample());
  for (size_t cut = 0; cut < good.size(); ++cut) EXPECT_FALSE(decode_answer(good.substr(0, cut))) << cut;
  EXPECT_FALSE(decode_answer(good + '\0'));
  auto with = [&](size_t at, char byte) {
    std::string bad = good;
    bad[at] = byte;
    return bad;
  };
  EXPECT_FALSE(decode_answer(with(4, 3)));                       // an outcome that there is not
  EXPECT_FALSE(decode_answer(with(5, 2)));                       // a flag that is neither
  EXPECT_FALSE(decode_answer(with(good.find('/'), '\x1b')));     // no type
  EXPECT_FALSE(decode_answer(with(good.find("AAA"), 'g')));      // no digest
  EXPECT_FALSE(decode_answer(with(good.find("miner:"), '\n')));  // no namespace
  EXPECT_FALSE(decode_answer(with(good.find("xmrig_"), '"')));   // no rule
  EXPECT_FALSE(decode_answer(with(6, '\xff')));                  // a length beyond everything
  EXPECT_FALSE(decode_answer(std::string(kMaxAnswerBytes, '\xff')));
}

TEST(InspectMessages, RandomDamageNeverCrashes) {
  std::string good = encode_answer(sample());
  uint32_t state = 1;
  for (int round = 0; round < 20'000; ++round) {
    std::string bad = good;
    for (int i = 0; i < 3; ++i) {
      state = state * 1664525 + 1013904223;
      bad[(state >> 8) % bad.size()] = static_cast<char>(state >> 24);
    }
    auto answer = decode_answer(bad);
    if (!answer) continue;
    EXPECT_EQ(*decode_answer(encode_answer(*answer)), *answer);
  }
}

TEST(InspectMessages, BundleOfRuleFiles) {
  std::vector<RuleFile> files = {{"a", "x/a.yar", "rule a { condition: true }"}, {"b-2", "b.yara", ""}};
  std::string bytes = encode_bundle(files);
  EXPECT_EQ(*decode_bundle(bytes), files);
  EXPECT_TRUE(decode_bundle(encode_bundle({}))->empty());
  for (size_t cut = 0; cut < bytes.size(); ++cut) EXPECT_FALSE(decode_bundle(bytes.substr(0, cut)));
}

}  // namespace
}  // namespace assay::inspect
