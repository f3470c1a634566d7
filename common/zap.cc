// ZAP 1.0, RFC 27: a request is version, request id, domain, address, routing id, mechanism, credentials; a
// reply version, request id, status code, status text, user id, metadata.
#include "common/zap.h"

#include <cassert>
#include <charconv>
#include <thread>
#include <unordered_map>

#include "common/loop_state.h"

namespace assay {
namespace {

constexpr const char* kEndpoint = "inproc://zeromq.zap.01";
constexpr const char* kOrders = "inproc://assay.zap.orders";
constexpr const char* kRefusals = "inproc://assay.zap.refusals";
constexpr int kRefusalsLimit = 500;
constexpr size_t kMaxAddressBytes = 64;

using Keys = std::unordered_map<std::string, AllowedKey>;

Result<Keys> index(std::string_view text) {
  ASSAY_TRY(auto list, parse_allow_list(text, "allow-list"));
  Keys keys;
  for (AllowedKey& key : list) {
    std::string name = key.key;
    keys.emplace(std::move(name), std::move(key));
  }
  return keys;
}

// RFC 27: length of the name in one byte, name, length of the value in four, value.
std::string metadata(std::string_view name, std::string_view value) {
  std::string out(1, static_cast<char>(name.size()));
  out += name;
  for (int shift : {24, 16, 8, 0}) out += static_cast<char>(value.size() >> shift & 0xff);
  out += value;
  return out;
}

// The thread: its sockets, the list in force, and what could not be told.
class Gate {
 public:
  Gate(Socket requests, Socket orders, Socket refusals, Keys keys)
      : requests_(std::move(requests)),
        orders_(std::move(orders)),
        refusals_(std::move(refusals)),
        keys_(std::move(keys)) {}

  // Until an order without a frame's content says so.
  void run() {
    for (;;) {
      std::vector<WaitFor> items{orders_, requests_};
      if (!wait(items, std::chrono::milliseconds(-1))) return;
      // Orders first: what is asked after a list was acknowledged is answered by that list.
      while (auto order = next(orders_)) {
        if (!obey((*order)[0])) return;
      }
      if (auto request = next(requests_)) answer(*request);
    }
  }

 private:
  static std::optional<std::vector<std::string>> next(Socket& socket) {
    auto frames = socket.receive();
    if (!frames || !*frames) return std::nullopt;
    return std::move(**frames);
  }

  bool obey(const std::string& order) {
    if (order == "stop") return false;
    auto keys = index(order);
    assert(keys);  // whoever sent it has parsed it
    keys_ = std::move(*keys);
    return static_cast<bool>(orders_.send("done"));
  }

  void answer(const std::vector<std::string>& request) {
    if (request.size() != 7 || request[0] != "1.0" || request[5] != "CURVE" || request[6].size() != 32)
      return refuse(request, "malformed");
    auto known = keys_.find(z85(request[6]));
    if (known == keys_.end()) return refuse(request, "unlisted");
    if (known->second.revoked) return refuse(request, "revoked");
    (void)requests_.send_frames({"1.0", request[1], "200", "OK", known->second.name,
                                 metadata(kKeyProperty, known->first)});  // a peer that is gone needs none
  }

  void refuse(const std::vector<std::string>& request, const char* reason) {
    std::string key = request.size() == 7 && request[6].size() == 32 ? z85(request[6]) : "";
    std::string address = request.size() > 3 ? request[3].substr(0, kMaxAddressBytes) : "";
    Status told = refusals_.send_frames({reason, key, address, std::to_string(missed_)});
    missed_ = told ? 0 : missed_ + 1;
    std::string id = request.size() > 1 ? request[1] : "";
    (void)requests_.send_frames({"1.0", id, "400", reason, "", ""});
  }

  Socket requests_, orders_, refusals_;
  Keys keys_;
  uint64_t missed_ = 0;
};

}  // namespace

struct Zap::State {
  State(Socket o, Socket r) : orders(std::move(o)), refusals(std::move(r)) {}
  ~State() {
    if (!thread.joinable()) return;
    Status told = orders.send("stop");
    assert(told);  // nothing else waits there
    thread.join();
  }

  Socket orders, refusals;
  std::thread thread;
};

Zap::Zap(std::unique_ptr<State> state) : state_(std::move(state)) {}
Zap::Zap(Zap&&) noexcept = default;
Zap& Zap::operator=(Zap&&) noexcept = default;
Zap::~Zap() = default;
const Socket& Zap::socket() const { return state_->refusals; }

Result<Zap> Zap::start(const Context& context, const std::vector<AllowedKey>& list) {
  ASSAY_TRY(Keys keys, index(to_text(list)));
  ASSAY_TRY(Socket requests, Socket::open(context, Socket::Type::reply));
  ASSAY_CHECK(requests.bind(kEndpoint));
  ASSAY_TRY(Socket gate_orders, Socket::open(context, Socket::Type::pair));
  ASSAY_CHECK(gate_orders.bind(kOrders));
  ASSAY_TRY(Socket gate_refusals, Socket::open(context, Socket::Type::pair, kRefusalsLimit));
  ASSAY_CHECK(gate_refusals.bind(kRefusals));
  ASSAY_TRY(Socket orders, Socket::open(context, Socket::Type::pair));
  ASSAY_CHECK(orders.connect(kOrders));
  ASSAY_TRY(Socket refusals, Socket::open(context, Socket::Type::pair, kRefusalsLimit));
  ASSAY_CHECK(refusals.connect(kRefusals));
  auto state = std::make_unique<State>(std::move(orders), std::move(refusals));
  state->thread =
      std::thread([gate = Gate(std::move(requests), std::move(gate_orders), std::move(gate_refusals),
                               std::move(keys))]() mutable { gate.run(); });
  return Zap(std::move(state));
}

Status Zap::allow(const std::vector<AllowedKey>& list) {
  std::string text = to_text(list);
  ASSAY_CHECK(parse_allow_list(text, "allow-list"));
  ASSAY_CHECK(state_->orders.send(text));
  std::vector<WaitFor> items{state_->orders};
  for (;;) {
    ASSAY_CHECK(wait(items, std::chrono::milliseconds(-1)));
    ASSAY_TRY(auto done, state_->orders.receive());
    if (done) return Status();
  }
}

Result<std::optional<Refusal>> Zap::take_refusal() {
  ASSAY_TRY(auto frames, state_->refusals.receive());
  if (!frames) return std::optional<Refusal>();
  assert(frames->size() == 4);
  Refusal refusal{std::move((*frames)[1]), std::move((*frames)[2]), std::move((*frames)[0]), 0};
  const std::string& missed = (*frames)[3];
  std::from_chars(missed.data(), missed.data() + missed.size(), refusal.missed);
  return std::optional(std::move(refusal));
}

}  // namespace assay
