// contents: what the files of one scan are by their contents: those that the guest left behind, and those
// that it executed, the image's own included. Types, similarity and YARA matches are the inspector's word;
// here is decided which files it is shown, and what is told of them. After the guest has ended, but for
// note().
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "agent/inspector.h"
#include "agent/kept_executables.h"
#include "agent/rootfs.h"
#include "common/event.h"
#include "common/trace.h"

namespace assay {

class Contents {
 public:
  static constexpr size_t kMaxExecuted = 4096;

  /// Borrows both.
  static Result<Contents> open(const Rootfs& rootfs, const YaraRules& rules, const InspectLimits& limits);

  KeptExecutables& kept() { return *kept_; }
  /// A start or exec event, with its origin.
  void note(const Event& event);
  /// The body of a program that ran from memory: `path` as its exec event names it, `file` as we have it.
  void note_body(const std::string& path, Fd file);
  /// A `file` event of the harvest gets its type, similarity and matches. Errors: cancelled; no inspector.
  Status fill(Event& event);
  /// After all of fill(): a `file` event with call = "executed" for each executed file of which there is
  /// something to tell and that was not left behind, and a note for each file that was not inspected.
  /// Beside the event comes the file, open for reading, where it is not the image's own and lies nowhere any
  /// more; else none.
  Status finish(const std::function<void(Event, Fd)>& emit);
  /// What was not inspected counts as lost: who wants to stay unseen could kill the inspector. Not so the
  /// image's own files for which there was no time: no promise is made of all that an image has.
  void account(SourceCount& harvest) const;

 private:
  struct Executed {
    Event event;          // of its first execution
    bool script = false;  // given to an interpreter, which was executed
  };
  Contents(Fd image, Fd merged, Fd upper, const YaraRules& rules, const InspectLimits& limits);
  Status inspect(int fd, Event& event);
  Status executed(const Executed& file, const std::function<void(Event, Fd)>& emit);
  Fd find(Executed& file) const;
  void not_inspected(const std::string& path, const std::string& why);

  Fd image_, merged_, upper_;
  Inspector inspector_;
  std::unique_ptr<KeptExecutables> kept_;     // where the tracer finds it, wherever we are moved to
  std::map<std::string, Executed> executed_;  // by digest, or path where there is none
  std::map<std::string, Fd> bodies_;          // of programs that ran from memory, by path
  std::set<std::string> left_;                // digest and path of files that were left behind
  std::map<std::string, Inspection> known_;   // by digest and path
  std::vector<Event> notes_;
  uint64_t executed_left_out_ = 0, unreachable_ = 0, own_skipped_ = 0;
};

}  // namespace assay
