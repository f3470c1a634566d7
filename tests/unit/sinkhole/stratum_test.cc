// Mining pools in each dialect: jobs that a miner takes, shares that are accepted, work that changes.
#include "agent/sinkhole/protocols/stratum.h"

#include <nlohmann/json.hpp>

#include "tests/unit/sinkhole/talk_support.h"

namespace assay::sinkhole {
namespace {

using Json = nlohmann::json;

constexpr const char* kLogin =
    R"({"id":1,"jsonrpc":"2.0","method":"login","params":{"login":"4AWallet","pass":"x","agent":"XMRig/6.22.2","algo":["cn/r","rx/0"]}})"
    "\n";
constexpr const char* kSubmit =
    R"({"id":3,"jsonrpc":"2.0","method":"submit","params":{"id":"a","job_id":"b","nonce":"00000000","result":"00"}})"
    "\n";

std::vector<Json> lines_of(const std::string& text) {
  std::vector<Json> out;
  for (size_t at = 0; at < text.size();) {
    size_t end = text.find('\n', at);
    out.push_back(Json::parse(text.substr(at, end - at), nullptr, false));
    EXPECT_TRUE(out.back().is_object()) << text;
    at = end + 1;
  }
  return out;
}

struct Miner {
  Scene scene{some_lures()};
  Client client{scene, peer_at(3333, "pool.example")};
  std::vector<Json> ask(const std::string& line) { return lines_of(client.say(line)); }
};

TEST(Stratum, MoneroLoginGetsAWellFormedRandomXJob) {
  Miner miner;
  auto got = miner.ask(kLogin);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0]["id"], 1);
  EXPECT_EQ(got[0]["error"], nullptr);
  EXPECT_EQ(got[0]["result"]["status"], "OK");
  Json job = got[0]["result"]["job"];
  std::string blob = job["blob"], seed = job["seed_hash"], target = job["target"];
  EXPECT_EQ(blob.size(), 2u * 76);
  EXPECT_EQ(blob.substr(0, 4), "1010");
  EXPECT_EQ(blob.substr(2 * 39, 8), "00000000");  // the nonce
  EXPECT_EQ(seed.size(), 64u);
  EXPECT_EQ(target, "cccccc0c");  // 2^32 / 20, little endian
  EXPECT_EQ(job["algo"], "rx/0");
  EXPECT_GT(job["height"], 3'000'000);
}

TEST(Stratum, AMinerThatCannotDoRandomXGetsWhatItCan) {
  Miner miner;
  EXPECT_EQ(miner.ask(R"({"id":1,"method":"login","params":{"algo":["cn/r"]}})"
                      "\n")[0]["result"]["job"]["algo"],
            "cn/r");
  Miner hostile;
  EXPECT_EQ(hostile.ask(R"({"id":1,"method":"login","params":{"algo":["\"},x",7]}})"
                        "\n")[0]["result"]["job"]["algo"],
            "rx/0");
}

TEST(Stratum, SharesAreAcceptedAndTooManyMakeItHarder) {
  Miner miner;
  miner.ask(kLogin);
  auto first = miner.ask(kSubmit);
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0]["result"]["status"], "OK");
  for (int i = 0; i < 3; ++i) {  // might be luck
    miner.client.now_ns += 500'000'000;
    EXPECT_EQ(miner.ask(kSubmit).size(), 1u);
  }
  auto soon = miner.ask(kSubmit);
  ASSERT_EQ(soon.size(), 2u);
  EXPECT_EQ(soon[1]["method"], "job");
  EXPECT_EQ(soon[1]["params"]["target"], "66666606");
  miner.client.now_ns += 5'000'000'000;
  EXPECT_EQ(miner.ask(kSubmit).size(), 1u);
}

TEST(Stratum, JobChangesEveryMinuteAndOnRequest) {
  Miner miner;
  Json job = miner.ask(kLogin)[0]["result"]["job"];
  miner.client.now_ns += 61'000'000'000;
  auto got = miner.ask(R"({"id":2,"method":"keepalived","params":{"id":"a"}})"
                       "\n");
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(got[0]["result"]["status"], "KEEPALIVED");
  EXPECT_NE(got[1]["params"]["job_id"], job["job_id"]);
  EXPECT_NE(got[1]["params"]["blob"], job["blob"]);
  EXPECT_EQ(got[1]["params"]["seed_hash"], job["seed_hash"]);
  EXPECT_NE(miner.ask(R"({"id":4,"method":"getjob"})"
                      "\n")[0]["result"]["job_id"],
            got[1]["params"]["job_id"]);
}

TEST(Stratum, SubscriptionGetsDifficultyAndWork) {
  Miner miner;
  auto got = miner.ask(R"({"id": "x7", "method": "mining.subscribe", "params": ["cpuminer/2.5.1"]})"
                       "\n");
  ASSERT_EQ(got.size(), 3u);
  EXPECT_EQ(got[0]["id"], "x7");
  EXPECT_EQ(got[0]["result"][2], 4);
  EXPECT_EQ(got[1]["method"], "mining.set_difficulty");
  EXPECT_EQ(got[2]["method"], "mining.notify");
  Json work = got[2]["params"];
  ASSERT_EQ(work.size(), 9u);
  EXPECT_EQ(work[1].get<std::string>().size(), 64u);
  EXPECT_EQ(work[7], "6553f100");
  EXPECT_EQ(miner.ask(R"({"id":2,"method":"mining.authorize","params":["w","x"]})"
                      "\n")[0]["result"],
            true);
  EXPECT_EQ(miner.ask(R"({"id":3,"method":"mining.submit","params":["w","j","0","0","0"]})"
                      "\n")[0]["result"],
            true);
  const char* submit = R"({"id":4,"method":"mining.submit","params":["w","j","0","0","0"]})"
                       "\n";
  for (int i = 0; i < 3; ++i) miner.ask(submit);
  auto harder = miner.ask(R"({"id":4,"method":"mining.submit","params":["w","j","0","0","0"]})"
                          "\n");
  ASSERT_EQ(harder.size(), 3u);
  EXPECT_GT(harder[1]["params"][0], got[1]["params"][0]);
  EXPECT_NE(harder[2]["params"][0], work[0]);
}

TEST(Stratum, EthereumMinersGetWork) {
  Miner miner;
  EXPECT_EQ(miner.ask(R"({"id":1,"method":"eth_submitLogin","params":["0xwallet"],"worker":"w"})"
                      "\n")[0]["result"],
            true);
  auto work = miner.ask(R"({"id":2,"method":"eth_getWork"})"
                        "\n")[0]["result"];
  ASSERT_EQ(work.size(), 4u);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(work[i].get<std::string>().size(), 66u);
  EXPECT_EQ(miner.ask(R"({"id":3,"method":"eth_getWork"})"
                      "\n")[0]["result"],
            work);
  EXPECT_EQ(miner.ask(R"({"id":4,"method":"eth_submitWork","params":["0x1","0x2","0x3"]})"
                      "\n")[0]["result"],
            true);
  miner.client.now_ns += 61'000'000'000;
  EXPECT_NE(miner.ask(R"({"id":5,"method":"eth_getWork"})"
                      "\n")[0]["result"],
            work);
  Miner nicehash;
  auto got = nicehash.ask(R"({"id":1,"method":"mining.subscribe","params":["m","EthereumStratum/1.0.0"]})"
                          "\n");
  ASSERT_EQ(got.size(), 3u);
  EXPECT_EQ(got[2]["params"].size(), 4u);
}

TEST(Stratum, EveryRequestIsTold) {
  Miner miner;
  miner.ask(kLogin);
  miner.ask(kSubmit);
  ASSERT_EQ(miner.client.told.size(), 2u);
  EXPECT_EQ(miner.client.told[0].kind, ReportKind::http);
  EXPECT_EQ(miner.client.told[0].app, "stratum");
  EXPECT_EQ(miner.client.told[0].method, "login");
  EXPECT_EQ(miner.client.told[0].name, "pool.example");
  EXPECT_NE(miner.client.told[0].data.find("4AWallet"), std::string::npos);
  EXPECT_NE(miner.client.told[0].data.find("XMRig/6.22.2"), std::string::npos);
  EXPECT_EQ(miner.client.told[1].method, "submit");
  for (int i = 0; i < 100; ++i) miner.ask(kSubmit);
  EXPECT_EQ(miner.client.told.size(), 9u);  // shares do not crowd out what comes later
  miner.ask(R"({"id":9,"method":"login","params":{"login":"other"}})"
            "\n");
  EXPECT_EQ(miner.client.told.size(), 10u);
}

TEST(Stratum, OnlyAPlainIdIsEchoed) {
  Miner miner;
  EXPECT_EQ(miner.ask(R"({"id":{"a":1},"method":"login"})"
                      "\n")[0]["id"],
            nullptr);
  EXPECT_EQ(miner.ask("{\"id\":\"" + std::string(100, 'x') + "\",\"method\":\"login\"}\n")[0]["id"], nullptr);
  EXPECT_EQ(miner.client.say("{\"id\":\"\\u001b[2J\",\"method\":\"keepalived\"}\n").find('\x1b'),
            std::string::npos);
  EXPECT_EQ(miner.client.say("{\"id\":1,\"result\":true}\nnonsense\n"), "");
}

TEST(Stratum, DeepNestingIsBorne) {
  Miner miner;
  std::string deep = R"({"id":1,"method":"mining.subscribe","params":)" + std::string(4000, '[') +
                     std::string(4000, ']') + "}\n";
  EXPECT_EQ(miner.ask(deep).size(), 3u);
  EXPECT_EQ(miner.ask(deep).size(), 3u);
}

TEST(Stratum, AnySplitAndAnyMutationIsBorne) {
  std::string session = std::string(kLogin) + kSubmit +
                        R"({"id":2,"method":"mining.subscribe","params":[]})"
                        "\n";
  same_in_any_split(3333, session);
  EXPECT_GT(stays_bounded(3333, session, false), 1000);
}

}  // namespace
}  // namespace assay::sinkhole
