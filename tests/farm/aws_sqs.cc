// Its messages, under a mutex, and the two operations.
#include "tests/farm/aws_sqs.h"

#include <openssl/evp.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <nlohmann/json.hpp>

#include "common/digest.h"

namespace assay::farm {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Which AWS's clients check.
std::string md5(const std::string& text) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), out, &size, EVP_md5(), nullptr);
  return to_hex(std::string_view(reinterpret_cast<char*>(out), size));
}

std::string escaped(const std::string& text) {
  std::string out;
  for (char c : text) out += c == '<' ? "&lt;" : c == '&' ? "&amp;" : std::string(1, c);
  return out;
}

struct Message {
  std::string id, receipt, body;
  steady_clock::time_point visible;
  int receives = 0;
};

// What is asked, whichever way it came.
struct Ask {
  std::string url, receipt;
  int most = 1, wait_s = 0;
};

Ask read(const AwsAsk& ask) {
  auto field = [&](const char* name, const std::string& otherwise) {
    auto found = ask.form.find(name);
    return found == ask.form.end() ? otherwise : found->second;
  };
  if (ask.query)
    return {field("QueueUrl", ""), field("ReceiptHandle", ""),
            std::atoi(field("MaxNumberOfMessages", "1").c_str()),
            std::atoi(field("WaitTimeSeconds", "0").c_str())};
  auto body = json::parse(ask.body, nullptr, false);
  if (!body.is_object()) return {};
  return {body.value("QueueUrl", ""), body.value("ReceiptHandle", ""), body.value("MaxNumberOfMessages", 1),
          body.value("WaitTimeSeconds", 0)};
}

AwsAnswer as_json(const std::vector<Message>& messages) {
  json out = json::object();
  for (const Message& one : messages)
    out["Messages"].push_back({{"MessageId", one.id},
                               {"ReceiptHandle", one.receipt},
                               {"Body", one.body},
                               {"MD5OfBody", md5(one.body)},
                               {"Attributes", {{"ApproximateReceiveCount", std::to_string(one.receives)}}}});
  return {out.dump()};
}

AwsAnswer as_xml(const std::vector<Message>& messages) {
  std::string inner;
  for (const Message& one : messages)
    inner += "<Message><MessageId>" + one.id + "</MessageId><ReceiptHandle>" + one.receipt +
             "</ReceiptHandle><MD5OfBody>" + md5(one.body) + "</MD5OfBody><Body>" + escaped(one.body) +
             "</Body></Message>";
  return {"<ReceiveMessageResponse><ReceiveMessageResult>" + inner +
          "</ReceiveMessageResult><ResponseMetadata><RequestId>8c6a2f5e</RequestId></ResponseMetadata></"
          "ReceiveMessageResponse>"};
}

}  // namespace

struct AwsQueue::State {
  std::string url;
  milliseconds visibility{0};
  mutable std::mutex mutex;
  std::condition_variable arrived;
  std::vector<Message> messages;
  int number = 0;
  bool closed = false;

  std::vector<Message> visible(int most) {
    std::vector<Message> out;
    auto now = steady_clock::now();
    for (Message& one : messages) {
      if (one.visible > now || static_cast<int>(out.size()) >= most) continue;
      one.visible = now + visibility;
      one.receipt = one.id + "-" + std::to_string(++one.receives);
      out.push_back(one);
    }
    return out;
  }

  // The wait is in small steps: a message may become visible again meanwhile.
  std::vector<Message> receive(int most, std::chrono::seconds wait) {
    std::unique_lock lock(mutex);
    auto end = steady_clock::now() + wait;
    for (;;) {
      auto out = visible(std::clamp(most, 1, 10));
      if (!out.empty() || closed || steady_clock::now() >= end) return out;
      arrived.wait_for(lock, milliseconds(20));
    }
  }

  AwsAnswer answer(const AwsAsk& asked) {
    Ask ask = read(asked);
    if (ask.url != url)
      return aws_error(
          asked.query ? "AWS.SimpleQueueService.NonExistentQueue" : "com.amazonaws.sqs#QueueDoesNotExist",
          "The specified queue does not exist.");
    if (asked.operation == "ReceiveMessage") {
      auto found = receive(ask.most, std::chrono::seconds(ask.wait_s));
      return asked.query ? as_xml(found) : as_json(found);
    }
    std::lock_guard lock(mutex);
    size_t gone = std::erase_if(messages, [&](const Message& one) { return one.receipt == ask.receipt; });
    if (gone == 0) return aws_error("ReceiptHandleIsInvalid", "The input receipt handle is invalid.");
    return {asked.query ? "<DeleteMessageResponse/>" : ""};
  }
};

AwsQueue::AwsQueue(AwsServer& server, std::string name, milliseconds visibility)
    : state_(std::make_shared<State>()) {
  state_->url = server.url() + "/123456789012/" + name;
  state_->visibility = visibility;
  for (const char* operation : {"ReceiveMessage", "DeleteMessage"})
    server.handle("sqs", operation, [state = state_](const AwsAsk& ask) { return state->answer(ask); });
}

AwsQueue::~AwsQueue() {
  std::lock_guard lock(state_->mutex);
  state_->closed = true;
  state_->arrived.notify_all();
}

std::string AwsQueue::url() const { return state_->url; }

void AwsQueue::send(const std::string& body) {
  std::lock_guard lock(state_->mutex);
  Message message;
  message.id = "message-" + std::to_string(++state_->number);
  message.body = body;
  state_->messages.push_back(std::move(message));
  state_->arrived.notify_all();
}

size_t AwsQueue::size() const {
  std::lock_guard lock(state_->mutex);
  return state_->messages.size();
}

}  // namespace assay::farm
