// GET /v1/search: what it takes, what it finds, and what it refuses.
#include <gtest/gtest.h>

#include "scheduler/keep.h"
#include "tests/unit/scheduler/api_fixture.h"

namespace assay {
namespace {

const std::string kOld = "20261125T031500-00000001", kNew = "20261126T031500-00000002";
constexpr int64_t kOldTime = 1'795'576'500'000'000'000, kNewTime = kOldTime + 24 * 3600 * 1'000'000'000ll;

class ApiSearch : public testing::Test {
 protected:
  void SetUp() override {
    auto store = Store::open(dir_.path() / "store", Store::Mode::read_write);
    ASSERT_TRUE(store) << store.error().what;
    store_ = std::move(*store);
    ASSERT_TRUE(Keep(*store_).upgrade());
    add(kOld, kOldTime, "clean", {{TraitKind::domain, TraitRole::asked, "c2.evil.test"}});
    add(kNew, kNewTime, "malicious",
        {{TraitKind::domain, TraitRole::contacted, "evil.test"},
         {TraitKind::path, TraitRole::left, "/tmp/a\\x1bb"}});
    api_.emplace(context_, *store_, "inproc://clients");
  }
  void add(const std::string& id, int64_t time, const std::string& verdict, const Traits& traits) {
    ScanRecord queued;
    queued.scan_id = id;
    queued.submission.job.ref = "reg.test/app:" + verdict;
    queued.submitted_ns = time;
    ScanRecord done = queued;
    done.state = ScanState::done;
    done.verdict = verdict;
    ASSERT_TRUE((*store_->commit({Keep::submitted(queued)}))[0]);
    ASSERT_TRUE((*store_->commit({Keep::reported(queued, done, "{}", traits)}))[0]);
  }
  std::string found(const std::string& query) {
    Json answer = api_->json(200, "GET", "/v1/search?" + query, "read");
    std::string out;
    for (const Json& hit : answer["hits"]) {
      out += hit["scan_id"].get<std::string>().substr(23) + ":";
      for (const Json& match : hit["matched"])
        out += " " + match["kind"].get<std::string>() + " " + match["role"].get<std::string>() + " " +
               match["value"].get<std::string>();
      out += "; ";
    }
    return out;
  }
  std::string refused(const std::string& query) {
    return api_->error(400, "GET", "/v1/search?" + query, "read");
  }

  TempDir dir_;
  Context context_;
  std::unique_ptr<Store> store_;
  std::optional<ApiHarness> api_;
};

TEST_F(ApiSearch, FindsByKindOrByWhateverTheTextMayBe) {
  EXPECT_EQ(found("domain=evil.test"), "2: domain contacted evil.test; 1: domain asked c2.evil.test; ");
  EXPECT_EQ(found("q=c2.evil.test"), "1: domain asked c2.evil.test; ");
  EXPECT_EQ(found("path=%2Ftmp%2F"), "2: path left /tmp/a\\x1bb; ");
  EXPECT_EQ(found("technique=T1496"), "");
}

TEST_F(ApiSearch, FiltersAndPages) {
  EXPECT_EQ(found("domain=evil.test&verdict=clean,inconclusive"), "1: domain asked c2.evil.test; ");
  EXPECT_EQ(found("domain=evil.test&until=2026-11-26"), "1: domain asked c2.evil.test; ");
  EXPECT_EQ(found("domain=evil.test&since=2026-11-26"), "2: domain contacted evil.test; ");
  EXPECT_EQ(found("domain=evil.test&image=malicious"), "2: domain contacted evil.test; ");
  Json page = api_->json(200, "GET", "/v1/search?domain=evil.test&limit=1", "read");
  EXPECT_EQ(page["hits"].size(), 1u);
  EXPECT_EQ(page["next"], kOld);
  EXPECT_EQ(page["knows_all"], true);
  EXPECT_EQ(found("domain=evil.test&start=" + kOld), "1: domain asked c2.evil.test; ");
  EXPECT_TRUE(api_->json(200, "GET", "/v1/search?domain=evil.test", "read")["next"].is_null());
}

TEST_F(ApiSearch, RefusesWhatItDoesNotUnderstandByName) {
  const std::string one =
      "invalid: a search takes one of q, domain, ip, hash, path, technique, rule, repository, chain";
  EXPECT_EQ(refused(""), one);
  EXPECT_EQ(refused("q=a&domain=b"), one);
  EXPECT_EQ(refused("hash=xyz"),
            "invalid: 'xyz' is no SHA-256 and no start of one: it has 8 to 64 hexadecimal digits");
  EXPECT_EQ(refused("q=a&verdict=bad").substr(0, 24), "invalid: verdict 'bad' i");
  for (const char* query :
       {"q=a&since=x", "q=a&start=x", "q=a&limit=0", "q=a&limit=1001", "q=a&batch=x", "q=a&x=1"})
    EXPECT_NE(refused(query), "") << query;
  api_->json(403, "GET", "/v1/search?q=a", "submit");
}

}  // namespace
}  // namespace assay
