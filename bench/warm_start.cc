// bench-warm_start: how long after its lease a guest runs when its image is on the agent already: the real
// scheduler and agent, one digest scanned again and again. Beside: `runsc run` alone on the same layer. Needs
// root, and build/images/quiet.tar.
#include <spdlog/fmt/fmt.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <thread>

#include "scheduler/keep.h"
#include "tests/farm/farm.h"

namespace {

namespace fs = std::filesystem;
using namespace assay;
using namespace std::chrono_literals;
using Json = nlohmann::json;
using std::chrono::steady_clock;

constexpr int kScans = 20;
constexpr auto kPatience = 60s;

void print(const std::string& name, std::vector<double> ms) {
  std::sort(ms.begin(), ms.end());
  if (ms.empty()) return;
  fmt::print("  {:<34} median {:>7.0f} ms   p90 {:>7.0f} ms   most {:>7.0f} ms\n", name, ms[ms.size() / 2],
             ms[ms.size() * 9 / 10], ms.back());
}

Result<std::string> submit(farm::Farm& farm, const std::string& ref) {
  auto api = farm.api("bench");
  Json scan{{"ref", ref}, {"duration_ms", 1000}, {"fresh", true}};
  ASSAY_TRY(auto response, api.call("POST", "/v1/scans", Json{{"scans", {scan}}}.dump()));
  auto json = Json::parse(response.body, nullptr, false);
  if (response.status / 100 != 2 || !json.contains("scan_ids")) return Error{Errc::invalid, response.body};
  return json["scan_ids"][0].get<std::string>();
}

Status wait_done(farm::Farm& farm, const std::string& scan_id) {
  auto api = farm.api();
  for (auto end = steady_clock::now() + kPatience; steady_clock::now() < end;) {
    ASSAY_TRY(auto response, api.call("GET", "/v1/scans/" + scan_id));
    auto json = Json::parse(response.body, nullptr, false);
    if (json.value("state", "") == "done") return Status();
    if (json.value("state", "") == "failed") return Error{Errc::io, json.value("error", "failed")};
    std::this_thread::sleep_for(50ms);
  }
  return Error{Errc::timeout, scan_id + " is not done"};
}

// The trace is timed from the header's start_time_ns on, by the clock of the same host as the lease.
Result<double> start_after_lease(const Keep& keep, const std::string& scan_id) {
  ASSAY_TRY(ScanRecord record, keep.scan(scan_id));
  ASSAY_TRY(TraceHeader header, keep.header(scan_id));
  std::optional<int64_t> at;
  ASSAY_CHECK(keep.each_event(scan_id, [&](const Event& event) {
    if (event.kind == EventKind::start && !at) at = header.start_time_ns + event.time_ns;
  }));
  if (!at) return Error{Errc::corrupt, scan_id + " has no start event"};
  return static_cast<double>(*at - record.leased_ns) / 1e6;
}

// The unpacked layer that has `program`.
Result<fs::path> find_root(const fs::path& layers, const std::string& program) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(layers, ignored))
    for (const auto& root : {entry.path(), entry.path() / "root"})
      if (fs::exists(root / program, ignored)) return root;
  return Error{Errc::not_found, "no layer with " + program + " in " + layers.string()};
}

// From runsc's start to the first byte that the guest writes.
Result<double> bare_run(const fs::path& dir, const fs::path& root, int number) {
  fs::path bundle = dir / "bundle";
  std::error_code ignored;
  fs::create_directories(bundle, ignored);
  Json config{
      {"ociVersion", "1.0.2"},
      {"process", {{"user", {{"uid", 0}, {"gid", 0}}}, {"args", {"/usr/bin/echo", "x"}}, {"cwd", "/"}}},
      {"root", {{"path", root.string()}, {"readonly", true}}},
      {"mounts", Json::array()},
      {"linux", {{"namespaces", {{{"type", "pid"}}, {{"type", "mount"}}, {{"type", "network"}}}}}}};
  ASSAY_CHECK(write_file(bundle / "config.json", config.dump()));
  int fds[2];
  if (::pipe(fds) != 0) return errno_error("pipe");
  Fd out(fds[0]), in(fds[1]);
  Command command{
      .argv = {"runsc", "--root", dir / "runsc", "--platform=systrap", "--ignore-cgroups", "--network=none",
               "run", "--bundle", bundle, "warm-start-" + std::to_string(number)},
      .stdout_fd = in.get()};
  auto begin = steady_clock::now();
  ASSAY_TRY(Child child, spawn(command));
  in.reset();
  char byte;
  ssize_t n = ::read(out.get(), &byte, 1);
  double ms = std::chrono::duration<double, std::milli>(steady_clock::now() - begin).count();
  if (!child.wait_until(begin + kPatience)) return Error{Errc::timeout, "runsc run does not end"};
  return n == 1 ? Result<double>(ms) : Error{Errc::io, "runsc run printed nothing"};
}

Status measure(const fs::path& dir) {
  fs::path image = fs::path(ASSAY_SOURCE_DIR) / "build/images/quiet.tar";
  if (!fs::exists(image))
    return Error{Errc::not_found, image.string() + " is missing; make it with ./run images quiet"};
  farm::FarmOptions options;
  options.dir = dir;
  options.rules = ASSAY_SOURCE_DIR "/rules";
  options.agents = {"agent-1"};
  options.tenants = {{"bench", 1}};
  ASSAY_TRY(auto farm, farm::Farm::create(std::move(options)));
  ASSAY_CHECK(farm.start());
  ASSAY_TRY(auto argv, farm.agent_argv("agent-1", dir / "agent", 1));
  farm::Daemon agent(argv, dir / "agent.log");
  ASSAY_CHECK(agent.start());

  std::vector<std::string> ids;
  for (int i = 0; i <= kScans; ++i) {
    ASSAY_TRY(std::string id, submit(farm, "oci-archive:" + image.string()));
    ASSAY_CHECK(wait_done(farm, id));
    ids.push_back(id);
  }
  ASSAY_TRY([[maybe_unused]] int agent_code, agent.stop(20s));
  ASSAY_TRY([[maybe_unused]] int code, farm.scheduler().stop(20s));
  ASSAY_TRY(auto store, Store::open(farm.store(), Store::Mode::read_only));
  Keep keep(*store);
  ASSAY_TRY(double cold, start_after_lease(keep, ids[0]));
  std::vector<double> warm, bare;
  for (int i = 1; i <= kScans; ++i) {
    ASSAY_TRY(double ms, start_after_lease(keep, ids[static_cast<size_t>(i)]));
    warm.push_back(ms);
  }
  ASSAY_TRY(fs::path root, find_root(dir / "agent" / "layers", "usr/bin/echo"));
  for (int i = 0; i < kScans; ++i) {
    ASSAY_TRY(double ms, bare_run(dir, root, i));
    bare.push_back(ms);
  }
  print("lease to guest, first scan", {cold});
  print("lease to guest, again", warm);
  print("bare runsc run, to its first byte", bare);
  std::sort(warm.begin(), warm.end());
  fmt::print("  goal: a median of 1000 ms: {}\n", warm[warm.size() / 2] <= 1000 ? "reached" : "missed");
  return Status();
}

}  // namespace

int main() {
  std::string dir = (fs::temp_directory_path() / "assay-warm-start-XXXXXX").string();
  if (!::mkdtemp(dir.data())) return 1;
  auto status = measure(dir);
  if (!status) fmt::print(stderr, "bench-warm_start: {} (files: {})\n", status.error().what, dir);
  std::error_code ignored;
  if (status) fs::remove_all(dir, ignored);
  return status ? 0 : 1;
}
