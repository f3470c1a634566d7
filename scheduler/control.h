// control: how a program on the scheduler's own host (`assay-scheduler backup`) gets a checkpoint of the
// store that the scheduler has open: over a socket in the data directory, answered only to root and to the
// scheduler's own user, on a thread of its own, so that the loop never waits. A checkpoint is there as long
// as the connection.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>

#include "common/fd.h"
#include "common/result.h"
#include "scheduler/store.h"

namespace assay {

/// In the data directory.
inline constexpr char kControlFile[] = "control", kCheckpoints[] = "checkpoints",
                      kLastBackup[] = "last-backup";

class Control {
 public:
  /// Removes what one before it has left (checkpoints of backups too), and listens. `store` is borrowed until
  /// the destructor returns. Errors name the file.
  /// `backed_up` is told when a checkpoint has become a backup, on another thread; and at once when the last
  /// one before this start did.
  using BackedUp = std::function<void(std::chrono::system_clock::time_point)>;
  static Result<Control> start(const Store& store, const std::filesystem::path& data,
                               BackedUp backed_up = {});
  Control(Control&&) noexcept = default;
  Control& operator=(Control&&) = delete;
  ~Control();  // ends who is served: their checkpoint goes

 private:
  Control(Fd stop, std::filesystem::path file) : stop_(std::move(stop)), file_(std::move(file)) {}
  Fd stop_;
  std::filesystem::path file_;
  std::thread thread_;
};

/// The other side: a checkpoint that a running scheduler has made, and keeps while this lives.
class HeldCheckpoint {
 public:
  /// Nothing: no scheduler listens there. Errors: the scheduler's own, denied, timeout.
  static Result<std::optional<HeldCheckpoint>> ask(const std::filesystem::path& data);

  const std::filesystem::path& path() const { return path_; }
  /// Whether the scheduler has kept it until now.
  bool still_there() const;
  /// It became a backup: the scheduler's log says so.
  void used_for(std::string_view backup);

 private:
  HeldCheckpoint(Fd connection, std::filesystem::path path)
      : connection_(std::move(connection)), path_(std::move(path)) {}
  Fd connection_;
  std::filesystem::path path_;
};

}  // namespace assay
