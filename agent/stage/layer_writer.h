// layer_writer: puts files into a layer that will lie above an image, as if the image had brought them: each
// goes where the image's own links lead, below directories that keep the image's owners, modes and times.
// Reads the image, which is hostile, and never leaves it; writes only below its layer. Serves trust and
// plant.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "common/fd.h"
#include "common/result.h"

namespace assay {

class LayerWriter {
 public:
  /// Of a file that is put. Directories that neither image nor layer has get the same owner, and 0755, or
  /// 0700 where nobody else may read the file.
  struct Owner {
    uint32_t mode = 0644, uid = 0, gid = 0;
  };
  enum class Existing { keep, replace };
  struct File {
    std::string content;
    Owner owner;
  };
  /// Where a path leads once all links are followed.
  struct Place {
    std::string path;       // without a leading slash and without links; empty: the root
    bool exists = false;    // in layer or image; directories on the way need not
    struct stat status {};  // if it does
  };

  /// Both are directories.
  static Result<LayerWriter> open(const std::filesystem::path& image_root,
                                  const std::filesystem::path& layer);

  /// Errc::conflict where something other than a directory stands in the way, or links lead in circles.
  Result<Place> locate(const std::string& path) const;
  /// A regular file as the guest will see it. Errc::not_found; Errc::limit when it is larger.
  Result<File> read(const std::string& path, size_t limit_bytes) const;
  /// Errc::conflict where something exists there already; a regular file is replaced when told so, and keeps
  /// its time. Other files get that of the nearest directory that the image has.
  Status put(const std::string& path, std::string_view content, const Owner& owner,
             Existing existing = Existing::keep);

 private:
  LayerWriter(Fd image, Fd layer) : image_(std::move(image)), layer_(std::move(layer)) {}
  Result<Fd> open_entry(const std::string& path) const;
  Result<std::pair<Fd, struct stat>> make_directory(const Fd& parent, const std::string& path,
                                                    const struct stat& parent_status, const Owner& owner);
  Status write(const Fd& parent, const std::string& name, std::string_view content, const Owner& owner,
               const timespec& time);
  Fd image_, layer_;
};

/// What an image has made impossible is its loss; what failed on our side is an error of the scan.
bool is_our_failure(const Status& put);

}  // namespace assay
