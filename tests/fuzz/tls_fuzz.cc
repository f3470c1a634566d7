// A TLS connection of anything: the first byte says in how large pieces the rest arrives. What comes back is
// bounded, and nothing is heard once it is closing.
#include <cstdlib>
#include <memory>

#include "agent/sinkhole/talk.h"
#include "agent/sinkhole/tls.h"

namespace {

std::unique_ptr<assay::sinkhole::Scene> make_scene() {
  using namespace assay;
  auto scene = std::make_unique<sinkhole::Scene>(lure::Lures{});
  auto pem = lure::Authority::create();
  auto authority = pem ? lure::Authority::load(pem->cert, pem->key) : Result<lure::Authority>(pem.error());
  if (!authority) std::abort();
  scene->authority.emplace(std::move(*authority));
  auto server = sinkhole::TlsServer::open(*scene->authority);
  if (!server) std::abort();
  scene->tls_server.emplace(std::move(*server));
  return scene;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace assay::sinkhole;
  static const std::unique_ptr<Scene> scene = make_scene();
  if (size < 2) return 0;
  std::vector<Report> told;
  Peer peer;
  Moment moment{*scene, peer, 0, told};
  auto conversation = open_tls(moment);
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  for (size_t piece = data[0] + 1ul; !rest.empty(); rest.remove_prefix(std::min(piece, rest.size()))) {
    bool closing = conversation->closing();
    std::string answer = conversation->hear(rest.substr(0, piece), moment);
    if (answer.size() > (512 << 10) || (closing && !answer.empty()) || told.size() > 1) std::abort();
  }
  return 0;
}
