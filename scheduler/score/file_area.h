// file_area: the part of a file system that a left file belongs to, in words that another run of the image
// has, too. Pure.
#pragma once

#include <string>

#include "scheduler/score/report.h"

namespace assay {

/// "/var/lib/app/*": its directory, of at most three parts. Empty: the file says nothing of the image's
/// behaviour, as caches and logs, which some runs leave and others do not.
std::string file_area(const FileChange& file);

}  // namespace assay
