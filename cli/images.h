// images: what sources have and what a filter takes of it, looked up from this host. The walk; the verb and
// its words are in images.cc.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "common/result.h"
#include "scheduler/sweeps/filter.h"
#include "sources/source.h"

namespace assay::cli {

struct ImagesWish {
  sweeps::Filter filter;
  bool platforms = false;  // ask what is behind each image: one or more requests an image
  int64_t now_ns = 0;
};

/// An image that the filter takes; one for each platform where those were asked for.
struct ImageFound {
  sources::Repository repository;
  sources::TaggedImage image;
  std::string platform;
};

struct ImagesCounts {
  uint64_t repositories = 0, left_out_repositories = 0, images = 0, left_out = 0, undated = 0, failed = 0;
};

struct ImagesSink {
  /// Those of one repository, newest first.
  std::function<void(const std::vector<ImageFound>&)> found;
  std::function<void(const std::string& line)> note;  // what went wrong or is waited for
  std::function<void(const ImagesCounts&)> progress;
};

/// Goes through a source; what fails of one repository or image is told and counted, and the rest goes on. A
/// source that asks to be left alone is waited for, a bounded number of times. Errors: of the source as a
/// whole, and cancelled.
Status walk_source(sources::Source& source, const ImagesWish& wish, const ImagesSink& sink, int stop_fd,
                   ImagesCounts& counts);

}  // namespace assay::cli
