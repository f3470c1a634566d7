// A chat network as bots and people see it.
#include "agent/sinkhole/protocols/irc.h"

#include "tests/unit/sinkhole/talk_support.h"

namespace assay::sinkhole {
namespace {

struct Bot {
  Scene scene{some_lures()};
  Client client{scene, peer_at(6667, "irc.example")};
  explicit Bot(bool registered = true) {
    if (registered) welcome = client.say("NICK bot\r\nUSER u 0 * :real\r\n");
  }
  std::string welcome;
};

TEST(Irc, RegistrationIsWelcomedWithNumericsAndAPing) {
  Bot bot;
  size_t at = 0;
  for (const char* code : {" 001 bot ", " 002 bot ", " 003 bot ", " 004 bot ", " 005 bot ", " 375 bot ",
                           " 376 bot ", "PING :irc.example"}) {
    size_t found = bot.welcome.find(code);
    EXPECT_NE(found, std::string::npos) << code << bot.welcome;
    EXPECT_GE(found, at);
    at = found;
  }
  EXPECT_EQ(bot.client.say("PONG :irc.example\r\n"), "");
  EXPECT_EQ(bot.client.say("PING :12\r\n"), ":irc.example PONG irc.example :12\r\n");
}

TEST(Irc, NegotiationHoldsTheWelcomeUntilItEnds) {
  Bot bot(false);
  EXPECT_EQ(bot.client.say("CAP LS 302\r\nJOIN :\r\nNICK bot\r\nUSER u 0 * :real\r\n"),
            ":irc.example CAP * LS :\r\n:irc.example 451 * JOIN :You have not registered\r\n");
  EXPECT_NE(bot.client.say("CAP END\r\n").find(" 001 bot "), std::string::npos);
}

TEST(Irc, JoinGivesTopicAndNames) {
  Bot bot;
  EXPECT_EQ(bot.client.say("JOIN #c2,#x key\r\n"),
            ":bot!u@172.17.0.2 JOIN #c2\r\n:irc.example 332 bot #c2 :Welcome\r\n:irc.example 333 bot #c2 "
            "admin 1709547151\r\n"
            ":irc.example 353 bot = #c2 :bot @admin\r\n:irc.example 366 bot #c2 :End of /NAMES list.\r\n"
            ":bot!u@172.17.0.2 JOIN #x\r\n:irc.example 332 bot #x :Welcome\r\n:irc.example 333 bot #x admin "
            "1709547151\r\n"
            ":irc.example 353 bot = #x :bot @admin\r\n:irc.example 366 bot #x :End of /NAMES list.\r\n");
  EXPECT_EQ(bot.client.say("MODE #c2\r\n"),
            ":irc.example 324 bot #c2 +nt\r\n:irc.example 329 bot #c2 1709547151\r\n");
  EXPECT_NE(bot.client.say("WHO #c2\r\n").find(" 315 bot #c2 "), std::string::npos);
  EXPECT_EQ(bot.client.say("PRIVMSG #c2 :owned\r\nNOTICE admin :x\r\n"), "");
  EXPECT_EQ(bot.client.say("NICK other\r\n"), ":bot!u@172.17.0.2 NICK :other\r\n");
  EXPECT_NE(bot.client.say("FOO\r\n").find(" 421 other FOO "), std::string::npos);
  EXPECT_TRUE(bot.client.say("QUIT :bye\r\n").starts_with("ERROR :"));
  EXPECT_TRUE(bot.client.talk.closing());
}

TEST(Irc, WhatWasSaidIsTold) {
  Bot bot;
  bot.client.say("JOIN #c2\r\nPRIVMSG #c2 :id=7 up\r\nPING :1\r\n");
  EXPECT_EQ(bot.client.reports(),
            "irc NICK bot bot\nirc USER u u 0 * :real\nirc JOIN #c2 #c2\nirc PRIVMSG #c2 #c2 :id=7 up\n");
}

TEST(Irc, AnySplitAndAnyMutationIsBorne) {
  const char* session =
      "CAP LS\r\nNICK bot\r\nUSER u 0 * :real\r\nCAP END\r\nJOIN #a\r\nWHO #a\r\nMODE #a\r\nWHOIS "
      "x\r\nLIST\r\nAWAY\r\nPART #a\r\nQUIT\r\n";
  same_in_any_split(6667, session);
  EXPECT_GT(stays_bounded(6667, session, false), 1000);
}

}  // namespace
}  // namespace assay::sinkhole
