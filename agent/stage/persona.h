// persona: what a guest finds around it beside honeytokens: the environment variables, files and host names
// of the place that it is made to believe in. Pure.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "agent/lure/lures.h"

namespace assay {

/// A home directory in which lures are laid out, and its owner.
struct Home {
  std::string path = "/root";  // absolute, without a slash at the end
  uint32_t uid = 0, gid = 0;
};

struct Prop {
  std::string path, content;
  uint32_t mode = 0600, uid = 0, gid = 0;
};

struct Surroundings {
  std::vector<std::string> env;                            // NAME=value, the honeytokens' among them
  std::vector<Prop> props;                                 // in the order in which they are to be made
  std::vector<std::pair<std::string, std::string>> hosts;  // address, names
};

/// Those of the scan's persona; `lures` hold all that can be told of them.
Surroundings surroundings(const lure::Lures& lures, const std::vector<Home>& homes);

}  // namespace assay
