// run: the pure state of one run: which sources and repositories wait to be listed, what is handed out next,
// what is tried again and when, and when all of it is done. Takes `now`; knows no thread, socket or disk.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "scheduler/sweeps/listing.h"

namespace assay::sweeps {

using Time = std::chrono::steady_clock::time_point;

/// Hosts that asked to be left alone.
class Quiet {
 public:
  /// The later of two ends stands.
  void leave(const std::string& host, Time until);
  /// Nothing once that time has come.
  std::optional<Time> until(const std::string& host, Time now) const;
  /// Those that are quiet still, with their ends; forgets the others.
  const std::map<std::string, Time>& all(Time now);

 private:
  std::map<std::string, Time> hosts_;
};

struct Tries {
  unsigned most = 3;                            // before it has failed
  std::chrono::milliseconds first_delay{5000};  // then four times as long, each time
  /// Of one repository, without anything got in between: a registry that says no for ever.
  unsigned busy_most = 20;
};

class RunList {
 public:
  RunList(unsigned parallel, Tries tries) : parallel_(parallel), tries_(tries) {}

  /// A source as a whole, or one repository of it, waits. False: a repository that was added before.
  bool add(Listing listing);
  /// It needs no listing: it is on record.
  void know(const std::string& repository) { known_.insert(repository); }
  bool knows(const std::string& repository) const { return known_.contains(repository); }

  /// What is to be listed now, or nothing. It is out until it is given back to one of those below.
  std::optional<Listing> next(Time now, const Quiet& quiet);
  /// Done with, well or not.
  void done(const Listing& listing);
  /// It could not be listed, and waits for its next try. False: that was the last one; it is done with.
  bool again(Listing listing, Time now);
  /// Its host is busy: next when that is over. False: it has been so too often; it is done with.
  bool busy(Listing listing, bool got_further);
  /// It was called back for no fault of its own: it is next.
  void back(Listing listing);

  /// What waits waits no more.
  std::vector<Listing> drain();
  bool finished() const { return waiting() == 0 && out_ == 0; }
  size_t waiting() const;
  size_t sources_open() const { return sources_open_; }
  size_t out() const { return out_; }
  /// When next() may have more than now, if nothing comes back before; nothing: not before.
  std::optional<Time> next_time(Time now, const Quiet& quiet) const;
  /// "waiting 3 delayed 1 out 2", for tests and logs.
  std::string str() const;

 private:
  using Lane = std::pair<size_t, std::string>;  // source and host
  void gone(const Listing& listing);

  unsigned parallel_;
  Tries tries_;
  std::set<std::string> known_;
  std::map<Lane, std::deque<Listing>> lanes_;
  std::multimap<Time, Listing> delayed_;
  std::map<size_t, unsigned> out_of_;  // by source
  size_t out_ = 0, sources_open_ = 0;
  Lane last_;  // that something was taken from: the next one comes first
};

}  // namespace assay::sweeps
