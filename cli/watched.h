// watched: the scans that a command follows, and how far they are: kept up to date from what the scheduler
// says (records are the truth, events are hints). Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "cli/answers.h"
#include "cli/options.h"

namespace assay::cli {

/// What one ended scan means for the exit code. One with an expectation is measured by that alone: met 0,
/// missed 10 (11 when it is inconclusive instead). Else the gate decides. Failed and cancelled scans are 1.
Exit exit_of(const ScanView& scan, Gate gate);
/// An ended scan without the verdict that was expected of it.
bool missed_expectation(const ScanView& scan);

class Watched {
 public:
  struct Entry {
    ScanView scan;
    std::string phase;  // of the running attempt; empty: not known
  };

  /// A record replaces what was known, or adds a scan. True: it has ended, and had not before.
  bool set(const ScanView& scan);
  /// The same for an event. One of a scan that is not watched, or has ended, changes nothing: it comes late.
  bool apply(const FarmEvent& event);

  const Entry* find(const std::string& scan_id) const;
  const std::map<std::string, Entry>& entries() const { return entries_; }
  size_t total() const { return entries_.size(); }
  size_t ended() const { return ended_; }
  bool all_ended() const { return ended_ == entries_.size(); }

  /// Of the ended ones, by verdict, or by state where there is none.
  Counts outcomes() const;
  Counts states() const;
  /// The worst of all that have ended.
  Exit exit(Gate gate) const;

 private:
  std::map<std::string, Entry> entries_;  // by scan id: oldest first
  size_t ended_ = 0;
};

/// What a terminal shows of it while it lasts, redrawn in place: how far, how it went, what runs now. Lines
/// of at most `width` columns.
std::vector<std::string> watch_block(const Watched& watched, int64_t elapsed_s, unsigned width);
/// The same in one line, for a log.
std::string watch_line(const Watched& watched);
/// What an interrupted command says: what goes on without it, and how to come back to it.
std::string still_going(const Watched& watched);

}  // namespace assay::cli
