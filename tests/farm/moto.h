// moto: AWS's control plane as others imitate it: python3-moto of Debian 13 as a server on a free port of the
// loopback, ended with the object. It checks no signatures. Its root directory is made by tests/aws/moto.sh.
#pragma once

#include <string>

#include "common/process.h"
#include "common/result.h"

namespace assay::farm {

class Moto {
 public:
  /// `source_dir`: of the repository; the root is build/moto below it, made (minutes) where it is not there.
  /// Errc::io says why it could not be made, or did not start.
  static Result<Moto> start(const std::string& source_dir);
  const std::string& url() const { return url_; }  // "http://127.0.0.1:PORT"

 private:
  std::string url_;
  Child child_;
};

}  // namespace assay::farm
