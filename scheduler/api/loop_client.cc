// Wire messages over a DEALER.
#include "scheduler/api/loop_client.h"

namespace assay::api {
namespace {

// The code that the text names; io for one of nobody's.
Errc code_of(const std::string& text) {
  for (int i = 0; i <= static_cast<int>(Errc::io); ++i)
    if (text == to_string(static_cast<Errc>(i))) return static_cast<Errc>(i);
  return Errc::io;
}

Error unexpected(const wire::Message& message) {
  if (const auto* refused = std::get_if<wire::Refused>(&message))
    return {code_of(refused->code), refused->reason};
  return {Errc::io, "the scheduler's loop gave an answer to something else"};
}

}  // namespace

Result<LoopClient> LoopClient::open(const Context& context, const std::string& endpoint, int stop_fd) {
  ASSAY_TRY(Socket socket, Socket::open(context, Socket::Type::dealer));
  ASSAY_CHECK(socket.connect(endpoint));
  return LoopClient(std::move(socket), stop_fd);
}

Status LoopClient::send(const wire::Message& message) { return socket_.send(wire::encode(message)); }

Result<std::optional<wire::Message>> LoopClient::poll() {
  ASSAY_TRY(auto frames, socket_.receive());
  if (!frames) return std::optional<wire::Message>();
  ASSAY_TRY(wire::Message message, wire::decode(frames->back()));
  return std::optional(std::move(message));
}

Result<wire::Message> LoopClient::receive(std::chrono::milliseconds timeout) {
  auto deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    ASSAY_TRY(auto message, poll());
    if (message) return std::move(*message);
    auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0)
      return Error{Errc::timeout,
                   "the scheduler's loop did not answer within " + std::to_string(timeout.count()) + " ms"};
    std::vector<WaitFor> items = {WaitFor(socket_), WaitFor(stop_fd_)};
    ASSAY_CHECK(wait(items, left));
    if (items[1].ready && !items[0].ready) return Error{Errc::unreachable, "the scheduler is stopping"};
  }
}

Result<wire::Answer> LoopClient::ask(std::string_view op, const std::string& body,
                                     std::chrono::milliseconds timeout) {
  ASSAY_CHECK(send(wire::Ask{std::string(op), body}));
  ASSAY_TRY(wire::Message message, receive(timeout));
  if (auto* answer = std::get_if<wire::Answer>(&message)) return std::move(*answer);
  return unexpected(message);
}

Result<wire::Accepted> LoopClient::submit_once(std::vector<Submission> submissions,
                                               std::chrono::milliseconds timeout) {
  size_t count = submissions.size();
  ASSAY_CHECK(send(wire::Submit{std::move(submissions), false}));
  ASSAY_TRY(wire::Message message, receive(timeout));
  auto* accepted = std::get_if<wire::Accepted>(&message);
  if (accepted == nullptr) return unexpected(message);
  if (accepted->scan_ids.size() != count)
    return Error{Errc::io, "the scheduler's loop gave " + std::to_string(accepted->scan_ids.size()) +
                               " ids for " + std::to_string(count) + " scans"};
  return std::move(*accepted);
}

Result<std::vector<std::string>> LoopClient::submit(std::vector<Submission> submissions,
                                                    std::chrono::milliseconds timeout) {
  ASSAY_TRY(wire::Accepted accepted, submit_once(std::move(submissions), timeout));
  return std::move(accepted.scan_ids);
}

size_t frame_bytes(const Submission& s) {
  size_t bytes = 192 + s.job.ref.size() + s.job.auth_file.size() + s.tenant.size() + s.batch.size() +
                 s.expect.size() + s.once.size();
  for (const auto& [name, value] : s.labels) bytes += 64 + name.size() + value.size();
  return bytes;
}

}  // namespace assay::api
