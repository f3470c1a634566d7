// LayerPlace: where in a layer an entry of a hostile tar belongs, and the only way in which directories of a
// layer are opened.
#pragma once

#include <string>
#include <string_view>

#include "common/fd.h"
#include "common/result.h"

namespace assay {

struct LayerPlace {
  static constexpr size_t kMaxPathBytes = 4000, kMaxNameBytes = 255, kMaxDepth = 256;
  std::string dir, name;  // clean: no leading slash, no dots; name empty: the layer's root

  /// A leading slash is the layer's root. Errc::invalid for "..", Errc::limit for what is too long or too
  /// deep.
  static Result<LayerPlace> parse(std::string_view path);
};

/// The directory `path` (clean) below `root`. Errc::invalid when a symbolic link, a file or a mount is in the
/// way, not_found.
Result<Fd> open_layer_dir(int root, const std::string& path);

}  // namespace assay
