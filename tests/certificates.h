// Authorities and certificates for tests, as openssl(1) makes them: PEM, two days.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "common/fd.h"
#include "common/process.h"
#include "common/result.h"

namespace assay {

inline Status run_openssl(std::vector<std::string> argv) {
  argv.insert(argv.begin(), "openssl");
  Command command;
  command.argv = std::move(argv);
  ASSAY_TRY(Output done, run(std::move(command), std::chrono::seconds(60)));
  return done.status.shell_code() == 0 ? Status() : Status(Error{Errc::io, "openssl: " + done.err});
}

/// DIR/NAME.crt and DIR/NAME.key of an authority.
inline Status make_authority(const std::filesystem::path& dir, const std::string& name) {
  return run_openssl({"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                      "-days", "2", "-subj", "/CN=" + name + " of a test", "-keyout", dir / (name + ".key"),
                      "-out", dir / (name + ".crt")});
}

/// DIR/NAME.crt and DIR/NAME.key, signed by DIR/AUTHORITY; for 127.0.0.1 and localhost.
inline Status make_certificate(const std::filesystem::path& dir, const std::string& authority,
                               const std::string& name, const std::string& common_name = "localhost") {
  std::string file = dir / name;
  ASSAY_CHECK(run_openssl({"req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                           "/CN=" + common_name, "-keyout", file + ".key", "-out", file + ".csr"}));
  ASSAY_CHECK(write_file(file + ".ext", "subjectAltName=IP:127.0.0.1,DNS:localhost\n"));
  return run_openssl({"x509", "-req", "-days", "2", "-in", file + ".csr", "-CA", dir / (authority + ".crt"),
                      "-CAkey", dir / (authority + ".key"), "-CAcreateserial", "-extfile", file + ".ext",
                      "-out", file + ".crt"});
}

}  // namespace assay
