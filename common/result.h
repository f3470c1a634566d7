// Result<T>: a value or an Error, for everything that can fail on input, system or network.
// A broken invariant is not an Error: it asserts. Context is added once, at the boundary, with context().
//
//   Result<Digest> d = Digest::parse(text);
//   if (!d) return d.error();
//   ASSAY_TRY(auto fd, open_file(path));   // the same, in one line
#pragma once

#include <cassert>
#include <string>
#include <utility>
#include <variant>

namespace assay {

enum class Errc {
  invalid,      // the input breaks a rule
  not_found,    // the named thing does not exist
  unreachable,  // a peer did not answer
  denied,       // a peer or the kernel refused
  corrupt,      // stored or received bytes do not match their digest or format
  unsupported,  // understood, but not something that can be done here
  no_space,     // a disk, directory or quota is full
  limit,        // a bound of ours was hit
  conflict,     // what was to be changed is not as it was thought to be
  busy,         // a peer asks to be left alone for a while (HTTP 429)
  timeout,
  cancelled,
  io,  // any other failure of the system
};

/// "invalid", "not_found"...
const char* to_string(Errc code);

struct Error {
  Errc code;
  std::string what;  // one line: what failed, on which input, what to do

  /// The same error, told from further out: "prefix: what".
  Error context(const std::string& prefix) const { return {code, prefix + ": " + what}; }
};

/// errno as an Error: "what: No such file or directory". ENOSPC and EDQUOT become no_space, ENOENT not_found,
/// EPERM and EACCES denied; the rest io.
Error errno_error(const std::string& what, int errno_value);
Error errno_error(const std::string& what);  // with the current errno

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return state_.index() == 0; }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(value()); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const Error& error() const {
    assert(state_.index() == 1);
    return *std::get_if<1>(&state_);
  }
  Result context(const std::string& prefix) && {
    if (*this) return std::move(*this);
    return error().context(prefix);
  }

 private:
  T& value() {
    assert(state_.index() == 0);
    return *std::get_if<0>(&state_);
  }
  const T& value() const {
    assert(state_.index() == 0);
    return *std::get_if<0>(&state_);
  }
  std::variant<T, Error> state_;
};

/// Success without a value: `return Status();`
struct Ok {};
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() : state_(Ok{}) {}
  Result(Error error) : state_(std::move(error)) {}
  explicit operator bool() const { return state_.index() == 0; }
  const Error& error() const {
    assert(state_.index() == 1);
    return *std::get_if<1>(&state_);
  }
  Result context(const std::string& prefix) && {
    if (*this) return std::move(*this);
    return error().context(prefix);
  }

 private:
  std::variant<Ok, Error> state_;
};
using Status = Result<void>;

#define ASSAY_CONCAT_(a, b) a##b
#define ASSAY_CONCAT(a, b) ASSAY_CONCAT_(a, b)
/// Declares `var` from a Result, or returns its error from the enclosing function.
#define ASSAY_TRY(var, expr)                                                            \
  auto ASSAY_CONCAT(result_, __LINE__) = (expr);                                        \
  if (!ASSAY_CONCAT(result_, __LINE__)) return ASSAY_CONCAT(result_, __LINE__).error(); \
  var = std::move(*ASSAY_CONCAT(result_, __LINE__))
/// Returns the error of a Status, or goes on.
#define ASSAY_CHECK(expr)                 \
  do {                                    \
    auto status_ = (expr);                \
    if (!status_) return status_.error(); \
  } while (false)

}  // namespace assay
