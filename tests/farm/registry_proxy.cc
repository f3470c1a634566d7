// cpp-httplib on both sides. Whoever sweeps keeps many connections, each of which is a thread here.
#include "tests/farm/registry_proxy.h"

#include <httplib.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "tests/farm/registry_referrers.h"

namespace assay::farm {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr size_t kThreads = 64;

bool of_one_hop(const std::string& header) {
  static const std::vector<std::string> kNames = {
      "content-length", "transfer-encoding", "connection", "keep-alive",      "remote_addr",
      "remote_port",    "local_addr",        "local_port", "accept-encoding", "range"};
  std::string lower = header;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return std::find(kNames.begin(), kNames.end(), lower) != kNames.end();
}

}  // namespace

struct RegistryProxy::State {
  std::string upstream, host;
  httplib::Server server;
  std::thread thread;
  mutable std::mutex mutex;  // of what follows
  std::condition_variable changed;
  bool stopping = false;
  bool offers_referrers = false;
  RegistryReferrers referrers;
  std::vector<ProxyFault> faults;
  std::vector<int> hits;  // of each fault
  std::vector<ProxySeen> seen;

  ~State() {
    {
      std::lock_guard lock(mutex);
      stopping = true;
    }
    changed.notify_all();
    server.stop();
    if (thread.joinable()) thread.join();
  }

  bool has_referrers() const {
    std::lock_guard lock(mutex);
    return offers_referrers;
  }

  // What is to be done to a request: one fault, with the latency of all.
  ProxyFault take(const std::string& line) {
    std::lock_guard lock(mutex);
    ProxyFault out{};
    bool chosen = false;
    for (size_t i = 0; i < faults.size(); ++i) {
      ProxyFault& fault = faults[i];
      if (fault.times == 0 || line.find(fault.match) == std::string::npos) continue;
      if (++hits[i] % fault.every != 0) continue;
      out.latency += fault.latency;
      bool answers = fault.status != 0 || fault.cut;
      if (answers && chosen) continue;
      if (answers) {
        out.status = fault.status;
        out.headers = fault.headers;
        out.cut = fault.cut;
        chosen = true;
      }
      if (fault.times > 0) --fault.times;
    }
    return out;
  }

  void forward_with_referrers(const httplib::Request& in, httplib::Response& out) {
    std::string listed = in.method == "GET" ? referrers.list(in.path) : "";
    if (!listed.empty()) {
      out.status = 200;
      return out.set_content(listed, "application/vnd.oci.image.index.v1+json");
    }
    forward(in, out);
    if (in.method != "PUT" || out.status != 201) return;
    std::string subject = referrers.take(in.path, in.body);
    if (!subject.empty()) out.set_header("OCI-Subject", subject);
  }

  void forward(const httplib::Request& in, httplib::Response& out) const {
    httplib::Request ask;
    // A HEAD is asked as GET, so that its length is known here; the server leaves the body out.
    ask.method = in.method == "HEAD" ? "GET" : in.method;
    ask.path = in.target;
    ask.body = in.body;
    for (const auto& [name, value] : in.headers)
      if (!of_one_hop(name))
        ask.headers.emplace(name, value);  // Host, too: the registry's links lead back here
    httplib::Client client("http://" + upstream);
    client.set_url_encode(false);
    client.set_decompress(false);
    client.set_read_timeout(60);
    auto reply = client.send(ask);
    if (!reply) {
      out.status = 502;
      out.set_content(httplib::to_string(reply.error()), "text/plain");
      return;
    }
    out.status = reply->status;
    for (const auto& [name, value] : reply->headers)
      if (!of_one_hop(name)) out.headers.emplace(name, value);
    out.body = std::move(reply->body);
  }

  void handle(const httplib::Request& in, httplib::Response& out) {
    ProxySeen one;
    one.method = in.method;
    one.target = in.target;
    one.at = steady_clock::now();
    ProxyFault fault = take(in.method + " " + in.target);
    size_t index;
    {
      std::unique_lock lock(mutex);
      index = seen.size();
      seen.push_back(one);
      if (fault.latency.count() > 0) changed.wait_for(lock, fault.latency, [this] { return stopping; });
    }
    one.injected = fault.status != 0 || fault.cut;
    if (fault.cut) {
      out.status = 200;
      out.set_content_provider(
          1 << 20, "application/json",
          [](size_t offset, size_t, httplib::DataSink& sink) { return offset == 0 && sink.write("{", 1); });
    } else if (fault.status != 0) {
      out.status = fault.status;
      for (const auto& [name, value] : fault.headers) out.set_header(name, value);
      out.set_content(fault.status == 429
                          ? R"({"errors":[{"code":"TOOMANYREQUESTS","message":"too many requests"}]})"
                          : R"({"errors":[{"code":"UNAVAILABLE","message":"down for maintenance"}]})",
                      "application/json");
    } else if (has_referrers()) {
      forward_with_referrers(in, out);
    } else {
      forward(in, out);
    }
    std::lock_guard lock(mutex);
    if (index < seen.size() && seen[index].at == one.at) {  // else forgotten meanwhile
      seen[index].status = out.status;
      seen[index].injected = one.injected;
    }
  }
};

RegistryProxy::RegistryProxy(std::unique_ptr<State> state) : state_(std::move(state)) {}
RegistryProxy::RegistryProxy(RegistryProxy&&) noexcept = default;
RegistryProxy& RegistryProxy::operator=(RegistryProxy&&) noexcept = default;
RegistryProxy::~RegistryProxy() = default;

Result<RegistryProxy> RegistryProxy::start(const std::string& upstream) {
  auto state = std::make_unique<State>();
  State& proxy = *state;
  proxy.upstream = upstream;
  proxy.server.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
  proxy.server.set_keep_alive_max_count(100'000);
  auto handle = [&proxy](const httplib::Request& in, httplib::Response& out) { proxy.handle(in, out); };
  proxy.server.Get(".*", handle)
      .Post(".*", handle)
      .Put(".*", handle)
      .Patch(".*", handle)
      .Delete(".*", handle);
  int port = proxy.server.bind_to_any_port("127.0.0.1");
  if (port <= 0) return Error{Errc::io, "the proxy of a test finds no port"};
  proxy.host = "127.0.0.1:" + std::to_string(port);
  proxy.thread = std::thread([&proxy] { proxy.server.listen_after_bind(); });
  while (!proxy.server.is_running())
    std::this_thread::sleep_for(milliseconds(1));  // stop() before is forgotten
  return RegistryProxy(std::move(state));
}

const std::string& RegistryProxy::host() const { return state_->host; }

void RegistryProxy::inject(ProxyFault fault) {
  std::lock_guard lock(state_->mutex);
  state_->faults.push_back(std::move(fault));
  state_->hits.push_back(0);
}

void RegistryProxy::clear_faults() {
  std::lock_guard lock(state_->mutex);
  state_->faults.clear();
  state_->hits.clear();
}

void RegistryProxy::offer_referrers() {
  std::lock_guard lock(state_->mutex);
  state_->offers_referrers = true;
}

std::vector<ProxySeen> RegistryProxy::seen() const {
  std::lock_guard lock(state_->mutex);
  return state_->seen;
}

uint64_t RegistryProxy::count(const std::string& match, int status) const {
  std::lock_guard lock(state_->mutex);
  return static_cast<uint64_t>(
      std::count_if(state_->seen.begin(), state_->seen.end(), [&](const ProxySeen& one) {
        return (status < 0 || one.status == status) &&
               (one.method + " " + one.target).find(match) != std::string::npos;
      }));
}

void RegistryProxy::forget_seen() {
  std::lock_guard lock(state_->mutex);
  state_->seen.clear();
}

}  // namespace assay::farm
