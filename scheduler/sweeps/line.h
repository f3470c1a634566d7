// line: the sweeper's talk with the scheduler's loop: one question at a time, in order, each with what is to
// be done with its answer. A question that is refused for lack of room, or because too much is under way, is
// asked again until it is taken. One thread's; never blocks.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <string>

#include "common/loop.h"
#include "common/wire.h"
#include "scheduler/sweeps/run.h"

namespace assay::sweeps {

class Line {
 public:
  static Result<Line> open(const Context& context, const std::string& endpoint);

  using Answered = std::function<void(const wire::Message&)>;
  /// `patient`: asked again as above; else whatever the answer is, it is the answer.
  void say(wire::Message message, bool patient, Answered answered);
  /// wire::Ask, whose answers are Answers.
  void ask(std::string_view op, std::string body, bool patient,
           std::function<void(const wire::Answer&)> answered);

  size_t waiting() const { return questions_.size(); }
  /// Why the question in front is not taken, or empty.
  const std::string& stuck() const { return stuck_; }
  const Socket& socket() const { return socket_; }
  /// Takes what came, says what is next.
  Status turn(Time now);
  /// When turn() has something to say again.
  std::optional<Time> next_time() const;

 private:
  struct Question {
    std::string frame;
    bool patient = false;
    Answered answered;
  };
  explicit Line(Socket socket) : socket_(std::move(socket)) {}

  Socket socket_;
  std::deque<Question> questions_;
  bool asked_ = false;  // the first of them
  Time again_{};
  std::string stuck_;
};

/// {"ops": [...]} as ask::kSweepRecords takes it.
std::string records_body(const std::vector<StoreOp>& ops);

}  // namespace assay::sweeps
