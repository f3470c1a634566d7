// Secrets sealed for one scan, by one key.
#include "scheduler/seal.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "common/fd.h"
#include "tests/support.h"

namespace assay {
namespace {

constexpr char kScan[] = "20261125T031500-1f8a3c9e", kOther[] = "20261125T031500-1f8a3c9f";

std::string unsealed(const Result<Seal>& seal, const std::string& sealed) {
  auto open = seal ? seal->unseal(kScan, sealed) : Result<std::string>(seal.error());
  return open ? *open : open.error().what;
}

TEST(Seal, OpensForItsScanAndKeyOnly) {
  auto seal = Seal::ephemeral(), another = Seal::ephemeral();
  ASSERT_TRUE(seal && another);
  auto sealed = seal->seal(kScan, "s3cret"), again = seal->seal(kScan, "s3cret");
  ASSERT_TRUE(sealed && again);
  EXPECT_EQ(sealed->find("s3cret"), std::string::npos);
  EXPECT_NE(*sealed, *again);
  EXPECT_EQ(unsealed(seal, *sealed), "s3cret");
  EXPECT_EQ(seal->unseal(kOther, *sealed).error().code, Errc::corrupt);
  EXPECT_EQ(another->unseal(kScan, *sealed).error().code, Errc::corrupt);
  for (size_t i = 0; i < sealed->size(); ++i) {
    std::string damaged = *sealed;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    EXPECT_FALSE(seal->unseal(kScan, damaged)) << i;
    EXPECT_FALSE(seal->unseal(kScan, sealed->substr(0, i))) << i;
  }
}

TEST(Seal, KeyStaysUntilItIsRenewed) {
  TempDir dir;
  auto file = dir.path() / "login.key";
  auto first = Seal::open(file, false);
  ASSERT_TRUE(first) << first.error().what;
  struct stat info {};
  ASSERT_EQ(::stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  auto sealed = first->seal(kScan, "s3cret");
  ASSERT_TRUE(sealed);
  EXPECT_EQ(unsealed(Seal::open(file, false), *sealed), "s3cret");
  EXPECT_FALSE(Seal::open(file, true)->unseal(kScan, *sealed));
  ASSERT_TRUE(write_file(file.string(), "short", 0600));
  EXPECT_EQ(Seal::open(file, false).error().code, Errc::corrupt);
}

}  // namespace
}  // namespace assay
