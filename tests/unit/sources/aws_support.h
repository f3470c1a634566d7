// What tests of AWS's side share: an environment that holds nothing of this machine's, and set for the test
// alone.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <time.h>

#include <optional>
#include <string>
#include <vector>

#include "common/fd.h"
#include "common/rfc3339.h"
#include "tests/farm/aws_server.h"
#include "tests/farm/aws_sts.h"
#include "tests/support.h"

namespace assay::sources::aws {

/// Every variable that AWS's SDKs read is gone, and back at the end; HOME is a directory of the test's.
class CleanEnvironment {
 public:
  CleanEnvironment() {
    std::vector<std::string> names = {"HOME"};
    for (char** one = environ; *one != nullptr; ++one) {
      std::string name(*one, std::string(*one).find('='));
      if (name.starts_with("AWS_")) names.push_back(name);
    }
    for (const std::string& name : names) {
      const char* value = ::getenv(name.c_str());
      if (value != nullptr) saved_.emplace_back(name, value);
      ::unsetenv(name.c_str());
    }
    ::setenv("HOME", home_.path().c_str(), 1);
    ::setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
  }
  ~CleanEnvironment() {
    for (const std::string& name : set_) ::unsetenv(name.c_str());
    ::unsetenv("AWS_EC2_METADATA_DISABLED");
    for (const auto& [name, value] : saved_) ::setenv(name.c_str(), value.c_str(), 1);
  }
  CleanEnvironment(const CleanEnvironment&) = delete;
  CleanEnvironment& operator=(const CleanEnvironment&) = delete;

  void set(const std::string& name, const std::string& value) {
    set_.push_back(name);
    ::setenv(name.c_str(), value.c_str(), 1);
  }
  void unset(const std::string& name) { ::unsetenv(name.c_str()); }
  /// Below HOME.
  std::string file(const std::string& name, const std::string& text) {
    std::filesystem::path path = home_.path() / name;
    std::filesystem::create_directories(path.parent_path());
    EXPECT_TRUE(write_file(path, text, 0700));
    return path;
  }

 private:
  TempDir home_;
  std::vector<std::pair<std::string, std::string>> saved_;
  std::vector<std::string> set_;
};

inline const std::string kKeyId = "AKIATESTTESTTESTTEST",
                         kSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYTESTSECRET";

inline farm::AwsServer start_server(std::vector<farm::AwsKey> keys = {{kKeyId, kSecret}}) {
  auto out = farm::AwsServer::start(std::move(keys));
  EXPECT_TRUE(out) << out.error().what;
  return std::move(*out);
}

inline int64_t now_s() { return static_cast<int64_t>(::time(nullptr)); }

}  // namespace assay::sources::aws
