// Two calls of Amazon's JSON protocol. The queue is named by its URL, whose host is asked.
#include "sources/aws/sqs.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "common/json_parts.h"
#include "common/text.h"
#include "sources/aws/endpoint.h"
#include "sources/http_url.h"

namespace assay::sources::aws {
namespace {

using nlohmann::json;

constexpr int kMost = 10;
constexpr std::chrono::seconds kLongestWait{20};

// "sqs.eu-west-1.amazonaws.com" names its region.
std::string region_of(const std::string& host) {
  if (!host.starts_with("sqs.")) return "";
  std::string region = host.substr(4, host.find('.', 4) - 4);
  return is_region(region) ? region : "";
}

// A URL that is none is told of by the first call.
Service service(const std::string& queue_url, std::string region, std::string endpoint) {
  auto url = parse_url(queue_url);
  if (region.empty() && url) region = region_of(url->host);
  if (endpoint.empty()) {
    auto found = endpoint_url("sqs", region, "", url ? url->scheme + "://" + url->place() : "");
    if (found) endpoint = *found;
  }
  return {"sqs", region, endpoint, "AmazonSQS", "1.0"};
}

int receives(const json& message) {
  auto found = message.find("Attributes");
  if (found == message.end() || !found->is_object()) return 1;
  std::string count = text_of(*found, "ApproximateReceiveCount");
  int out = 1;
  (void)std::from_chars(count.data(), count.data() + count.size(), out);
  return std::max(out, 1);
}

Result<std::vector<SqsMessage>> read_messages(const std::string& answer, const std::string& queue) {
  Error bad{Errc::corrupt, "queue " + queue + ": the answer is none of SQS's"};
  auto body = json::parse(answer, nullptr, false);
  if (!body.is_object()) return bad;
  std::vector<SqsMessage> out;
  auto found = body.find("Messages");
  if (found == body.end() || found->is_null()) return out;
  if (!found->is_array() || found->size() > kMost) return bad;
  for (const json& message : *found) {
    if (!message.is_object()) return bad;
    SqsMessage one{text_of(message, "MessageId"), text_of(message, "ReceiptHandle"), text_of(message, "Body"),
                   receives(message)};
    if (one.receipt.empty()) return bad;
    out.push_back(std::move(one));
  }
  return out;
}

Error named(const Error& error, const std::string& queue) {
  return error.context("queue " + printable(queue, 200));
}

}  // namespace

Sqs::Sqs(std::string queue_url, std::string region, std::string endpoint, CredentialChain& chain, int stop_fd)
    : queue_url_(std::move(queue_url)),
      client_(service(queue_url_, std::move(region), std::move(endpoint)), chain, stop_fd) {}

Result<std::vector<SqsMessage>> Sqs::receive(std::chrono::seconds wait) {
  auto url = parse_url(queue_url_);
  if (!url || url->path.size() < 2)
    return Error{Errc::invalid,
                 "queue \"" + printable(queue_url_, 200) +
                     "\": not a queue's URL, as https://sqs.eu-west-1.amazonaws.com/123456789012/NAME is"};
  wait = std::clamp(wait, std::chrono::seconds(0), kLongestWait);
  json ask{{"QueueUrl", queue_url_},
           {"MaxNumberOfMessages", kMost},
           {"WaitTimeSeconds", wait.count()},
           {"AttributeNames", {"ApproximateReceiveCount"}}};
  auto answer = client_.call("ReceiveMessage", ask.dump());
  if (!answer) return named(answer.error(), queue_url_);
  return read_messages(*answer, printable(queue_url_, 200));
}

Status Sqs::remove(const std::string& receipt) {
  json ask{{"QueueUrl", queue_url_}, {"ReceiptHandle", receipt}};
  auto answer = client_.call("DeleteMessage", ask.dump(-1, ' ', false, json::error_handler_t::replace));
  if (!answer) return named(answer.error(), queue_url_);
  return Status();
}

}  // namespace assay::sources::aws
