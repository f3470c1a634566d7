// Sockets: bounds, endpoints, and what a full or missing peer does.
#include "common/loop.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "common/fd.h"

namespace assay {
namespace {

using std::chrono::milliseconds;

TEST(Socket, PlaintextNeverLeavesTheHost) {
  Context context;
  auto socket = Socket::open(context, Socket::Type::dealer);
  ASSERT_TRUE(socket);
  Status bound = socket->connect("tcp://127.0.0.1:5555");
  ASSERT_FALSE(bound);
  EXPECT_EQ(bound.error().what, "endpoint 'tcp://127.0.0.1:5555' is not encrypted: use ipc://PATH");
}

TEST(Socket, FullQueueIsAnErrorAndNotABlock) {
  Context context;
  auto a = Socket::open(context, Socket::Type::pair, 2);
  auto b = Socket::open(context, Socket::Type::pair, 2);
  ASSERT_TRUE(a->bind("inproc://full"));
  ASSERT_TRUE(b->connect("inproc://full"));
  int sent = 0;
  while (a->send("x")) ASSERT_LT(++sent, 100);
  EXPECT_EQ(a->send("x").error().code, Errc::limit);
  EXPECT_GE(sent, 2);
}

TEST(Socket, RouterKnowsWhenAPeerIsGone) {
  Context context;
  auto router = Socket::open(context, Socket::Type::router);
  ASSERT_TRUE(router->bind("inproc://router"));
  EXPECT_EQ(router->send_frames({"nobody", "x"}).error().code, Errc::not_found);
}

TEST(Wait, WakesForSocketsAndDescriptorsAlike) {
  Context context;
  auto a = Socket::open(context, Socket::Type::pair);
  auto b = Socket::open(context, Socket::Type::pair);
  ASSERT_TRUE(a->bind("inproc://wait"));
  ASSERT_TRUE(b->connect("inproc://wait"));
  int fds[2];
  ASSERT_EQ(::pipe(fds), 0);
  Fd read_end(fds[0]), write_end(fds[1]);
  std::vector<WaitFor> items{*b, WaitFor(read_end.get()), WaitFor(-1)};
  ASSERT_TRUE(wait(items, milliseconds(0)));
  EXPECT_FALSE(items[0].ready || items[1].ready || items[2].ready);
  ASSERT_EQ(::write(write_end.get(), "x", 1), 1);
  ASSERT_TRUE(a->send("hello"));
  ASSERT_TRUE(wait(items, milliseconds(5000)));
  EXPECT_TRUE(items[1].ready);
  auto message = b->receive();
  ASSERT_TRUE(message && *message);
  EXPECT_EQ((**message)[0], "hello");
}

}  // namespace
}  // namespace assay
