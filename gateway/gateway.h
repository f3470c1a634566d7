// gateway: the program put together: policies, cache, metrics, and the HTTP server that answers by them.
#pragma once

#include <memory>

#include "common/result.h"
#include "gateway/config.h"

namespace assay::gateway {

class Gateway {
 public:
  /// Serves until destroyed; that waits for the requests under way. Errors: a policy, token or certificate
  /// that cannot be used, an address that cannot be had.
  static Result<Gateway> start(const Settings& settings);
  Gateway(Gateway&&) noexcept;
  Gateway& operator=(Gateway&&) noexcept;
  ~Gateway();

  /// Policies and certificate anew; what is wrong is an error, and the old one stays in force.
  Status reload();
  int port() const;

 private:
  struct State;
  explicit Gateway(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// What Gateway::start() would read, read and checked; starts nothing.
Status check(const Settings& settings);

}  // namespace assay::gateway
