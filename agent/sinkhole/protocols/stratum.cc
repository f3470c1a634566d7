// The pool's side of a connection. JSON is read by the library, requests are told, answers are written by
// hand.
#include "agent/sinkhole/protocols/stratum.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "agent/sinkhole/protocols/lines.h"
#include "agent/sinkhole/protocols/stratum_work.h"

namespace assay::sinkhole {
namespace {

using Json = nlohmann::json;

constexpr int64_t kJobNs = 60'000'000'000;   // how long a job is worked on
constexpr int64_t kShareNs = 2'000'000'000;  // shares more often than this: too easy
constexpr uint32_t kMaxSharesTold = 8;       // of what a miner says, the least telling
constexpr int kHaste = 4;                    // so many in a row, to tell haste from luck
constexpr double kMaxHarder = 1 << 20;
constexpr double kMoneroDifficulty = 20;      // a busy core without the 2 GB dataset: some seconds
constexpr double kBitcoinDifficulty = 0.004;  // of 2^32 hashes: a core's few seconds
constexpr double kEthereumDifficulty = 20'000'000;
constexpr size_t kMaxIdBytes = 64;

std::string text_of(const Json& object, const char* key) {
  auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : "";
}

bool is_stratum_method(std::string_view method) {
  return method == "login" || method.starts_with("mining.") || method.starts_with("eth_");
}

// Numbers and short strings only: it is sent back inside of our JSON.
std::string request_id(const Json& request) {
  auto it = request.find("id");
  if (it == request.end() || !(it->is_number() || it->is_string())) return "null";
  std::string id = it->dump(-1, ' ', true);
  return id.size() <= kMaxIdBytes ? id : "null";
}

// The one the miner likes best, unless it can do RandomX.
std::string algo_of(const Json& params) {
  auto it = params.find("algo");
  if (it == params.end() || !it->is_array()) return "rx/0";
  std::string first;
  for (const Json& algo : *it) {
    if (!algo.is_string()) continue;
    std::string name = algo.get<std::string>();
    bool plain = !name.empty() && name.size() <= 32 && std::all_of(name.begin(), name.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '/' || c == '-';
    });
    if (name == "rx/0") return name;
    if (plain && first.empty()) first = name;
  }
  return first.empty() ? "rx/0" : first;
}

// Among the parameters of mining.subscribe.
bool wants_ethereum_stratum(const Json& params) {
  return params.is_array() && std::any_of(params.begin(), params.end(), [](const Json& one) {
           return one.is_string() && one.get_ref<const std::string&>().starts_with("EthereumStratum");
         });
}

class Stratum : public LineConversation {
 public:
  std::string_view app() const override { return "stratum"; }

 protected:
  void answer(std::string_view line, Moment& moment, std::string& out) override;

 private:
  enum class Dialect { none, monero, bitcoin, ethereum_stratum };
  Work next(Moment& moment, double base);
  void notify(Moment& moment, std::string& out);
  void login(const std::string& id, const Json& params, Moment& moment, std::string& out);
  void mining(const std::string& method, const std::string& id, const Json& params, Moment& moment,
              std::string& out);
  void share(Moment& moment, std::string& out);

  Dialect dialect_ = Dialect::none;
  std::string algo_;
  double harder_ = 1;
  int in_haste_ = 0;  // shares in a row that came too soon
  uint32_t jobs_ = 0, shares_ = 0;
  int64_t job_ns_ = 0, share_ns_ = 0;
};

std::string reply(const std::string& id, const std::string& result) {
  return R"({"id":)" + id + R"(,"jsonrpc":"2.0","error":null,"result":)" + result + "}\n";
}
std::string notification(const std::string& method, const std::string& params) {
  return R"({"id":null,"jsonrpc":"2.0","method":")" + method + R"(","params":)" + params + "}\n";
}

Work Stratum::next(Moment& moment, double base) {
  job_ns_ = moment.wall_ns;
  return {moment.scene.lures.seed, ++jobs_, moment.unix_seconds(), base * harder_};
}

// The next job, unasked.
void Stratum::notify(Moment& moment, std::string& out) {
  if (dialect_ == Dialect::monero) out += notification("job", next(moment, kMoneroDifficulty).monero(algo_));
  if (dialect_ == Dialect::bitcoin) {
    Work work = next(moment, kBitcoinDifficulty);
    out += notification("mining.set_difficulty", "[" + Json(work.difficulty).dump() + "]");
    out += notification("mining.notify", work.bitcoin());
  }
  if (dialect_ == Dialect::ethereum_stratum) {
    Work work = next(moment, kBitcoinDifficulty);
    out += notification("mining.set_difficulty", "[" + Json(work.difficulty).dump() + "]");
    out += notification("mining.notify", work.ethereum_stratum());
  }
}

void Stratum::share(Moment& moment, std::string& out) {
  bool soon = share_ns_ != 0 && moment.wall_ns - share_ns_ < kShareNs;
  share_ns_ = moment.wall_ns;
  in_haste_ = soon ? in_haste_ + 1 : 0;
  bool harder = in_haste_ == kHaste;
  if (harder) {
    in_haste_ = 0;
    harder_ = std::min(harder_ * 2, kMaxHarder);
  }
  if (harder || moment.wall_ns - job_ns_ > kJobNs) notify(moment, out);
}

void Stratum::login(const std::string& id, const Json& params, Moment& moment, std::string& out) {
  dialect_ = Dialect::monero;
  algo_ = algo_of(params);
  Work work = next(moment, kMoneroDifficulty);
  out += reply(id, R"({"id":")" + work.id() + R"(","job":)" + work.monero(algo_) +
                       R"(,"extensions":["algo","keepalive"],"status":"OK"})");
}

void Stratum::mining(const std::string& method, const std::string& id, const Json& params, Moment& moment,
                     std::string& out) {
  if (method == "mining.subscribe") {
    bool ethereum = wants_ethereum_stratum(params);
    dialect_ = ethereum ? Dialect::ethereum_stratum : Dialect::bitcoin;
    out +=
        ethereum
            ? reply(
                  id,
                  R"([["mining.notify","ae6812eb4cd7735a302a8a9dd95cf71f","EthereumStratum/1.0.0"],"080c"])")
            : reply(
                  id,
                  R"([[["mining.set_difficulty","b4b6693b72a50c7116db18d6497cac52"],["mining.notify","ae6812eb4cd7735a302a8a9dd95cf71f"]],"08000002",4])");
    notify(moment, out);
  } else if (method == "mining.configure") {
    out += reply(id, R"({"version-rolling":true,"version-rolling.mask":"1fffe000"})");
  } else if (method == "mining.ping") {
    out += reply(id, R"("pong")");
  } else {  // authorize, submit, extranonce.subscribe, suggest_difficulty...
    out += reply(id, "true");
    if (method == "mining.submit") share(moment, out);
    if (method == "mining.authorize" && dialect_ == Dialect::none) {
      dialect_ = Dialect::bitcoin;
      notify(moment, out);
    }
  }
}

void Stratum::answer(std::string_view line, Moment& moment, std::string& out) {
  Json request = Json::parse(line, nullptr, false);
  if (!request.is_object()) return;
  std::string method = text_of(request, "method");
  if (method.empty()) return;  // an answer of the client's own
  bool is_share = method == "submit" || method == "mining.submit" || method == "eth_submitWork";
  shares_ += is_share;
  if (!is_share || shares_ <= kMaxSharesTold) notes_.add(moment, app(), method, "", line);
  std::string id = request_id(request);
  auto it = request.find("params");
  const Json none;
  const Json& params = it == request.end() ? none : *it;  // never copied or printed whole: it may be deep
  if (method == "login") {
    login(id, params, moment, out);
  } else if (method == "submit") {
    out += reply(id, R"({"status":"OK"})");
    share(moment, out);
  } else if (method == "keepalived") {
    out += reply(id, R"({"status":"KEEPALIVED"})");
    if (moment.wall_ns - job_ns_ > kJobNs) notify(moment, out);
  } else if (method == "getjob") {
    if (algo_.empty()) algo_ = "rx/0";
    out += reply(id, next(moment, kMoneroDifficulty).monero(algo_));
  } else if (method == "eth_getWork") {
    // Asked every few seconds: the same work until it is old.
    bool old = jobs_ == 0 || moment.wall_ns - job_ns_ > kJobNs;
    Work work =
        old ? next(moment, kEthereumDifficulty)
            : Work{moment.scene.lures.seed, jobs_, moment.unix_seconds(), kEthereumDifficulty * harder_};
    out += reply(id, work.ethereum());
  } else if (method.starts_with("mining.")) {
    mining(method, id, params, moment, out);
  } else {  // eth_submitLogin, eth_submitWork, eth_submitHashrate...
    out += reply(id, "true");
    if (method == "eth_submitWork") share(moment, out);
  }
}

}  // namespace

Match begins_stratum(std::string_view first, const Peer&) {
  if (first[0] != '{') return Match::no;
  size_t end = first.find('\n');
  if (end == std::string_view::npos) return Match::maybe;
  Json request = Json::parse(first.substr(0, end), nullptr, false);
  return request.is_object() && is_stratum_method(text_of(request, "method")) ? Match::yes : Match::no;
}

std::unique_ptr<Conversation> open_stratum(Moment&) { return std::make_unique<Stratum>(); }

}  // namespace assay::sinkhole
