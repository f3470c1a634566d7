// What the tests of pull share: a blob store in a temporary directory, an OCI layout beside it, and skopeo.
#pragma once

#include <string>
#include <vector>

#include "agent/pull.h"
#include "tests/unit/agent/test_image.h"

namespace assay {

class PullTest : public testing::Test {
 protected:
  void SetUp() override { ASSAY_NEED(find_program("skopeo"), "skopeo"); }
  PullOptions options() const {
    PullOptions out;
    out.blobs_dir = dir_.path() / "blobs";
    return out;
  }
  Result<PulledImage> pull_ref(const std::string& text, PullOptions with) {
    auto ref = ImageRef::parse(text);
    EXPECT_TRUE(ref) << ref.error().what;
    auto pulled = pull(*ref, with);
    for (const auto& entry : std::filesystem::directory_iterator(with.blobs_dir / "staging", ignored_))
      EXPECT_EQ(entry.path().filename(), ".lock");
    return pulled;
  }
  Result<PulledImage> pull_ref(const std::string& text) { return pull_ref(text, options()); }
  std::string refusal(const std::string& text) {
    auto pulled = pull_ref(text);
    return pulled ? "pulled" : std::string(to_string(pulled.error().code)) + ": " + pulled.error().what;
  }
  test::OciLayout layout() { return test::OciLayout(dir_.path() / "oci"); }
  std::string oci(const std::string& tag = "") const {
    return "oci:" + (dir_.path() / "oci").string() + (tag.empty() ? "" : ":" + tag);
  }
  static void skopeo(std::vector<std::string> args) {
    args.insert(args.begin(), {"skopeo", "--insecure-policy"});
    auto done = test::run_program(args);
    ASSERT_TRUE(done) << done.error().what;
    ASSERT_EQ(done->status.code, 0) << done->err;
  }
  static std::vector<std::string> two_layers() {
    return {test::tar({{.name = "a", .content = "1"}}),
            test::tar({{.name = "b", .content = std::string(100'000, 'b')}})};
  }

  test::TempDir dir_;
  std::error_code ignored_;
};

inline const nlohmann::json kRun = {{"Cmd", {"/a"}}};

}  // namespace assay
