// An open Redis, as exploits and redis-cli see it.
#include "agent/sinkhole/protocols/redis.h"

#include "tests/unit/sinkhole/talk_support.h"

namespace assay::sinkhole {
namespace {

std::string command(const std::vector<std::string>& words) {
  std::string out = "*" + std::to_string(words.size()) + "\r\n";
  for (const auto& word : words) out += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  return out;
}

std::string ask(const std::string& bytes) {
  Scene scene(some_lures());
  Client client(scene, peer_at(6379));
  std::string out = client.say(bytes);
  return out + (client.talk.closing() ? "<closed>" : "");
}

TEST(Redis, CommandsOfClientsAndExploitsAreAnswered) {
  EXPECT_EQ(ask(command({"PING"}) + command({"ping", "x"})), "+PONG\r\n$1\r\nx\r\n");
  EXPECT_EQ(ask(command({"GET", "k"})), "$-1\r\n");
  EXPECT_EQ(ask(command({"CONFIG", "SET", "dir", "/root/.ssh"}) + command({"CONFIG", "GET", "dir"})),
            "+OK\r\n*2\r\n$3\r\ndir\r\n$14\r\n/var/lib/redis\r\n");
  EXPECT_EQ(ask(command({"SLAVEOF", "h", "1"}) + command({"MODULE", "LOAD", "x"}) +
                command({"EVAL", "x", "0"}) + command({"QUIT"})),
            "+OK\r\n+OK\r\n$-1\r\n+OK\r\n<closed>");
  EXPECT_EQ(ask("SET x y\r\nkeys *\r\n"), "+OK\r\n*0\r\n");
  EXPECT_NE(ask("INFO\r\n").find("redis_version:7"), std::string::npos);
  EXPECT_EQ(ask(command({"no\r\nsuch"})), "-ERR unknown command 'no??such'\r\n");
}

TEST(Redis, WhatWasSentIsTold) {
  Scene scene(some_lures());
  Client client(scene, peer_at(6379));
  client.say(command({"AUTH", "secret"}) + command({"SET", "x", "\n* * * * * sh\n"}) + command({"PING"}));
  EXPECT_EQ(client.reports(), "redis AUTH secret secret\nredis SET x x \\x0a* * * * * sh\\x0a\n");
}

TEST(Redis, WhatIsNoCommandIsAProtocolError) {
  EXPECT_EQ(ask("*1\r\nPING\r\n"), "-ERR Protocol error\r\n<closed>");
  EXPECT_EQ(ask("*1\r\n$-1\r\n"), "-ERR Protocol error\r\n<closed>");
  EXPECT_EQ(ask("*9999999\r\n"), "-ERR Protocol error\r\n<closed>");
  EXPECT_EQ(ask("*0\r\nPING\r\n"), "+PONG\r\n");
}

TEST(Redis, LongAndManyWordsAreKeptInPart) {
  RedisCommands commands;
  std::string big =
      command({"SET", "k", std::string(100'000, 'v')}) + command(std::vector<std::string>(500, "w"));
  std::string_view bytes = big;
  auto first = commands.next(bytes);
  ASSERT_EQ(first.size(), 3u);
  EXPECT_LE(first[2].size(), RedisCommands::kMaxKeptBytes);
  EXPECT_EQ(commands.next(bytes).size(), RedisCommands::kMaxWords);
  EXPECT_TRUE(bytes.empty());
  EXPECT_FALSE(commands.broken());
}

TEST(Redis, AnySplitAndAnyMutationIsBorne) {
  std::string session = command({"PING"}) + command({"SET", "a", "b\r\nc"}) + "INFO\r\n" +
                        command({"GET", ""}) + command({"QUIT"});
  same_in_any_split(6379, session);
  EXPECT_GT(stays_bounded(6379, session, false), 1000);
}

}  // namespace
}  // namespace assay::sinkhole
