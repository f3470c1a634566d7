// Logins as jobs bring them: taken when usable, refused without being shown.
#include "common/registry_auth.h"

#include <gtest/gtest.h>

#include "common/wire.h"

namespace assay {
namespace {

std::string good(const std::string& text) {
  auto read = basic_credentials(text);
  return read ? *read : read.error().what;
}
std::string why(const std::string& text) {
  auto read = basic_credentials(text);
  return read ? "" : read.error().what;
}

TEST(RegistryAuth, BasicGivesWhatAuthFilesTake) {
  EXPECT_EQ(good("Basic cm9ib3Q6czNjcmV0"), "cm9ib3Q6czNjcmV0");
  EXPECT_EQ(good("basic cm9ib3Q6czNjcmV0"), "cm9ib3Q6czNjcmV0");
}

TEST(RegistryAuth, WhatCannotBeUsedIsRefusedAndNotShown) {
  EXPECT_EQ(basic_credentials("Bearer eySecret").error().code, Errc::unsupported);
  for (const char* text : {"", "Basic", "Basic ", "Basic s3cret!", "Basic czNjcmV0", "Digest s3cret",
                           "s3cret", "Basic OnMzY3JldA==", "Basic czNjcmV0Og==", "Basic cm9iCjpzM2NyZXQ="}) {
    EXPECT_EQ(basic_credentials(text).error().code, Errc::invalid) << text;
    EXPECT_EQ(why(text).find("s3cret"), std::string::npos) << text;
  }
  EXPECT_EQ(basic_credentials("Basic " + std::string(5000, 'A')).error().code, Errc::invalid);
  EXPECT_EQ(why("Bearer eySecret").find("eySecret"), std::string::npos);
}

TEST(RegistryAuth, GoesWithSubmissionAndLeaseOnly) {
  Submission submission;
  submission.job.ref = "h.example/a";
  submission.registry_auth = "Basic cm9ib3Q6czNjcmV0";
  submission.own_login = true;
  auto back = wire::decode(wire::encode(wire::Submit{{submission}, false}));
  ASSERT_TRUE(back) << back.error().what;
  const Submission& came = std::get<wire::Submit>(*back).submissions.at(0);
  EXPECT_EQ(came.registry_auth, submission.registry_auth);
  EXPECT_TRUE(came.own_login);
  wire::Lease lease{"20261125T031500-1f8a3c9e", 1, submission.job, submission.registry_auth};
  auto leased = wire::decode(wire::encode(lease));
  ASSERT_TRUE(leased) << leased.error().what;
  EXPECT_EQ(std::get<wire::Lease>(*leased).registry_auth, submission.registry_auth);
  // What an agent from before reads in the place of an auth file, and this one does not.
  EXPECT_EQ(std::get<wire::Lease>(*leased).job.auth_file, "");
  EXPECT_NE(wire::encode(lease).size(), wire::encode(wire::Lease{lease.scan_id, 1, lease.job, ""}).size());
}

}  // namespace
}  // namespace assay
