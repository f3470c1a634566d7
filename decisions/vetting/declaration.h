// declaration: what a vendor says that an image does, held against what it did. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "decisions/vetting/dossier.h"

namespace assay::decisions {

/// Written as a policy's patterns are (decisions/patterns.h). Ports and domains are all there are: a list
/// that is missing is an empty one. The others are held against the image only where they are given, since
/// every image writes somewhere and runs something.
struct Declaration {
  std::vector<std::string> ports;    // listened on: "tcp/8080", "tcp/8000-8099"
  std::vector<std::string> domains;  // asked for or talked to: names, "*.example.org", addresses, networks
  std::optional<std::vector<std::string>> users;        // it runs as: "1000", "nonroot"
  std::optional<std::vector<std::string>> writes;       // directories, with all below, or files; * and ?
  std::optional<std::vector<std::string>> executables;  // paths of programs that it runs; * and ?
};

struct DeclarationCheck {
  static constexpr size_t kMaxDeviations = 200;
  std::vector<Deviation> deviations;  // by kind: listener, domain, peer, user, executable, file area
  std::vector<Unseen> unseen;
  std::vector<std::string> unchecked;
  uint64_t left_out = 0;
};

/// `behaviour` is behaviour_of(report); the report says who did it, and when.
DeclarationCheck check_declaration(const Declaration& declaration, const Behaviour& behaviour,
                                   const Report& report);

}  // namespace assay::decisions
