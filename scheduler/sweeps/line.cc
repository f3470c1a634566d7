// A DEALER with one question out at most.
#include "scheduler/sweeps/line.h"

#include <nlohmann/json.hpp>

#include "common/log.h"
#include "common/text.h"

namespace assay::sweeps {
namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds kAgain{1000};

// Why it is to be asked again later, or empty.
std::string why_later(const wire::Message& message) {
  if (const auto* refused = std::get_if<wire::Refused>(&message)) {
    bool passes = refused->code == to_string(Errc::no_space) || refused->code == to_string(Errc::limit) ||
                  refused->code == to_string(Errc::busy);
    return passes ? refused->reason : "";
  }
  const auto* answer = std::get_if<wire::Answer>(&message);
  if (answer == nullptr || (answer->status != 429 && answer->status != 503 && answer->status != 507))
    return "";
  return answer->body;
}

}  // namespace

Result<Line> Line::open(const Context& context, const std::string& endpoint) {
  ASSAY_TRY(Socket socket, Socket::open(context, Socket::Type::dealer));
  ASSAY_CHECK(socket.connect(endpoint));
  return Line(std::move(socket));
}

void Line::say(wire::Message message, bool patient, Answered answered) {
  questions_.push_back({wire::encode(message), patient, std::move(answered)});
}

void Line::ask(std::string_view op, std::string body, bool patient,
               std::function<void(const wire::Answer&)> answered) {
  say(wire::Ask{std::string(op), std::move(body)}, patient,
      [answered = std::move(answered)](const wire::Message& message) {
        const auto* answer = std::get_if<wire::Answer>(&message);
        answered(answer != nullptr ? *answer : wire::Answer{500, "{}"});
      });
}

Status Line::turn(Time now) {
  for (;;) {
    if (questions_.empty()) return Status();
    if (!asked_) {
      if (now < again_) return Status();
      // The loop is gone, or so far behind that it takes nothing: later.
      if (!socket_.send(questions_.front().frame)) {
        again_ = now + kAgain;
        return Status();
      }
      asked_ = true;
    }
    ASSAY_TRY(auto frames, socket_.receive());
    if (!frames) return Status();
    ASSAY_TRY(wire::Message message, wire::decode(frames->back()));
    asked_ = false;
    std::string later = questions_.front().patient ? why_later(message) : "";
    if (!later.empty() && stuck_.empty()) spdlog::warn("event=sweeps_wait why=\"{}\"", printable(later, 300));
    stuck_ = std::move(later);
    if (!stuck_.empty()) {
      again_ = now + kAgain;
      return Status();
    }
    Answered answered = std::move(questions_.front().answered);
    questions_.pop_front();
    answered(message);
  }
}

std::optional<Time> Line::next_time() const {
  if (questions_.empty() || asked_) return std::nullopt;
  return again_;
}

std::string records_body(const std::vector<StoreOp>& ops) {
  json list = json::array();
  for (const StoreOp& op : ops) {
    json one = {{"key", op.key}, {"value", op.remove ? json() : json(op.value)}};
    if (!op.end.empty()) one["end"] = op.end;
    list.push_back(std::move(one));
  }
  return json{{"ops", std::move(list)}}.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace assay::sweeps
