// What an agent says when, by a clock that the test drives.
#include "agent/session.h"

#include <gtest/gtest.h>

#include <string>

namespace assay {
namespace {

using Say = Session::Say;
Session::Time at(double seconds) {
  return Session::Time(std::chrono::milliseconds(1'000'000 + static_cast<int64_t>(seconds * 1000)));
}
// When it says what in a time without an answer: "0h 3h 9h".
std::string sayings(Session& session, int from, int to) {
  std::string out;
  for (int second = from; second <= to; ++second) {
    Say say = session.next(at(second));
    if (say != Say::nothing)
      out += (out.empty() ? "" : " ") + std::to_string(second) + (say == Say::hello ? "h" : "w");
  }
  return out;
}

TEST(Session, SaysHelloThenWhatItWantsEveryThreeSeconds) {
  Session session;
  EXPECT_EQ(session.next(at(0)), Say::hello);
  EXPECT_FALSE(session.up());
  EXPECT_TRUE(session.welcomed(at(0.1)));
  EXPECT_TRUE(session.up());
  EXPECT_EQ(sayings(session, 1, 9), "1w 4w 7w");
}

TEST(Session, RepeatsHelloEverMoreRarelyWhileNobodyAnswers) {
  Session session;
  EXPECT_EQ(sayings(session, 0, 130), "0h 3h 9h 21h 45h 75h 105h");
}

TEST(Session, AnotherWelcomeIsNoReasonToSendAnythingAgain) {
  Session session;
  (void)session.next(at(0));
  EXPECT_TRUE(session.welcomed(at(1)));
  EXPECT_FALSE(session.welcomed(at(1)));
  EXPECT_EQ(session.welcomes(), 1u);
}

TEST(Session, SaysHelloAtOnceToASchedulerThatHasForgottenIt) {
  Session session;
  (void)session.next(at(0));
  (void)session.welcomed(at(0));
  (void)session.next(at(0));
  session.asked_who(at(1));
  EXPECT_FALSE(session.up());
  EXPECT_EQ(session.next(at(1)), Say::hello);
  session.asked_who(at(1.2));  // the answer to a Want from before
  EXPECT_EQ(session.next(at(1.2)), Say::nothing);
  EXPECT_TRUE(session.welcomed(at(1.3)));
}

TEST(Session, SaysNothingWhileTheConnectionIsDown) {
  Session session;
  (void)session.next(at(0));
  (void)session.welcomed(at(0));
  session.disconnected();
  EXPECT_FALSE(session.up());
  EXPECT_EQ(sayings(session, 0, 100'000), "");
  EXPECT_EQ(session.wake(), Session::Time::max());
  session.connected(at(100'001));
  EXPECT_EQ(session.next(at(100'001)), Say::hello);
}

TEST(Session, HurriesOnlyWhenItIsKnown) {
  Session session;
  (void)session.next(at(0));
  session.hurry(at(1));
  EXPECT_EQ(session.next(at(1)), Say::nothing);
  (void)session.welcomed(at(1));
  EXPECT_EQ(session.next(at(1)), Say::want);
  session.hurry(at(2));
  EXPECT_EQ(session.next(at(2)), Say::want);
}

TEST(Session, TriesAgainHalfAMinuteAfterARefusal) {
  Session session;
  (void)session.next(at(0));
  session.refused(at(1));
  EXPECT_EQ(sayings(session, 1, 40), "31h");
}

}  // namespace
}  // namespace assay
