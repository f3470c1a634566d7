// With which scans one is compared: its repository's digest before, its base image; by name, tag, persona and
// the rest, whatever else the store holds, and without looking through all of it.
#include "scheduler/baseline.h"

#include <gtest/gtest.h>

#include "scheduler/image_name.h"
#include "scheduler/keep_keys.h"
#include "scheduler/reindex.h"
#include "tests/unit/scheduler/memory_store.h"

namespace assay {
namespace {

std::string id_of(unsigned number) {
  char id[32];
  std::snprintf(id, sizeof id, "20261125T031500-%08x", number);
  return id;
}
std::string sha(char digit) { return "sha256:" + std::string(64, digit); }

class CountingStore : public MemoryStore {
 public:
  mutable size_t gets = 0;
  Result<std::string> get(Family family, std::string_view key) const override {
    ++gets;
    return MemoryStore::get(family, key);
  }
};

// One scan, as few words as a test needs.
struct Scan {
  unsigned number = 0;
  std::string ref;
  char digest = 'a';
  std::string layers = "";  // a digit each
  Persona persona = Persona::bare;
  NetworkMode network = NetworkMode::sinkhole;
  std::string architecture = "amd64";
  Labels labels = {};
};

ImageInfo image_of(const Scan& scan) {
  ImageInfo image;
  image.digest = sha(scan.digest);
  image.architecture = scan.architecture;
  image.os = "linux";
  for (char layer : scan.layers) image.layers.push_back({"", sha(layer), 1, ""});
  return image;
}

ScanRecord record_of(const Scan& scan, ScanState state) {
  ScanRecord record;
  record.scan_id = id_of(scan.number);
  record.submission.job.ref = scan.ref;
  record.submission.job.persona = scan.persona;
  record.submission.job.network = scan.network;
  record.submission.labels = scan.labels;
  record.state = state;
  record.digest = sha(scan.digest);
  return record;
}

class BaselineTest : public testing::Test {
 protected:
  void add(const Scan& scan) {
    Report report;
    report.header.scan_id = id_of(scan.number);
    report.header.job = record_of(scan, ScanState::done).submission.job;
    report.header.image = image_of(scan);
    report.dns_names = {"n" + std::to_string(scan.number) + ".test"};
    ScanRecord queued = record_of(scan, ScanState::queued), done = record_of(scan, ScanState::done);
    commit(Keep::submitted(queued));
    commit(Keep::reported(queued, done, report_json(report), traits_of(report)));
  }
  void share(const Scan& scan, unsigned owner) {
    ScanRecord queued = record_of(scan, ScanState::queued), done = record_of(scan, ScanState::done);
    done.same_as = id_of(owner);
    commit(Keep::submitted(queued));
    commit(Keep::moved(queued, done));
  }
  void commit(const StoreBatch& batch) {
    auto done = store_.commit({batch});
    ASSERT_TRUE(done && (*done)[0]) << (*done)[0].error().what;
  }
  /// "previous 3 host/app:1 (2 scans); base 1 ..."; whether the scan itself is kept does not matter.
  std::string of(const Scan& scan) {
    auto found = find_baselines(Keep(store_), record_of(scan, ScanState::shipped), image_of(scan));
    if (!found) return found.error().what;
    std::string out;
    for (const Baseline& one : *found)
      out += (out.empty() ? "" : "; ") + one.relation + " " +
             std::to_string(std::stoul(one.scan_id.substr(16), nullptr, 16)) + " " + one.ref + " (" +
             std::to_string(one.scans.size()) + ")";
    return out.empty() ? "none" : out;
  }

  CountingStore store_;
};

TEST_F(BaselineTest, TheNewestOtherDigestOfTheRepositoryIsThePrevious) {
  add({1, "reg.test/app:1.0", 'a'});
  add({2, "reg.test/app:1.1", 'b'});
  add({3, "reg.test/other:1.1", 'c'});
  add({4, "other.test/app:1.1", 'd'});
  add({5, "app:1.1", 'e'});
  EXPECT_EQ(of({9, "reg.test/app:1.2", 'f'}), "previous 2 reg.test/app:1.1 (1)");
  EXPECT_EQ(of({9, "docker.io/library/app:1.2", 'f'}), "previous 5 docker.io/library/app:1.1 (1)");
  EXPECT_EQ(of({9, "reg.test/app@" + sha('f'), 'f'}), "previous 2 reg.test/app:1.1 (1)");
  EXPECT_EQ(of({9, "reg.test/new:1", 'f'}), "none");
}

TEST_F(BaselineTest, TheSameTagGoesBeforeOtherTags) {
  add({1, "reg.test/app:latest", 'a'});
  add({2, "reg.test/app:1.1", 'b'});
  EXPECT_EQ(of({9, "reg.test/app", 'c'}), "previous 1 reg.test/app:latest (1)");
  EXPECT_EQ(of({9, "reg.test/app:1.2", 'c'}), "previous 2 reg.test/app:1.1 (1)");
}

TEST_F(BaselineTest, SweepsAndHooksTellTheTagInALabel) {
  Labels label = {{"sweep", "night"}, {"image", "reg.test/app:7"}};
  add({1, "reg.test/app@" + sha('a'), 'a', "", Persona::bare, NetworkMode::sinkhole, "amd64", label});
  add({2, "reg.test/app:8", 'b'});
  EXPECT_EQ(
      of({9, "reg.test/app@" + sha('c'), 'c', "", Persona::bare, NetworkMode::sinkhole, "amd64", label}),
      "previous 1 reg.test/app:7 (1)");
  // Of another repository it says nothing.
  label = {{"image", "reg.test/victim:7"}};
  add({3, "reg.test/mine@" + sha('d'), 'd', "", Persona::bare, NetworkMode::sinkhole, "amd64", label});
  EXPECT_EQ(of({9, "reg.test/victim:7", 'e'}), "none");
  EXPECT_EQ(of({9, "reg.test/mine:1", 'e'}), "previous 3 reg.test/mine@" + sha('d') + " (1)");
}

TEST_F(BaselineTest, ScansOfOneDigestAreTakenTogetherFiveAtMost) {
  add({1, "reg.test/app:1", 'a'});
  for (unsigned i = 2; i < 10; ++i) add({i, "reg.test/app:2", 'b'});
  EXPECT_EQ(of({20, "reg.test/app:2", 'c'}), "previous 9 reg.test/app:2 (5)");
  auto found = find_baselines(Keep(store_), record_of({20, "reg.test/app:2", 'c'}, ScanState::shipped),
                              image_of({20, "reg.test/app:2", 'c'}));
  ASSERT_TRUE(found);
  std::string names;
  for (const Behaviour& one : found->at(0).scans)
    for (const Fact& fact : one.facts)
      if (fact.kind == FactKind::domain) names += fact.what + " ";
  EXPECT_EQ(names, "n9.test n8.test n7.test n6.test n5.test ");
}

// Whoever scans again what is known is told the same, not less; and an old tag is not held against a later
// one.
TEST_F(BaselineTest, ADigestScannedAgainIsComparedWithWhatWasBeforeItsFirstScan) {
  add({1, "reg.test/app:1", 'a'});
  add({2, "reg.test/app:2", 'b'});
  EXPECT_EQ(of({9, "reg.test/app:2", 'b'}), "previous 1 reg.test/app:1 (1)");
  EXPECT_EQ(of({9, "reg.test/app:1", 'a'}), "none");
  // As another repository's it was there before; that does not count.
  add({3, "reg.test/copy:1", 'c'});
  add({4, "reg.test/app:3", 'd'});
  EXPECT_EQ(of({9, "reg.test/app:4", 'c'}), "previous 4 reg.test/app:3 (1)");
}

TEST_F(BaselineTest, OtherPersonasNetworksAndArchitecturesAreNotComparedWith) {
  add({1, "reg.test/app:1", 'a'});
  add({2, "reg.test/app:1", 'b', "", Persona::cloud});
  add({3, "reg.test/app:1", 'c', "", Persona::bare, NetworkMode::none});
  add({4, "reg.test/app:1", 'd', "", Persona::bare, NetworkMode::sinkhole, "arm64"});
  EXPECT_EQ(of({9, "reg.test/app:1", 'f'}), "previous 1 reg.test/app:1 (1)");
  EXPECT_EQ(of({9, "reg.test/app:1", 'f', "", Persona::cloud}), "previous 2 reg.test/app:1 (1)");
  EXPECT_EQ(of({9, "reg.test/app:1", 'f', "", Persona::bare, NetworkMode::none}),
            "previous 3 reg.test/app:1 (1)");
  EXPECT_EQ(of({9, "reg.test/app:1", 'f', "", Persona::bare, NetworkMode::sinkhole, "arm64"}),
            "previous 4 reg.test/app:1 (1)");
  EXPECT_EQ(of({9, "reg.test/app:1", 'f', "", Persona::ci}), "none");
}

TEST_F(BaselineTest, WhatIsPrunedDamagedOrImportedIsPassedOver) {
  add({1, "reg.test/app:1", 'a'});
  for (unsigned i = 2; i <= 4; ++i) add({i, "reg.test/app:1", static_cast<char>('a' + i)});
  auto pruning = Keep(store_).prepare_prune(id_of(4), kReportPruned);
  ASSERT_TRUE(pruning);
  commit(Keep::pruned(*pruning));
  ASSERT_TRUE(store_.write({{Family::reports, id_of(3) + "/report", "{"}}));
  ASSERT_TRUE(store_.write({{Family::reports, id_of(2) + "/report", "", true}}));
  add({5,
       "reg.test/app:1",
       '5',
       "",
       Persona::bare,
       NetworkMode::sinkhole,
       "amd64",
       {{"imported", sha('9')}}});
  EXPECT_EQ(of({9, "reg.test/app:1", '6'}), "previous 1 reg.test/app:1 (1)");
}

TEST_F(BaselineTest, ASharedResultIsFoundUnderItsOwnName) {
  add({1, "reg.test/app:1.1", 'a'});
  add({2, "reg.test/app:0.9", 'b'});
  share({3, "reg.test/app:stable", 'a'}, 1);
  EXPECT_EQ(of({9, "reg.test/app:stable", 'c'}), "previous 1 reg.test/app:stable (1)");
  std::vector<std::string> ids;
  ASSERT_TRUE(Keep(store_).each_found(TraitKind::repository, "reg.test/app:stable",
                                      [&](const std::string& id) { return ids.push_back(id), true; }));
  EXPECT_EQ(ids, std::vector{id_of(3)});
  // It goes with its record.
  auto pruning = Keep(store_).prepare_prune(id_of(3), kRecordPruned);
  ASSERT_TRUE(pruning);
  commit(Keep::pruned(*pruning));
  EXPECT_EQ(of({9, "reg.test/app:stable", 'c'}), "previous 2 reg.test/app:0.9 (1)");
}

TEST_F(BaselineTest, TheBaseIsTheImageWithMostOfTheFirstLayers) {
  add({1, "debian:12", 'a', "1"});
  add({2, "reg.test/java:17", 'b', "123"});
  add({3, "reg.test/java:17", 'c', "12"});
  add({4, "reg.test/same:1", 'd', "1234"});
  add({5, "reg.test/more:1", 'e', "12345"});
  add({6, "reg.test/other:1", 'f', "23"});
  EXPECT_EQ(of({9, "oci-archive:/tmp/app.tar", '0', "1234"}), "base 2 reg.test/java:17 (1)");
  EXPECT_EQ(of({9, "oci-archive:/tmp/app.tar", '0', "1299"}), "base 3 reg.test/java:17 (1)");
  EXPECT_EQ(of({9, "oci-archive:/tmp/app.tar", '0', "19"}), "base 1 docker.io/library/debian:12 (1)");
  EXPECT_EQ(of({9, "oci-archive:/tmp/app.tar", '0', "1"}), "none") << "no image is its own base";
  EXPECT_EQ(of({9, "oci-archive:/tmp/app.tar", '0', ""}), "none");
  EXPECT_EQ(of({9, "oci-archive:/tmp/app.tar", '0', "1234", Persona::ci}), "none");
  EXPECT_EQ(of({9, "reg.test/java:18", '0', "1239"}),
            "previous 3 reg.test/java:17 (1); base 2 reg.test/java:17 (1)");
}

TEST_F(BaselineTest, LooksAtABoundedNumberOfScansHoweverManyThereAre) {
  add({1, "reg.test/app:1", 'a'});
  for (unsigned i = 2; i < 3000; ++i) add({i, "reg.test/app:1", 'b', "", Persona::cloud});
  store_.gets = 0;
  EXPECT_EQ(of({4000, "reg.test/app:1", 'c'}), "none") << "beyond what is looked at";
  EXPECT_LE(store_.gets, 3 * kMaxLookedAt);
}

TEST_F(BaselineTest, ScansThatAnEarlierVersionKeptAreFoundOnceTheyAreIndexedAnew) {
  add({1, "reg.test/app:1", 'a', "12"});
  share({2, "reg.test/app:stable", 'a'}, 1);
  // As that version wrote it: without the later kinds.
  for (unsigned i : {1u, 2u}) {
    Traits traits = *Keep(store_).traits(id_of(i)), older;
    for (const Trait& trait : traits)
      if (trait.kind < TraitKind::repository) older.push_back(trait);
    StoreBatch batch;
    keep_keys::remove_traits(batch, id_of(i), traits);
    for (const std::string& key : keep_keys::index_keys(id_of(i), older))
      batch.ops.push_back({Family::index, key, ""});
    if (i == 1) batch.ops.push_back({Family::reports, id_of(i) + "/traits", encode_traits(older)});
    commit(batch);
  }
  ASSERT_TRUE(store_.write({{Family::index, keep_keys::kAllIndexed, ""}}));
  EXPECT_FALSE(*Keep(store_).knows_all());
  EXPECT_EQ(of({9, "reg.test/app:stable", 'c', "123"}), "none");
  auto done = reindex(store_);
  ASSERT_TRUE(done) << done.error().what;
  EXPECT_EQ(done->added, 2u);
  EXPECT_TRUE(*Keep(store_).knows_all());
  EXPECT_EQ(of({9, "reg.test/app:stable", 'c', "123"}),
            "previous 1 reg.test/app:stable (1); base 1 reg.test/app:1 (1)");
  EXPECT_EQ(reindex(store_)->added, 0u);
}

TEST(ImageName, IsTheReferenceInFullWithoutItsDigest) {
  EXPECT_EQ(image_name("nginx"), "docker.io/library/nginx:latest");
  EXPECT_EQ(image_name("localhost:5000/a/b:1@" + sha('a')), "localhost:5000/a/b:1");
  EXPECT_EQ(image_name("reg.test/a@" + sha('a')), "reg.test/a");
  for (const char* none : {"oci-archive:/tmp/x.tar:nginx", "docker-archive:x.tar", "oci:/d", "", "Not A Ref"})
    EXPECT_EQ(image_name(none), "") << none;
  EXPECT_EQ(repository_of("localhost:5000/a/b:1"), "localhost:5000/a/b");
  EXPECT_EQ(repository_of("localhost:5000/a/b"), "localhost:5000/a/b");
  EXPECT_EQ(repository_of(""), "");
}

// By the specification's own rule: ChainID(A|B) = Digest(ChainID(A) + " " + DiffID(B)).
TEST(LayerChain, IsTheSpecificationsChainOfEachPrefix) {
  std::vector<LayerInfo> layers = {{"", sha('1'), 1, ""}, {"", sha('2'), 1, ""}};
  std::vector<std::string> chain = layer_chain(layers);
  ASSERT_EQ(chain.size(), 2u);
  EXPECT_EQ(chain[0], std::string(64, '1'));
  // printf '%s %s' sha256:11... sha256:22... | sha256sum
  EXPECT_EQ(chain[1], "9932074217c35353d2e03a3f5a86549f7c67bfeb0ba53e23d69f4d4c8f7958f5");
  layers[1].diff_id = "";
  EXPECT_TRUE(layer_chain(layers).empty());
}

}  // namespace
}  // namespace assay
