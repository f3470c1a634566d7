// artifacts_pack: the chosen files as one zip archive, encrypted with the password that everybody in the
// field knows, so that no scanner on the way and no careless double click opens it.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "agent/artifacts.h"
#include "common/fd.h"
#include "common/result.h"
#include "common/trace.h"

namespace assay {

inline constexpr const char* kArtifactPassword = "infected";
inline constexpr const char* kArtifactManifest = "manifest.json";

struct ArtifactArchive {
  Fd file;  // gone from the disk once it is closed
  uint64_t bytes = 0;
  std::vector<Artifact> artifacts;  // as they lie in it
  uint64_t left_out = 0;
};

struct ArtifactOrder {
  std::filesystem::path upper;  // Rootfs::upper()
  std::filesystem::path dir;    // where the archive is made, of at most the limits' size
  std::string scan_id, image;   // for the manifest
  ArtifactLimits limits;
  std::chrono::milliseconds time{30'000};  // what is not packed by then is left out
  int cancel_fd = -1;                      // readable: Errc::cancelled
};

/// Zip with deflate and traditional (PKWARE) encryption, as `unzip -P infected` reads it: an entry a file,
/// then manifest.json with all of their paths. Where nothing is kept: `bytes` is 0. Files are opened without
/// following links, and hashed as they are read.
Result<ArtifactArchive> pack_artifacts(const ArtifactBook& book, const ArtifactOrder& order);

}  // namespace assay
