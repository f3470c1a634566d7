// Lanes take turns, so that no host waits for another's backlog.
#include "scheduler/sweeps/run.h"

#include <algorithm>

namespace assay::sweeps {

void Quiet::leave(const std::string& host, Time until) {
  auto [it, fresh] = hosts_.emplace(host, until);
  it->second = std::max(it->second, until);
}

std::optional<Time> Quiet::until(const std::string& host, Time now) const {
  auto it = hosts_.find(host);
  if (it == hosts_.end() || it->second <= now) return std::nullopt;
  return it->second;
}

const std::map<std::string, Time>& Quiet::all(Time now) {
  std::erase_if(hosts_, [&](const auto& host) { return host.second <= now; });
  return hosts_;
}

bool RunList::add(Listing listing) {
  if (listing.is_source)
    ++sources_open_;
  else if (!known_.insert(listing.repository.str()).second)
    return false;
  lanes_[{listing.source, listing.repository.host}].push_back(std::move(listing));
  return true;
}

std::optional<Listing> RunList::next(Time now, const Quiet& quiet) {
  while (!delayed_.empty() && delayed_.begin()->first <= now) {
    Listing& due = delayed_.begin()->second;
    lanes_[{due.source, due.repository.host}].push_back(std::move(due));
    delayed_.erase(delayed_.begin());
  }
  auto start = lanes_.upper_bound(last_);
  for (size_t i = 0; i < lanes_.size(); ++i, ++start) {
    if (start == lanes_.end()) start = lanes_.begin();
    const auto& [source, host] = start->first;
    if (start->second.empty() || out_of_[source] >= parallel_ || quiet.until(host, now)) continue;
    last_ = start->first;
    Listing listing = std::move(start->second.front());
    start->second.pop_front();
    ++out_of_[source];
    ++out_;
    return listing;
  }
  return std::nullopt;
}

void RunList::gone(const Listing& listing) {
  --out_of_[listing.source];
  --out_;
}

void RunList::done(const Listing& listing) {
  gone(listing);
  if (listing.is_source) --sources_open_;
}

bool RunList::again(Listing listing, Time now) {
  if (++listing.failures >= tries_.most) return done(listing), false;
  gone(listing);
  auto delay = tries_.first_delay;
  for (unsigned i = 1; i < listing.failures; ++i) delay *= 4;
  delayed_.emplace(now + delay, std::move(listing));
  return true;
}

bool RunList::busy(Listing listing, bool got_further) {
  listing.refusals = got_further ? 0 : listing.refusals + 1;
  if (listing.refusals >= tries_.busy_most) return done(listing), false;
  back(std::move(listing));
  return true;
}

void RunList::back(Listing listing) {
  gone(listing);
  lanes_[{listing.source, listing.repository.host}].push_front(std::move(listing));
}

std::vector<Listing> RunList::drain() {
  std::vector<Listing> out;
  for (auto& [lane, waiting] : lanes_) std::move(waiting.begin(), waiting.end(), std::back_inserter(out));
  for (auto& [due, listing] : delayed_) out.push_back(std::move(listing));
  lanes_.clear();
  delayed_.clear();
  for (const Listing& listing : out) sources_open_ -= listing.is_source ? 1 : 0;
  return out;
}

size_t RunList::waiting() const {
  size_t count = delayed_.size();
  for (const auto& [lane, waiting] : lanes_) count += waiting.size();
  return count;
}

std::optional<Time> RunList::next_time(Time now, const Quiet& quiet) const {
  std::optional<Time> first;
  auto consider = [&](Time time) { first = first ? std::min(*first, time) : time; };
  if (!delayed_.empty()) consider(delayed_.begin()->first);
  for (const auto& [lane, waiting] : lanes_) {
    auto out = out_of_.find(lane.first);
    if (waiting.empty() || (out != out_of_.end() && out->second >= parallel_)) continue;
    consider(quiet.until(lane.second, now).value_or(now));
  }
  return first;
}

std::string RunList::str() const {
  return "waiting " + std::to_string(waiting() - delayed_.size()) + " delayed " +
         std::to_string(delayed_.size()) + " out " + std::to_string(out_);
}

}  // namespace assay::sweeps
