// policies: the policies that the gateway decides by, as their files say, read again together. Any thread may
// ask for one while they are read again: each gets a copy, so that a decision is by one policy.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/result.h"
#include "decisions/policy.h"

namespace assay::gateway {

class Policies {
 public:
  /// Errors name the file and what is wrong; Errc::invalid: no file, or two policies of one name.
  static Result<Policies> load(std::vector<std::string> files);
  Policies(Policies&&) noexcept;
  Policies& operator=(Policies&&) noexcept;
  ~Policies();

  /// All files anew, or all stay as they were.
  Status reload();
  /// Of that name; empty: the first file's. Errc::not_found lists the names that there are.
  Result<decisions::Policy> find(const std::string& name) const;

 private:
  struct State;
  explicit Policies(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace assay::gateway
