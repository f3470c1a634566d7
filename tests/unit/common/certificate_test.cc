// When a certificate ends.
#include "common/certificate.h"

#include <gtest/gtest.h>

#include "tests/certificates.h"
#include "tests/support.h"

namespace assay {
namespace {

TEST(Certificate, EndsWhenTheFirstOfItsFileDoes) {
  TempDir dir;
  // Two days; the chain's other certificate is made later, so that it ends later or at once.
  ASSERT_TRUE(make_authority(dir.path(), "ca"));
  ASSERT_TRUE(make_certificate(dir.path(), "ca", "server"));
  auto now = std::chrono::system_clock::now();
  auto end = certificate_end(dir.path() / "server.crt");
  ASSERT_TRUE(end) << end.error().what;
  EXPECT_NEAR(std::chrono::duration<double>(*end - now).count(), 2 * 86400, 60);
  ASSERT_TRUE(run_openssl({"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                           "-days", "1", "-subj", "/CN=short.example", "-keyout", dir.path() / "short.key",
                           "-out", dir.path() / "short.crt"}));
  auto server = read_file(dir.path() / "server.crt", 1 << 20);
  auto shorter = read_file(dir.path() / "short.crt", 1 << 20);
  ASSERT_TRUE(server && shorter);
  ASSERT_TRUE(write_file(dir.path() / "chain.crt", *server + *shorter));
  end = certificate_end(dir.path() / "chain.crt");
  ASSERT_TRUE(end) << end.error().what;
  EXPECT_NEAR(std::chrono::duration<double>(*end - now).count(), 86400, 60);
}

TEST(Certificate, AFileThatHoldsNoneIsNamed) {
  TempDir dir;
  ASSERT_TRUE(write_file(dir.path() / "text", "no certificate\n"));
  auto none = certificate_end(dir.path() / "text");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Errc::invalid);
  EXPECT_NE(none.error().what.find((dir.path() / "text").string()), std::string::npos);
  auto gone = certificate_end(dir.path() / "gone");
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, Errc::not_found);
}

TEST(Certificate, ItsGaugeStaysWhereThereIsNothingToRead) {
  TempDir dir;
  Metrics metrics;
  Gauge gauge = metrics.gauge("test_seconds", "");
  show_certificate_end(std::nullopt, gauge);
  EXPECT_EQ(gauge.value(), 0);
  ASSERT_TRUE(make_authority(dir.path(), "ca"));
  TlsFiles files{dir.path() / "ca.crt", dir.path() / "ca.key"};
  show_certificate_end(files, gauge);
  double end = gauge.value();
  EXPECT_GT(end, 1.7e9);
  ASSERT_TRUE(write_file(dir.path() / "ca.crt", "half a"));
  show_certificate_end(files, gauge);
  EXPECT_EQ(gauge.value(), end);
}

}  // namespace
}  // namespace assay
