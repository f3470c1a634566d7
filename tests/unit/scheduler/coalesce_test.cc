// Which jobs are equal, and who follows whom.
#include "scheduler/coalesce.h"

#include <gtest/gtest.h>

namespace assay {
namespace {

Submission of(const std::string& ref) {
  Submission submission;
  submission.job.ref = ref;
  return submission;
}

TEST(Coalesce, JobsAreEqualByImageAndProfileNotByTenant) {
  Submission one = of("nginx"), other = of("docker.io/library/nginx:latest");
  other.tenant = "somebody else";
  other.lane = Lane::sweep;
  EXPECT_EQ(coalescing_key(one), coalescing_key(other));
  for (int field = 0; field < 10; ++field) {
    Submission changed = one;
    if (field == 0) changed.job.ref = "nginx:1.27";
    if (field == 1) changed.job.duration += std::chrono::milliseconds(1);
    if (field == 2) changed.job.network = NetworkMode::none;
    if (field == 3) changed.job.insecure = true;
    if (field == 4) changed.job.auth_file = "/root/auth.json";
    if (field == 5) changed.job.memory_bytes = 1 << 30;
    if (field == 6) changed.job.persona = Persona::ci;
    if (field == 7) changed.job.provoke = false;
    if (field == 8) changed.job.extension = std::chrono::milliseconds(0);
    if (field == 9) changed.job.platform = "linux/arm64";
    EXPECT_NE(coalescing_key(changed), coalescing_key(one)) << field;
  }
}

TEST(Coalesce, APlatformIsTheSameHoweverItIsWritten) {
  Submission one = of("nginx"), other = of("nginx");
  one.job.platform = "linux/arm64";
  other.job.platform = "linux/aarch64/v8";
  EXPECT_EQ(coalescing_key(one), coalescing_key(other));
}

TEST(Coalesce, FreshJobsJobsWithALoginAndLocalImagesAreNeverEqual) {
  Submission fresh = of("nginx");
  fresh.fresh = true;
  EXPECT_FALSE(coalescing_key(fresh));
  Submission with_login = of("nginx");
  with_login.own_login = true;
  EXPECT_FALSE(coalescing_key(with_login));
  EXPECT_FALSE(coalescing_key(of("oci-archive:/tmp/app.tar")));
  EXPECT_FALSE(coalescing_key(of("not a reference")));
}

TEST(Coalesce, FollowersAreHandedOverOnceWhenTheirLeaderEnds) {
  Coalesce coalesce;
  Submission job = of("nginx");
  EXPECT_FALSE(coalesce.leader_of(job));
  coalesce.lead("a", job);
  EXPECT_EQ(coalesce.leader_of(job), "a");
  coalesce.follow("b", "a");
  coalesce.follow("c", "a");
  coalesce.follow("d", "a");
  coalesce.leave("c", "a");
  EXPECT_EQ(coalesce.followers("a"), 2u);
  EXPECT_EQ(coalesce.end("a", job), (std::vector<std::string>{"b", "d"}));
  EXPECT_EQ(coalesce.end("a", job), std::vector<std::string>());
  EXPECT_FALSE(coalesce.leader_of(job));
}

TEST(Coalesce, AnEndingFollowerDoesNotTakeTheLeadAway) {
  Coalesce coalesce;
  Submission job = of("nginx");
  coalesce.lead("a", job);
  coalesce.lead("b", job);  // the first one leads
  EXPECT_EQ(coalesce.end("b", job), std::vector<std::string>());
  EXPECT_EQ(coalesce.leader_of(job), "a");
}

}  // namespace
}  // namespace assay
