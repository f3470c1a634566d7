// Stores of other versions: the first layout gets what it lacks, once; a later one is left alone. These tests
// make them with RocksDB itself, as those versions did.
#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include "tests/support.h"
#include "tests/unit/scheduler/keep_samples.h"
#include "tests/unit/scheduler/memory_store.h"

namespace assay {
namespace {

using namespace sample;

// encode_scan() of the first version: sample::job(), leased, attempt 2, submitted at 11, finished at -12,
// kDigest, malicious, 97, error "none".
std::string old_record() {
  constexpr std::string_view kHex =
      "41535931010005002801000028b52ffd642800450500d28a222a9029690dc777a77bfffffffff21122b009611ffcb6e4c923cc"
      "a93b"
      "d7cf096f646f82447ff05f0971d2521f4d37ad2c4e82a48946b14d228fd320aad35511cc8344990e6aa848023a07a6a9b8a39a"
      "ec62"
      "52a9b4e624867ac603def047c725914090864061076b3d0cb2181e87b188b39c1b3cfac2db8bc2132e97131ce303db8646812f"
      "777c"
      "0458f0010c0060f004920b66002283dbc03838fb42590806060303430da008a423f777";
  std::string out;
  for (size_t i = 0; i < kHex.size(); i += 2)
    out += static_cast<char>(std::stoi(std::string(kHex.substr(i, 2)), nullptr, 16));
  return out;
}

ScanRecord as_it_was() {
  ScanRecord r;
  r.scan_id = kId;
  r.submission.job = job();
  r.submission.job.cpu_millis = 0;
  r.submission.job.persona = Persona::bare;
  r.submission.job.provoke = true;
  r.submission.job.extension = Job().extension;
  r.submission.job.memory_bytes = 0;
  r.state = ScanState::leased;
  r.attempt = 2;
  r.submitted_ns = 11;
  r.finished_ns = -12;
  r.digest = kDigest;
  r.verdict = "malicious";
  r.score = 97;
  r.error = "none";
  return r;
}

// A database with these column families and nothing but `records` in the first.
void make_store(const std::filesystem::path& dir, const std::vector<std::string>& families,
                const std::vector<std::pair<std::string, std::string>>& records = {}) {
  rocksdb::Options options;
  options.create_if_missing = options.create_missing_column_families = true;
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors = {{rocksdb::kDefaultColumnFamilyName, {}}};
  for (const auto& name : families) descriptors.emplace_back(name, rocksdb::ColumnFamilyOptions());
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  auto status = rocksdb::DB::Open(options, dir.string(), descriptors, &handles, &opened);
  ASSERT_TRUE(status.ok()) << status.ToString();
  std::unique_ptr<rocksdb::DB> db(opened);
  for (const auto& [key, value] : records) EXPECT_TRUE(db->Put({}, handles[1], key, value).ok());
  for (auto* handle : handles) db->DestroyColumnFamilyHandle(handle);
}

const std::vector<std::string> kFirstLayout = {"scans", "chunks", "reports", "digests"};

std::unique_ptr<Store> open(const TempDir& dir, Store::Mode mode = Store::Mode::read_write) {
  auto store = Store::open(dir.path(), mode);
  EXPECT_TRUE(store) << store.error().what;
  return std::move(*store);
}

std::string opened(Store& store) {
  std::string out;
  auto all = Keep(store).each_open([&](ScanRecord r) { out += str(r) + ";"; });
  return all ? out + std::to_string(all->unreadable) : str(all.error());
}

TEST(StoreLayout, ReaderSeesFamiliesThatAreNotThereAsEmpty) {
  TempDir dir;
  make_store(dir.path(), kFirstLayout, {{kId, old_record()}});
  auto store = open(dir, Store::Mode::read_only);
  EXPECT_EQ(str(Keep(*store).scan(kId)), str(as_it_was()));
  EXPECT_EQ(store->get(Family::open, kId).error().code, Errc::not_found);
  EXPECT_EQ(opened(*store), "0");
  EXPECT_EQ(str(Keep(*store).batch(kBatch)), "not_found: batch " + kBatch + " is not known here");
  EXPECT_FALSE(*Keep(*store).knows_all());
  auto none = [](const std::string& id) -> bool {
    ADD_FAILURE() << id;
    return true;
  };
  EXPECT_TRUE(Keep(*store).each_found(TraitKind::domain, "evil.test", none));
}

TEST(StoreLayout, FirstLayoutGetsItsIndexOfOpenScansOnce) {
  TempDir dir;
  make_store(dir.path(), kFirstLayout, {{kId, old_record()}, {kNewer, "junk"}});
  {
    auto store = open(dir);
    EXPECT_EQ(opened(*store), "0");
    auto upgraded = Keep(*store).upgrade();
    ASSERT_TRUE(upgraded) << upgraded.error().what;
    EXPECT_EQ(upgraded->unreadable, 1u);
    EXPECT_EQ(upgraded->first_error, "scan " + kNewer + ": scan record: does not begin as one");
  }
  auto store = open(dir);
  EXPECT_EQ(opened(*store), str(as_it_was()) + ";0");
  ScanRecord again = as_it_was();
  again.state = ScanState::queued;
  EXPECT_EQ(commit(*store, Keep::moved(as_it_was(), again)), "ok") << "the fence holds for the old record";
  // The second time it looks at no record: the junk is not counted.
  EXPECT_EQ(Keep(*store).upgrade()->unreadable, 0u);
  EXPECT_EQ(opened(*store), str(again) + ";0");
}

TEST(StoreLayout, EndedScansOfTheFirstLayoutStayHistory) {
  TempDir dir;
  MemoryStore store;
  ASSERT_TRUE(store.write(
      {{Family::scans, kOlder, Keep::submitted(record(kOlder, ScanState::queued)).ops[0].value}}));
  ASSERT_EQ(commit(store, Keep::submitted(record(kId, ScanState::queued))), "ok");
  ASSERT_EQ(commit(store, Keep::moved(record(kId, ScanState::queued), record(kId, ScanState::done))), "ok");
  ASSERT_TRUE(Keep(store).upgrade());
  EXPECT_EQ(opened(store), str(record(kOlder, ScanState::queued)) + ";0");
}

TEST(StoreLayout, NewStoreIsOfTheNewLayoutAtOnce) {
  TempDir dir;
  auto store = open(dir);
  ASSERT_TRUE(Keep(*store).upgrade());
  EXPECT_EQ(opened(*store), "0");
  EXPECT_EQ(*store->get(Family::open, "layout"), "3");
  EXPECT_TRUE(*Keep(*store).knows_all());
}

TEST(StoreLayout, LaterLayoutIsRefused) {
  MemoryStore store;
  ASSERT_TRUE(store.write({{Family::open, "layout", "4"}}));
  EXPECT_EQ(str(Keep(store).upgrade().error()),
            "unsupported: the store has format 4, which a later assay made; this one knows up to 3");
  ASSERT_TRUE(store.write({{Family::open, "layout", "3\n"}}));
  EXPECT_EQ(
      str(Keep(store).upgrade().error()),
      "unsupported: the store has format of no number, which a later assay made; this one knows up to 3");
}

TEST(StoreLayout, StoreWithAFamilyOfALaterVersionIsReadButNotWritten) {
  TempDir dir;
  auto families = kFirstLayout;
  families.push_back("flows");
  make_store(dir.path(), families, {{kId, old_record()}});
  auto refused = Store::open(dir.path(), Store::Mode::read_write);
  ASSERT_FALSE(refused);
  EXPECT_EQ(str(refused.error()), "unsupported: open data directory " + dir.path().string() +
                                      ": Not implemented: a later assay wrote it, with 'flows'");
  EXPECT_EQ(Keep(*open(dir, Store::Mode::read_only)).scan(kId)->scan_id, kId);
}

}  // namespace
}  // namespace assay
