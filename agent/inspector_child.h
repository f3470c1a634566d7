// inspector_child: how assay-inspect is started: found beside this program, as nobody, in a network namespace
// that holds nothing. For yara_rules and inspector.
#pragma once

#include "common/process.h"
#include "common/result.h"

namespace assay {

class InspectorProgram {
 public:
  /// Errc::not_found: it is not beside this program.
  static Result<InspectorProgram> find();
  /// `mode`: "compile" or "scan"; `rules` and `socket` become its descriptors 3 and 4. Borrows all three.
  Command command(const char* mode, int rules, int socket) const;

 private:
  InspectorProgram(Fd program, Fd net_ns) : program_(std::move(program)), net_ns_(std::move(net_ns)) {}
  Fd program_, net_ns_;
};

}  // namespace assay
