// Search over kept scans: what is found, in which order, page by page, and what bounds it.
#include "scheduler/search.h"

#include <gtest/gtest.h>

#include "tests/unit/scheduler/memory_store.h"

namespace assay {
namespace {

constexpr int64_t kStart = 1'795'576'500'000'000'000;  // 2026-11-25T03:15:00Z, as in the ids
constexpr int64_t kDay = 24 * 3600 * 1'000'000'000ll;

std::string id_of(unsigned number) {
  char id[32];
  std::snprintf(id, sizeof id, "202611%02uT031500-%08x", 1 + number / 1000, number);
  return id;
}

class SearchTest : public testing::Test {
 protected:
  std::string add(unsigned number, Traits traits, const std::string& verdict = "clean") {
    ScanRecord queued;
    queued.scan_id = id_of(number);
    queued.submitted_ns = kStart + (static_cast<int64_t>(number / 1000) - 24) * kDay;
    ScanRecord done = queued;
    done.state = ScanState::done;
    done.verdict = verdict;
    std::sort(traits.begin(), traits.end());
    EXPECT_TRUE((*store_.commit({Keep::submitted(queued)}))[0]);
    EXPECT_TRUE((*store_.commit({Keep::reported(queued, done, "{}", traits)}))[0]);
    return queued.scan_id;
  }
  SearchQuery query(const std::string& text, size_t limit = 50) {
    SearchQuery out;
    auto any = guess_wanted(text);
    EXPECT_TRUE(any) << any.error().what;
    out.any = *any;
    out.limit = limit;
    return out;
  }
  SearchPage page(const SearchQuery& of) {
    auto found = search(Keep(store_), of);
    EXPECT_TRUE(found) << found.error().what;
    return found ? *found : SearchPage();
  }
  std::string hits(const SearchQuery& of) {
    std::string out;
    for (const SearchHit& hit : page(of).hits)
      out += hit.scan.scan_id.substr(16) + ": " + matched_text(hit, 3) + "; ";
    return out;
  }
  static Trait asked(const std::string& name) { return {TraitKind::domain, TraitRole::asked, name}; }

  MemoryStore store_;
};

TEST_F(SearchTest, TellsWhatFitsAndHowItCameAboutNewestFirst) {
  add(1, {asked("evil.test"), {TraitKind::domain, TraitRole::contacted, "evil.test"}, asked("good.test")});
  add(2, {asked("good.test"), {TraitKind::path, TraitRole::executed, "/bin/evil.test"}});
  add(3, {asked("c2.evil.test")});
  EXPECT_EQ(hits(query("evil.test")),
            "00000003: c2.evil.test (asked); 00000002: /bin/evil.test (executed); "
            "00000001: evil.test (asked, contacted); ");
  EXPECT_EQ(hits(query("nothing.test")), "");
}

TEST_F(SearchTest, PagesGoOnWhereTheOneBeforeEnded) {
  std::vector<std::string> all;
  for (unsigned i = 0; i < 2500; ++i) all.push_back(add(i, {asked(i % 2 ? "a.evil.test" : "b.evil.test")}));
  std::reverse(all.begin(), all.end());
  for (size_t limit : {7, 1000, 1250, 2500}) {
    std::vector<std::string> seen;
    SearchQuery of = query("evil.test", limit);
    for (size_t pages = 0; pages <= 2500 / limit; ++pages) {
      SearchPage one = page(of);
      EXPECT_LE(one.hits.size(), limit);
      for (const SearchHit& hit : one.hits) seen.push_back(hit.scan.scan_id);
      of.start = one.next;
      if (one.next.empty()) break;
    }
    EXPECT_EQ(seen, all) << limit;
    EXPECT_EQ(of.start, "");
  }
}

TEST_F(SearchTest, ManyWordsAreTakenAsOneList) {
  std::string all;
  for (unsigned i = 0; i < 200; ++i)
    add(i, {{TraitKind::ip, TraitRole::contacted, "10." + std::to_string(i % 256) + ".0.1"}});
  SearchPage found = page(query("10.128.0.0/10", 100));
  ASSERT_EQ(found.hits.size(), 64u);
  EXPECT_EQ(found.hits[0].scan.scan_id, id_of(191));
  EXPECT_EQ(found.hits[63].scan.scan_id, id_of(128));
}

TEST_F(SearchTest, AFilterTakesOutWhatDoesNotFit) {
  // A thousand on each of the days 1, 8, 15, 22 and 29.
  for (unsigned i = 0; i < 5000; ++i)
    add(i % 1000 + i / 1000 * 7000, {asked("evil.test")}, i % 1000 == 7 ? "malicious" : "clean");
  SearchQuery of = query("evil.test");
  of.filter.verdicts = {"malicious"};
  EXPECT_EQ(page(of).hits.size(), 5u);
  EXPECT_EQ(page(of).looked, 5000u);
  of.filter.since_ns = kStart - 3 * kDay;
  EXPECT_EQ(page(of).hits.size(), 2u);
  EXPECT_EQ(page(of).looked, 3000u) << "a week's room, and no further";
  of.filter.until_ns = kStart - 2 * kDay;
  EXPECT_EQ(page(of).hits.size(), 1u);
  EXPECT_EQ(page(of).hits[0].scan.scan_id, id_of(21'007));
  of.filter.until_ns = kStart - 10 * kDay;
  of.filter.since_ns = 0;
  EXPECT_EQ(page(of).hits.size(), 2u);
  EXPECT_EQ(page(of).looked, 4000u) << "begins a week later";
}

TEST_F(SearchTest, WhatStandsUnderTheWordAndIsAnotherIsNoHit) {
  add(1, {{TraitKind::hash, TraitRole::left, std::string(64, 'a')}});
  EXPECT_EQ(page(query(std::string(64, 'a'))).hits.size(), 1u);
  SearchPage other = page(query("aaaaaaaa" + std::string(56, 'b')));
  EXPECT_EQ(other.hits.size(), 0u);
  EXPECT_EQ(other.looked, 1u);
}

TEST_F(SearchTest, LooksAtABoundedNumberAndSaysWhereToGoOn) {
  for (unsigned i = 0; i < kMaxSearched + 10; ++i)
    add(i, {asked("evil.test")}, i == 3 ? "malicious" : "clean");
  SearchQuery of = query("evil.test");
  of.filter.verdicts = {"malicious"};
  SearchPage cut = page(of);
  EXPECT_EQ(cut.hits.size(), 0u);
  EXPECT_EQ(cut.looked, kMaxSearched);
  EXPECT_EQ(cut.next, id_of(9));
  of.start = cut.next;
  EXPECT_EQ(page(of).hits.size(), 1u);
}

TEST_F(SearchTest, AScanThatIsGoneOrDamagedHidesNoOther) {
  for (unsigned i = 0; i < 4; ++i) add(i, {asked("evil.test")});
  ASSERT_TRUE(store_.write({{Family::scans, id_of(1), "", true},
                            {Family::scans, id_of(2), "damaged"},
                            {Family::reports, id_of(3) + "/traits", "damaged"}}));
  SearchPage found = page(query("evil.test"));
  ASSERT_EQ(found.hits.size(), 1u);
  EXPECT_EQ(found.hits[0].scan.scan_id, id_of(0));
  EXPECT_EQ(found.unreadable, 2u);
}

TEST_F(SearchTest, ManyValuesOfOneScanAreCounted) {
  Traits many;
  for (unsigned i = 0; i < 30; ++i) many.push_back(asked(std::to_string(i) + ".evil.test"));
  add(1, many);
  SearchPage found = page(query("evil.test"));
  ASSERT_EQ(found.hits.size(), 1u);
  EXPECT_EQ(found.hits[0].matched.size(), kMaxMatchedShown);
  EXPECT_EQ(found.hits[0].matched_left_out, 10u);
  EXPECT_EQ(matched_text(found.hits[0], 2), "0.evil.test (asked), 1.evil.test (asked), and 28 more");
}

}  // namespace
}  // namespace assay
