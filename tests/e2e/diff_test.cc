// Five pairs of images, each of which does one thing otherwise: `assay diff` tells exactly that, who did it,
// and which layer brought it (tests/images/changes).
#include <map>

#include "tests/e2e/assay.h"

namespace assay::e2e {
namespace {

using nlohmann::json;

// Each image scanned once.
class Diff : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!check_host()) return;
    data_ = new TempDir();
    Command command;
    command.argv = {"/usr/bin/python3", std::string(ASSAY_SOURCE_DIR) + "/tests/images/changes",
                    data_->path() / "images"};
    auto made = run(command, std::chrono::seconds(120), 1 << 20);
    ASSERT_TRUE(made && made->status.shell_code() == 0) << (made ? made->err : made.error().what);
    for (const char* name : {"before", "domain", "listener", "binary", "user", "timestamps"}) {
      Ran ran = assay(*data_, {"scan", "oci-archive:" + (data_->path() / "images" / name).string() + ".tar",
                               "--duration", "4s", "--no-provoke", "--gate", "none", "--format", "json"});
      ids_[name] = ran.json().is_object() ? ran.json()["scan"].value("id", "") : "";
      ASSERT_NE(ids_[name], "") << ran.err;
    }
  }
  static void TearDownTestSuite() {
    delete data_;
    data_ = nullptr;
    ids_.clear();
  }
  void SetUp() override { ASSAY_NEEDS_HOST(); }

  /// One change a line: "+ domain telemetry.vendor.example by /usr/bin/server, COPY server-1.1 ...", after a
  /// check that the layer is one of the image's.
  static std::string changes(const std::string& before, const std::string& after, int* code = nullptr) {
    Ran ran = assay(*data_, {"diff", ids_[before], ids_[after], "--format", "json"});
    if (code != nullptr) *code = ran.code;
    json diff = ran.json();
    if (!diff.is_object()) return ran.out + ran.err;
    EXPECT_EQ(diff["schema"], "assay.diff/2");
    EXPECT_EQ(diff["before"]["scan_id"], ids_[before]);
    EXPECT_EQ(diff["after"]["scan_id"], ids_[after]);
    EXPECT_NE(diff["before"]["digest"], diff["after"]["digest"]);
    EXPECT_EQ(diff["left_out"], 0);
    std::string out;
    for (const auto& [list, sign] : {std::pair("added", "+"), std::pair("gone", "-")})
      for (const json& change : diff[list]) {
        std::string layer = change.value("layer", "");
        EXPECT_TRUE(layer.starts_with("sha256:")) << layer;
        size_t comma = layer.find(", ");
        out += std::string(sign) + " " + change.value("kind", "") + " " + change.value("what", "") + " by " +
               change.value("by", "") + layer.substr(comma == std::string::npos ? layer.size() : comma) +
               "\n";
      }
    return out;
  }

  static TempDir* data_;
  static std::map<std::string, std::string> ids_;
};
TempDir* Diff::data_ = nullptr;
std::map<std::string, std::string> Diff::ids_;

TEST_F(Diff, TellsANewDomain) {
  int code = 0;
  EXPECT_EQ(changes("before", "domain", &code),
            "+ domain telemetry.vendor.example by /usr/bin/server, COPY server-1.1 /usr/bin/server\n");
  EXPECT_EQ(code, 10);
}

TEST_F(Diff, TellsANewListener) {
  EXPECT_EQ(changes("before", "listener"),
            "+ listener tcp/9090 by /usr/bin/server, COPY server-2.0 /usr/bin/server\n");
}

TEST_F(Diff, TellsANewProgram) {
  EXPECT_EQ(changes("before", "binary"),
            "+ executable /opt/plugins/exporter by /usr/bin/server, RUN install-plugin exporter\n");
}

TEST_F(Diff, TellsAChangedUser) {
  EXPECT_EQ(changes("before", "user"),
            "+ user uid 1000 by /usr/bin/server, COPY server-1.0 /usr/bin/server\n"
            "- user uid 0 by /usr/bin/server, COPY server-1.0 /usr/bin/server\n");
}

TEST_F(Diff, TellsNothingOfOtherTimestamps) {
  int code = -1;
  EXPECT_EQ(changes("before", "timestamps", &code), "");
  EXPECT_EQ(code, 0);
}

TEST_F(Diff, IsThereForPeople) {
  Ran ran = assay(*data_, {"diff", ids_["before"], ids_["domain"]});
  EXPECT_EQ(ran.code, 10);
  EXPECT_NE(ran.out.find("+ domain"), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("layer 3 of 3, COPY server-1.1"), std::string::npos) << ran.out;
}

}  // namespace
}  // namespace assay::e2e
