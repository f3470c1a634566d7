// The archive's key and signatures, as gpgv sees them.
#include "agent/lure/archive_key.h"

#include <gtest/gtest.h>

#include "common/fd.h"
#include "common/process.h"
#include "tests/support.h"

namespace assay::lure {
namespace {

Seed seed(uint8_t of) {
  Seed out{};
  out.fill(of);
  return out;
}

class ArchiveKey : public testing::Test {
 protected:
  void SetUp() override { ASSAY_NEED(find_program("gpgv"), "gpgv"); }
  // "good" or what gpgv says.
  std::string verify(const Seed& key, const std::string& signature, const std::string& signed_bytes = "") {
    EXPECT_TRUE(write_file(dir_.path() / "ring.gpg", archive_keyring(key)));
    EXPECT_TRUE(write_file(dir_.path() / "signature", signature));
    EXPECT_TRUE(write_file(dir_.path() / "bytes", signed_bytes));
    Command command;
    command.argv = {
        "gpgv", "--homedir", dir_.path(), "--keyring", dir_.path() / "ring.gpg", dir_.path() / "signature"};
    if (!signed_bytes.empty()) command.argv.push_back(dir_.path() / "bytes");
    auto output = run(std::move(command), std::chrono::seconds(20));
    return !output ? output.error().what : output->status.shell_code() == 0 ? "good" : output->err;
  }
  TempDir dir_;
};

TEST_F(ArchiveKey, SignaturesAreGoodForItsKeyringAlone) {
  const std::string kText = "Origin: Debian\n- dashed\ntrailing \t\n\nSHA256:\n 00 1 main\n";
  for (uint8_t of = 1; of < 20; ++of) {  // numbers of all lengths come along
    std::string clear = clear_signed(seed(of), kText, 1'700'000'000);
    EXPECT_EQ(verify(seed(of), clear), "good") << int{of};
    EXPECT_EQ(verify(seed(of), detached_signature(seed(of), kText, 1'700'000'000), kText), "good") << int{of};
  }
  EXPECT_NE(verify(seed(2), clear_signed(seed(1), kText, 1'700'000'000)), "good");
  EXPECT_NE(verify(seed(1), detached_signature(seed(1), kText, 1'700'000'000), kText + "x"), "good");
}

}  // namespace
}  // namespace assay::lure
