// Three states: away, greeting (a Hello was said, or is due), up.
#include "agent/session.h"

#include <algorithm>

namespace assay {
namespace {

// An answer to what was said before the last Hello is on the way for no longer than this.
constexpr std::chrono::milliseconds kStale{1000};

}  // namespace

Session::Say Session::next(Time now) {
  if (away_ || now < due_) return Say::nothing;
  if (up_) {
    due_ = now + kBeat;
    return Say::want;
  }
  due_ = now + wait_;
  hello_ = now;
  wait_ = std::min(wait_ * 2, kLongestWait);
  return Say::hello;
}

void Session::hurry(Time now) {
  if (up_) due_ = std::min(due_, now);
}

void Session::greet(Time now) {
  up_ = false;
  wait_ = kBeat;
  due_ = now;
}

void Session::connected(Time now) {
  away_ = false;
  greet(now);
}

void Session::disconnected() {
  away_ = true;
  up_ = false;
}

void Session::asked_who(Time now) {
  if (up_ || now - hello_ >= kStale) greet(now);
}

bool Session::welcomed(Time now) {
  if (up_) return false;
  away_ = false;
  up_ = true;
  ++welcomes_;
  wait_ = kBeat;
  due_ = now;
  return true;
}

void Session::refused(Time now) {
  up_ = false;
  wait_ = kLongestWait;
  due_ = now + wait_;
}

}  // namespace assay
