// The verbs called as main calls them, with what they print, against a server that plays the API.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <nlohmann/json.hpp>
#include <string>

#include "cli/verbs.h"
#include "tests/support.h"
#include "tests/unit/cli/fake_api.h"

namespace assay::cli {

using nlohmann::json;

struct Said {
  int code = -1;
  std::string out, err;
};

class VerbsTest : public testing::Test {
 protected:
  void SetUp() override {
    ::setenv("ASSAY_TOKEN", kToken.c_str(), 1);
    ::unsetenv("ASSAY_TOKEN_FILE");
    ::unsetenv("ASSAY_SERVER");
  }
  void TearDown() override {
    for (const char* name : {"ASSAY_TOKEN", "ASSAY_TOKEN_FILE", "ASSAY_SERVER"}) ::unsetenv(name);
  }
  Said run(int (*verb)(const Args&), Args args, bool with_server = true) {
    if (with_server) args.insert(args.end(), {"--server", api_.url()});
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    Said said;
    said.code = verb(args);
    said.out = testing::internal::GetCapturedStdout();
    said.err = testing::internal::GetCapturedStderr();
    return said;
  }
  std::string file(const std::string& name, const std::string& text) {
    std::string path = dir_.path() / name;
    EXPECT_TRUE(write_file(path, text));
    return path;
  }
  /// POST /v1/scans that gives every scan an id.
  void takes_scans() {
    api_.server().Post("/v1/scans", [this](const httplib::Request& request, httplib::Response& response) {
      api_.note(request);
      json ids = json::array();
      for (size_t i = json::parse(request.body)["scans"].size(); i > 0; --i) {
        char id[32];
        std::snprintf(id, sizeof id, "20261125T031500-%08zx", ++made_);
        ids.push_back(id);
      }
      FakeApi::answer(response, json{{"scan_ids", ids}}.dump(), 202);
    });
  }

  TempDir dir_;
  size_t made_ = 0;
  FakeApi api_;  // after what its threads use
};

}  // namespace assay::cli
