// spool: what this agent has recorded and the scheduler has not yet stored, on disk: a directory per attempt,
// DIR/<scan id>-<attempt>/, with a file per chunk, and `done` or `failed` (an encoded wire message) once the
// trace is whole. A file appears whole, by rename. Written by a scan's thread (SpoolWriter), read and emptied
// by the agent's loop (Spool).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "common/fd.h"
#include "common/result.h"
#include "common/wire.h"

namespace assay {

/// One attempt of a scan; names its directory.
struct AttemptKey {
  std::string scan_id;
  uint32_t attempt = 0;
  auto operator<=>(const AttemptKey&) const = default;
  std::string str() const { return scan_id + "-" + std::to_string(attempt); }
  /// Only what str() can write.
  static std::optional<AttemptKey> parse(std::string_view text);
};

class Spool {
 public:
  /// A whole attempt that an agent before this one has left: chunks first .. chunks-1, those of its archive
  /// included, then its end.
  struct Found {
    AttemptKey key;
    uint32_t first = 0, chunks = 0;
    uint64_t bytes = 0;
    std::string guard_hit{};  // what of, where its trace ended at a hit of the sandbox's guard
  };

  /// Made if need be; one agent at a time has it. Half attempts in it are deleted, names that are none of
  /// ours are left alone and logged. Errors: conflict (another agent has it), no_space, denied, io; each
  /// names the directory.
  static Result<Spool> open(const std::filesystem::path& dir);

  const std::filesystem::path& dir() const { return dir_; }
  /// As of open().
  const std::vector<Found>& found() const { return found_; }
  /// Nobody waits for what was found.
  void drop_found();
  /// Errc::not_found, corrupt or io: then the attempt cannot be shipped.
  Result<std::string> chunk(const AttemptKey& key, uint32_t index) const;
  /// The message that ends it: a wire::Done or wire::Failed, encoded.
  Result<std::string> end(const AttemptKey& key) const;
  /// Returns the bytes that are free again.
  uint64_t drop_chunk(const AttemptKey& key, uint32_t index) const;
  /// All of it. What cannot be removed is logged.
  void drop(const AttemptKey& key) const;
  /// Instead of whatever there is of it.
  Status replace(const wire::Failed& failed) const;

 private:
  explicit Spool(std::filesystem::path dir, Fd lock) : dir_(std::move(dir)), lock_(std::move(lock)) {}
  std::filesystem::path dir_;
  Fd lock_;
  std::vector<Found> found_;
};

/// One scan's way into the spool, on the scan's thread.
class SpoolWriter {
 public:
  /// An empty directory for the attempt. `reserve_bytes`: of free disk space, that writing leaves alone.
  static Result<SpoolWriter> create(const std::filesystem::path& spool, AttemptKey key,
                                    uint64_t reserve_bytes);

  /// On disk, synced, when it returns. Errc::no_space names the directory.
  Status chunk(uint32_t index, std::string_view bytes);
  /// Of chunks that nobody has been told of yet.
  void take_back(uint32_t first, uint32_t end);
  /// Whether `bytes` may be added that are worth less than a trace: the reserve stays whole.
  bool has_room(uint64_t bytes) const;
  Status done(const wire::Done& done);
  /// Its chunks are of no use then, and go.
  Status failed(const wire::Failed& failed);
  const std::filesystem::path& dir() const { return dir_; }

 private:
  SpoolWriter(std::filesystem::path dir, uint64_t reserve_bytes)
      : dir_(std::move(dir)), reserve_bytes_(reserve_bytes) {}
  std::filesystem::path dir_;  // of the attempt
  uint64_t reserve_bytes_;
};

}  // namespace assay
