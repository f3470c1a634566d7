// unpack: layer blobs into the host's layer store, once per host: layers/<diffID hex>/, ready to be an
// overlayfs lower directory. Safe against hostile tars: nothing is ever written outside the layer's
// directory, sizes and counts are bounded, devices are neutral.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "agent/pull.h"
#include "common/result.h"

namespace assay {

struct UnpackLimits {
  uint64_t layer_bytes = 16ull << 30;
  uint64_t layer_entries = 2'000'000;
};

class LayerStore {
 public:
  static Result<LayerStore> open(const std::filesystem::path& dir);
  /// Whether unpack() would find it.
  bool has(const PulledLayer& layer) const;
  /// The layer's directory; unpacked now unless the store has it. Verifies the blob's digest and the diffID.
  /// Atomic: a crash or an error leaves no half layer. Errors: corrupt, no_space, limit, invalid (hostile
  /// entry), each naming layer and entry.
  Result<std::filesystem::path> unpack(const PulledLayer& layer, const UnpackLimits& limits,
                                       int cancel_fd = -1);

 private:
  explicit LayerStore(std::filesystem::path dir) : dir_(std::move(dir)) {}
  std::filesystem::path dir_;
};

}  // namespace assay
