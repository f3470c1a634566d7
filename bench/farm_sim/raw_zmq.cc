// The bare library: no decoding, no state; what comes goes back.
#include <zmq.h>

#include <array>
#include <string>
#include <thread>
#include <vector>

#include "bench/farm_sim/raw.h"

namespace assay::bench {
namespace {

using std::chrono::steady_clock;

struct Keys {
  std::array<char, 41> open{}, secret{};
};

// Closed before its context, which waits for it.
class Raw {
 public:
  Raw(void* context, int type) : socket_(zmq_socket(context, type)) { set(ZMQ_LINGER, 0); }
  Raw(Raw&& other) noexcept : socket_(std::exchange(other.socket_, nullptr)) {}
  ~Raw() {
    if (socket_) zmq_close(socket_);
  }
  void set(int option, int value) { zmq_setsockopt(socket_, option, &value, sizeof value); }
  void set(int option, const Keys& keys, bool open) {
    zmq_setsockopt(socket_, option, open ? keys.open.data() : keys.secret.data(), 40 + 1);
  }
  void* get() const { return socket_; }

 private:
  void* socket_;
};

// Ends with the first empty frame.
void echo(void* router) {
  for (;;) {
    zmq_msg_t id, body;
    zmq_msg_init(&id);
    zmq_msg_init(&body);
    if (zmq_msg_recv(&id, router, 0) < 0 || zmq_msg_recv(&body, router, 0) < 0) return;
    bool last = zmq_msg_size(&body) == 0;
    zmq_msg_send(&id, router, ZMQ_SNDMORE);
    zmq_msg_send(&body, router, 0);
    if (last) return;
  }
}

uint64_t drive(const std::vector<Raw>& clients, const RawEcho& what) {
  std::string frame(what.frame_bytes, 'x'), back(what.frame_bytes, ' ');
  std::vector<zmq_pollitem_t> items;
  for (const auto& client : clients) {
    items.push_back({client.get(), 0, ZMQ_POLLIN, 0});
    for (size_t i = 0; i < what.outstanding; ++i) zmq_send(client.get(), frame.data(), frame.size(), 0);
  }
  uint64_t trips = 0;
  auto end = steady_clock::now() + what.time;
  while (steady_clock::now() < end) {
    zmq_poll(items.data(), static_cast<int>(items.size()), 100);
    for (const auto& item : items) {
      if (!(item.revents & ZMQ_POLLIN)) continue;
      while (zmq_recv(item.socket, back.data(), back.size(), ZMQ_DONTWAIT) >= 0) {
        ++trips;
        zmq_send(item.socket, frame.data(), frame.size(), 0);
      }
    }
  }
  return trips;
}

}  // namespace

Result<double> raw_echo(const RawEcho& what) {
  Keys server, client;
  if (zmq_curve_keypair(server.open.data(), server.secret.data()) != 0 ||
      zmq_curve_keypair(client.open.data(), client.secret.data()) != 0)
    return Error{Errc::unsupported, "libzmq without CURVE"};
  void* context = zmq_ctx_new();
  double rate = 0;
  {
    Raw router(context, ZMQ_ROUTER);
    router.set(ZMQ_CURVE_SERVER, 1);
    router.set(ZMQ_CURVE_SECRETKEY, server, false);
    router.set(ZMQ_SNDHWM, 0);
    router.set(ZMQ_RCVHWM, 0);
    zmq_bind(router.get(), "tcp://127.0.0.1:*");
    std::array<char, 128> endpoint{};
    size_t size = endpoint.size();
    zmq_getsockopt(router.get(), ZMQ_LAST_ENDPOINT, endpoint.data(), &size);
    std::vector<Raw> clients;
    for (size_t i = 0; i < what.sockets; ++i) {
      Raw dealer(context, ZMQ_DEALER);
      dealer.set(ZMQ_CURVE_SERVERKEY, server, true);
      dealer.set(ZMQ_CURVE_PUBLICKEY, client, true);
      dealer.set(ZMQ_CURVE_SECRETKEY, client, false);
      zmq_connect(dealer.get(), endpoint.data());
      clients.push_back(std::move(dealer));
    }
    std::thread server_thread([&] { echo(router.get()); });
    uint64_t trips = drive(clients, what);
    rate = static_cast<double>(trips) / std::chrono::duration<double>(what.time).count();
    zmq_send(clients.front().get(), "", 0, 0);
    server_thread.join();
  }
  zmq_ctx_term(context);
  return rate;
}

}  // namespace assay::bench
