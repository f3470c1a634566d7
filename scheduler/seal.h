// seal: short secrets as they may lie in the store: AES-256-GCM, bound to the scan that they belong to. The
// key is in a file beside the store's own, readable by its owner alone, and a new one once nothing is sealed
// with it any more: what the store's log still holds of it then is of no use to anybody.
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <string_view>

#include "common/result.h"

namespace assay {

class Seal {
 public:
  /// With the key in the file; with a new one, which is written there, where there is none yet or `renew`.
  /// Errors name the file: denied, io, corrupt (it is no such key).
  static Result<Seal> open(const std::filesystem::path& key_file, bool renew);
  /// With a new key that is written nowhere. Errc::io: the kernel gives no randomness.
  static Result<Seal> ephemeral();

  Result<std::string> seal(std::string_view scan_id, std::string_view secret) const;
  /// Errc::corrupt: it was not sealed with this key, or not for this scan.
  Result<std::string> unseal(std::string_view scan_id, std::string_view sealed) const;

 private:
  using Key = std::array<uint8_t, 32>;
  explicit Seal(const Key& key) : key_(key) {}
  Key key_;
};

}  // namespace assay
