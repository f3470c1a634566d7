// scoring: a thread that turns whole traces into reports, so that agents are never kept waiting for it. Takes
// scan ids and gives back reports; keeps nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <thread>

#include "common/fd.h"
#include "common/loop.h"
#include "common/result.h"
#include "scheduler/score/rules.h"
#include "scheduler/store.h"

namespace assay {

struct Scored {
  std::string scan_id;
  std::string error;  // empty: there is a report
  std::string verdict;
  int32_t score = 0;
  std::string report;  // JSON
};

class Scoring {
 public:
  /// `store` and `rules` are borrowed until this object's end.
  static Result<Scoring> start(const Context& context, Store& store, const RuleSet& rules);
  Scoring(Scoring&&) = default;
  Scoring& operator=(Scoring&&) = delete;
  ~Scoring();  // waits for the scan in work; those behind it stay unscored

  Status request(const std::string& scan_id);
  /// What has been scored since, one a call; nothing when there is no more.
  Result<std::optional<Scored>> take();
  /// Readable when there is something to take.
  const Socket& socket() const { return socket_; }

 private:
  Scoring(Socket socket, Fd stop) : socket_(std::move(socket)), stop_(std::move(stop)) {}

  Socket socket_;
  Fd stop_;
  std::thread thread_;
};

}  // namespace assay
