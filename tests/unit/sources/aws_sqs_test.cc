// Queues: long polling, deletion, what was not deleted comes again, and answers that are none.
#include "sources/aws/sqs.h"

#include <gtest/gtest.h>

#include "tests/farm/aws_sqs.h"
#include "tests/unit/sources/aws_support.h"

namespace assay::sources::aws {
namespace {

using farm::AwsAnswer;
using farm::AwsAsk;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

class AwsSqs : public testing::Test {
 protected:
  AwsSqs() {
    environment_.set("AWS_ACCESS_KEY_ID", kKeyId);
    environment_.set("AWS_SECRET_ACCESS_KEY", kSecret);
  }
  std::string show(const Result<std::vector<SqsMessage>>& messages) {
    if (!messages) return std::string(to_string(messages.error().code)) + ": " + messages.error().what;
    std::string out;
    for (const SqsMessage& one : *messages) out += one.body + "x" + std::to_string(one.receives) + " ";
    return out;
  }

  CleanEnvironment environment_;
  farm::AwsServer server_ = start_server();
  CredentialChain chain_{{}};
};

TEST_F(AwsSqs, MessagesComeAgainUntilTheyAreDeleted) {
  farm::AwsQueue queue(server_, "pushes", milliseconds(50));
  Sqs sqs(queue.url(), "eu-west-1", "", chain_);
  EXPECT_EQ(show(sqs.receive(seconds(0))), "");
  queue.send("one");
  queue.send("{\"two\": \"ü\"}");
  auto first = sqs.receive(seconds(5));
  EXPECT_EQ(show(first), "onex1 {\"two\": \"ü\"}x1 ");
  ASSERT_TRUE(first && first->size() == 2);
  EXPECT_TRUE(sqs.remove((*first)[1].receipt));
  EXPECT_EQ(show(sqs.receive(seconds(5))), "onex2 ");
  EXPECT_EQ(queue.size(), 1u);
  auto gone = sqs.remove("no such receipt");
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().what,
            "queue " + queue.url() +
                ": sqs DeleteMessage in eu-west-1: ReceiptHandleIsInvalid: The input receipt handle is "
                "invalid.");
}

TEST_F(AwsSqs, LongPollReturnsAsAMessageArrivesAndAtMostTenAtOnce) {
  farm::AwsQueue queue(server_, "pushes");
  Sqs sqs(queue.url(), "eu-west-1", server_.url(), chain_);
  std::thread later([&] {
    std::this_thread::sleep_for(milliseconds(200));
    queue.send("late");
  });
  auto begin = steady_clock::now();
  EXPECT_EQ(show(sqs.receive(seconds(15))), "latex1 ");
  EXPECT_LT(steady_clock::now() - begin, seconds(10));
  later.join();
  for (int i = 0; i < 12; ++i) queue.send("m");
  auto ten = sqs.receive(seconds(1));
  ASSERT_TRUE(ten);
  EXPECT_EQ(ten->size(), 10u);
}

TEST_F(AwsSqs, QueueThatIsNotThereAndUrlsThatAreNone) {
  farm::AwsQueue queue(server_, "pushes");
  Sqs other(queue.url() + "x", "eu-west-1", "", chain_);
  EXPECT_EQ(show(other.receive(seconds(0))),
            "not_found: queue " + queue.url() +
                "x: sqs ReceiveMessage in eu-west-1: QueueDoesNotExist: The specified queue does not exist.");
  Sqs odd("pushes", "eu-west-1", "", chain_);
  EXPECT_EQ(show(odd.receive(seconds(0))),
            "invalid: queue \"pushes\": not a queue's URL, as "
            "https://sqs.eu-west-1.amazonaws.com/123456789012/NAME is");
}

TEST_F(AwsSqs, AnswersThatAreNoneAreCorrupt) {
  std::string url = server_.url() + "/123456789012/q";
  std::string answer;
  server_.handle("sqs", "ReceiveMessage", [&](const AwsAsk&) { return AwsAnswer{answer}; });
  Sqs sqs(url, "eu-west-1", "", chain_);
  for (const char* body : {R"({"Messages": 1})", R"({"Messages": [1]})", R"({"Messages": [{"Body": "x"}]})",
                           R"({"Messages": [{"ReceiptHandle": 5, "Body": "x"}]})"}) {
    answer = body;
    EXPECT_EQ(show(sqs.receive(seconds(0))), "corrupt: queue " + url + ": the answer is none of SQS's")
        << body;
  }
  answer =
      R"({"Messages": [{"ReceiptHandle": "r", "Body": {}, "Attributes": {"ApproximateReceiveCount": "-7"}}]})";
  EXPECT_EQ(show(sqs.receive(seconds(0))), "x1 ");
}

}  // namespace
}  // namespace assay::sources::aws
