// packages: who owns which file of an image, by the image's own package databases (dpkg, also distroless; apk;
// rpm). Here their files are gathered, within bounds and without a look inside; assay-inspect reads them. What
// came of it is kept on the host by the image's layers. Feeds file_context.
#pragma once

#include <filesystem>
#include <future>
#include <string>
#include <vector>

#include "agent/inspect/wire/packages.h"
#include "agent/inspector_child.h"
#include "common/digest.h"
#include "common/result.h"

namespace assay {

struct PackagesOrder {
  std::filesystem::path image;            // Rootfs::image()
  std::filesystem::path kept_dir;         // of indexes, shared by all scans of this host
  std::vector<Digest> layers;             // diffIDs, base first: what an index is kept by
  const InspectorProgram* program = nullptr;  // borrowed; null: nothing is read
  int cancel_fd = -1;
};

/// Kept, or read now. Empty where the image has no database. Errors: cancelled; the inspector died of it, or
/// took too long.
Result<inspect::PackageIndex> image_packages(const PackagesOrder& order);

/// The same, on a thread of its own, which the future waits for.
std::future<Result<inspect::PackageIndex>> packages_in_background(PackagesOrder order);

/// The files of the databases below `root_fd`, whole or not at all.
std::vector<inspect::DatabaseFile> gather_databases(int root_fd);

}  // namespace assay
