// executables: which programs an image holds and which of them ran: the coverage that a report tells, and the
// order in which the second pass starts those that never did. Reads the image's files, a few at a time; what
// ran it learns from events.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "agent/provoke/image_files.h"
#include "common/event.h"
#include "common/result.h"
#include "common/trace.h"

namespace assay {

class Executables {
 public:
  static constexpr size_t kMaxEntries = 400'000;  // looked at; kMaxFound: kept
  static constexpr size_t kMaxFound = 50'000;
  static constexpr size_t kMaxRan = 50'000;

  /// `files` is borrowed.
  explicit Executables(const ImageFiles& files);
  /// Walks on until `until`; true once the whole image has been seen.
  bool look(std::chrono::steady_clock::time_point until);
  /// From start and exec events: the program, and the script that an interpreter was given. Whatever descends
  /// from the starter (see common/starter.h) was provoked; a start begins a new container.
  void note(const Event& event);
  /// From here on, whatever runs was provoked.
  void provoked() { provoked_ = true; }
  bool has_run(const std::string& path) const { return ran_.contains(path); }
  Coverage coverage() const;
  /// Those that have not run yet and may be started, the image's own first, a distribution's base last.
  std::vector<std::string> never_ran() const;

 private:
  void look_into(const std::string& dir);
  void ran(const std::string& path, bool by_itself);
  const ImageFiles& files_;
  std::vector<std::string> dirs_{"/"};  // still to be walked
  std::vector<std::string> found_;
  size_t entries_ = 0;
  bool provoked_ = false;
  std::unordered_set<int32_t> ours_;             // guest processes that descend from the starter
  std::map<std::string, std::string> resolved_;  // path as executed -> in the image, "" if it is not in it
  std::map<std::string, bool> ran_;              // path in the image -> by itself
};

/// Where a file came from, in the order in which the second pass starts what never ran.
enum class Origin { own, package, base };  // base: of a package that every system of its distribution has
/// Files that dpkg and apk have installed, as far as the image's databases say. Bounded.
std::unordered_map<std::string, Origin> packaged_files(const ImageFiles& files);
/// Whether starting a program could only disturb the run: it ends the machine or other processes, rewrites
/// accounts, or prints without end.
bool may_be_started(std::string_view path);

}  // namespace assay
