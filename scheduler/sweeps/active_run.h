// active_run: what the sweeper knows of a run under way. All of it can be made anew from the store.
#pragma once

#include <array>
#include <deque>
#include <list>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "scheduler/sweeps/records.h"
#include "scheduler/sweeps/run.h"

namespace assay::sweeps {

/// A repository that was listed, until each of its images is decided on and all of that is on record.
struct Pending {
  RepositoryRecord record;
  size_t open = 0;          // of its items: not decided on
  std::vector<bool> fresh;  // of each item: there is a result that will not do
  bool counted = false;     // it was on record before, and says something else now
};

/// What became of an image, for others that are the same.
struct Fate {
  bool settled = false;
  Outcome outcome = Outcome::submitted;
  std::string scan_id, reason;
};

struct ActiveRun {
  ActiveRun(RunRecord run, Tries tries) : record(std::move(run)), list(record.spec.parallel, tries) {}

  using Image = std::pair<Pending*, size_t>;  // an item of it
  enum class Stage : uint8_t { listing, closing, scanning, ending };

  RunRecord record;
  std::vector<std::string> farm;  // platforms
  Stage stage = Stage::listing;
  bool paused = false;
  bool expired = false;  // its deadline has come
  bool removed = false;  // with its sweep: nothing more is written of it
  bool told_sources = false;
  bool must_cancel = false;  // it has expired, and what has not begun is not cancelled yet

  RunList list;
  std::map<std::string, RepositoryRecord> orphans;  // waiting on record; not yet named again by their source
  size_t finding = 0;                               // records of what was found, on their way to the disk

  std::list<Pending> pending;
  std::map<std::string, Fate> fates;       // by image_key()
  std::multimap<std::string, Image> same;  // those that wait for another's fate
  std::deque<Image> to_submit;
  std::deque<Pending*> to_record;
  size_t submitting = 0, recording = 0, rescoring = 0;  // on their way
  size_t singly = 0;  // so many are to be submitted one by one, to find out which is refused
  size_t asks = 0;    // answers that will come to this run

  uint64_t submitted = 0;
  std::array<uint64_t, 4> repositories{};  // on record, by RepositoryState
  std::array<uint64_t, 6> images{};        // by Outcome
  std::vector<std::string> open;           // scans that are not known to have ended
  size_t look_at = 0;
};

}  // namespace assay::sweeps
