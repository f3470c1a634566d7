// Going through a source: what is told, what is waited for, what goes on.
#include <gtest/gtest.h>

#include "cli/images.h"

namespace assay::cli {
namespace {

using sources::PlatformImage;
using sources::Repository;
using sources::TaggedImage;

// A source with three repositories, one of which cannot be listed, that is busy as often as it is told to be.
class FakeSource : public sources::Source {
 public:
  int busy = 0;
  std::chrono::milliseconds busy_ms{1};
  std::vector<std::string> asked;

  Status each_repository(const std::function<bool(Repository)>& visit) override {
    for (const char* name : {"team/app", "team/db", "team/gone", "other/web"}) {
      if (!visit({"registry.example", name, 0})) return Status();
      // In the midst of the catalog.
      if (busy > 0 && --busy >= 0) return Error{Errc::busy, "registry.example asks to be left alone"};
    }
    return Status();
  }
  Result<std::vector<TaggedImage>> images(const Repository& repository) override {
    asked.push_back("images " + repository.name);
    if (repository.name == "team/gone")
      return Error{Errc::not_found, "registry.example/team/gone: no such repository"};
    return std::vector<TaggedImage>{{"1.0", "", "", 0, 0}, {"2.0", "", "", 0, 0}, {"edge", "", "", 0, 0}};
  }
  Result<TaggedImage> resolve(const Repository& repository, const std::string& tag) override {
    asked.push_back("resolve " + repository.name + ":" + tag);
    if (tag == "1.0") return Error{Errc::denied, "registry.example/" + repository.name + ":1.0: no login"};
    return TaggedImage{"", "sha256:index", "", 0, 0};
  }
  Result<std::vector<PlatformImage>> platforms(const Repository&, const TaggedImage& image) override {
    EXPECT_EQ(image.digest, "sha256:index");
    return std::vector<PlatformImage>{{"sha256:a", "linux/amd64", 0}, {"sha256:b", "linux/arm64", 0}};
  }
  std::chrono::milliseconds busy_for() const override { return busy_ms; }
};

struct Walked {
  Status status;
  std::string lines, notes;
  ImagesCounts counts;
};
Walked walk(FakeSource& source, const ImagesWish& wish) {
  Walked out;
  ImagesSink sink;
  sink.found = [&](const std::vector<ImageFound>& found) {
    for (const ImageFound& one : found)
      out.lines +=
          one.repository.name + ":" + one.image.tag + " " + one.image.digest + " " + one.platform + "\n";
  };
  sink.note = [&](const std::string& line) { out.notes += line + "\n"; };
  sink.progress = [](const ImagesCounts&) {};
  out.status = walk_source(source, wish, sink, -1, out.counts);
  return out;
}

TEST(ImagesWalk, OneRepositoryThatFailsIsToldAndTheRestGoesOn) {
  FakeSource source;
  ImagesWish wish;
  wish.filter.repositories = {"team/*"};
  wish.filter.semver = *sweeps::SemverRange::parse(">=2");
  Walked walked = walk(source, wish);
  EXPECT_TRUE(walked.status);
  EXPECT_EQ(walked.lines, "team/app:2.0  \nteam/db:2.0  \n");
  EXPECT_EQ(walked.notes, "registry.example/team/gone: no such repository\n");
  EXPECT_EQ(walked.counts.repositories, 3u);
  EXPECT_EQ(walked.counts.left_out_repositories, 1u);
  EXPECT_EQ(walked.counts.images, 2u);
  EXPECT_EQ(walked.counts.left_out, 4u);
  EXPECT_EQ(walked.counts.failed, 1u);
}

TEST(ImagesWalk, EachPlatformBehindATagIsALine) {
  FakeSource source;
  ImagesWish wish;
  wish.filter.repositories = {"*/app"};
  wish.filter.tags = {"*.0"};
  wish.platforms = true;
  Walked walked = walk(source, wish);
  EXPECT_EQ(walked.lines, "team/app:2.0 sha256:a linux/amd64\nteam/app:2.0 sha256:b linux/arm64\n");
  EXPECT_EQ(walked.notes, "registry.example/team/app:1.0: no login\n");
  EXPECT_EQ(walked.counts.failed, 1u);
}

TEST(ImagesWalk, ABusySourceIsWaitedForAndNamesNothingTwice) {
  FakeSource source;
  source.busy = 2;
  Walked walked = walk(source, {});
  EXPECT_TRUE(walked.status);
  EXPECT_EQ(walked.counts.repositories, 4u);
  EXPECT_NE(walked.notes.find("asks to be left alone; trying again in 1 s"), std::string::npos)
      << walked.notes;
}

TEST(ImagesWalk, NobodyIsWaitedForWithoutEnd) {
  FakeSource source;
  source.busy = 1000;
  Walked walked = walk(source, {});
  ASSERT_FALSE(walked.status);
  EXPECT_EQ(walked.status.error().code, Errc::busy);
  source.busy = 1;
  source.busy_ms = std::chrono::hours(5);
  EXPECT_FALSE(walk(source, {}).status);
}

}  // namespace
}  // namespace assay::cli
