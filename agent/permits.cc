// A short list, walked.
#include "agent/permits.h"

#include <algorithm>

namespace assay {

Status Permits::take(const std::string& key, const Need& need) {
  if (need.cpu_millis > capacity_.cpu_millis)
    return Error{Errc::limit, "the job needs " + std::to_string(need.cpu_millis) +
                                  "/1000 CPU, this agent has " + std::to_string(capacity_.cpu_millis)};
  if (need.memory_bytes > capacity_.memory_bytes)
    return Error{Errc::limit, "the job needs " + std::to_string(need.memory_bytes >> 20) +
                                  " MiB of memory, this agent has " +
                                  std::to_string(capacity_.memory_bytes >> 20) + " MiB for guests"};
  if (held_.size() >= capacity_.slots + prefetch_)
    return Error{Errc::limit, "all places of this agent are taken"};
  held_.push_back({key, need});
  return Status();
}

void Permits::ask(const std::string& key) {
  for (Held& held : held_)
    if (held.key == key && held.at == At::fetching) held.at = At::ready;
}

std::vector<std::string> Permits::grant() {
  std::vector<std::string> granted;
  for (Held& held : held_) {
    if (held.at != At::ready) continue;
    Need in_use = used();
    if (running() >= capacity_.slots || held.need.cpu_millis > capacity_.cpu_millis - in_use.cpu_millis ||
        held.need.memory_bytes > capacity_.memory_bytes - in_use.memory_bytes)
      break;
    held.at = At::running;
    granted.push_back(held.key);
  }
  return granted;
}

void Permits::end(const std::string& key) {
  std::erase_if(held_, [&](const Held& held) { return held.key == key; });
}

bool Permits::runs(const std::string& key) const {
  return std::any_of(held_.begin(), held_.end(),
                     [&](const Held& held) { return held.key == key && held.at == At::running; });
}

unsigned Permits::running() const {
  return static_cast<unsigned>(
      std::count_if(held_.begin(), held_.end(), [](const Held& held) { return held.at == At::running; }));
}

Need Permits::used() const {
  Need sum;
  for (const Held& held : held_) {
    if (held.at != At::running) continue;
    sum.cpu_millis += held.need.cpu_millis;
    sum.memory_bytes += held.need.memory_bytes;
  }
  return sum;
}

wire::Want Permits::offer() const {
  Need all;  // of every scan held: who was taken first has the first claim
  for (const Held& held : held_) {
    all.cpu_millis += held.need.cpu_millis;
    all.memory_bytes += held.need.memory_bytes;
  }
  size_t places = capacity_.slots + prefetch_;
  wire::Want want;
  want.credit = static_cast<uint32_t>(places - std::min(places, held_.size()));
  want.cpu_millis = capacity_.cpu_millis;
  want.memory_bytes = capacity_.memory_bytes;
  if (held_.size() < capacity_.slots && all.cpu_millis < capacity_.cpu_millis &&
      all.memory_bytes < capacity_.memory_bytes) {
    want.cpu_millis -= all.cpu_millis;
    want.memory_bytes -= all.memory_bytes;
  }
  return want;
}

}  // namespace assay
