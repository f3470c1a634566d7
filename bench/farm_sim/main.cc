// bench-farm_sim: the real scheduler, driven by simulated agents over real sockets. Without options: its
// figures, and one seed of faults with fewer jobs. `--agents 1000 --jobs 100000 --seeds 20` is what the farm
// is held to.
#include <spdlog/fmt/fmt.h>
#include <stdlib.h>

#include <boost/program_options.hpp>

#include "bench/farm_sim/figures.h"
#include "bench/farm_sim/seed.h"
#include "common/daemon.h"
#include "tests/farm/daemon.h"

namespace {

namespace po = boost::program_options;
namespace fs = std::filesystem;
using namespace assay;

constexpr uint64_t kFewJobs = 20000;

// Two descriptors or three an agent, and the scheduler inherits the limit.
Status allow_sockets(size_t agents) {
  ASSAY_TRY(uint64_t files, raise_open_files());
  if (files < agents * 4 + 256)
    return Error{Errc::limit, fmt::format("{} open files are allowed, {} agents need {}", files, agents,
                                          agents * 4 + 256)};
  return Status();
}

Result<bool> run_all(const po::variables_map& map, const fs::path& dir) {
  size_t agents = map["agents"].as<size_t>();
  bool faults = map["faults"].as<std::string>() != "off", seeds_given = map.count("seeds") > 0;
  ASSAY_CHECK(allow_sockets(agents));
  if (!seeds_given) {
    ASSAY_CHECK(
        bench::print_figures({dir, map["rules"].as<std::string>(), agents, map["jobs"].as<uint64_t>()}));
  }
  bool ok = true;
  unsigned seeds = faults ? (seeds_given ? map["seeds"].as<unsigned>() : 1) : 0;
  uint64_t first = map["first-seed"].as<uint64_t>();
  for (uint64_t seed = first; seed < first + seeds; ++seed) {
    bench::SeedOptions options{dir, map["rules"].as<std::string>(), agents, map["jobs"].as<uint64_t>(), seed};
    if (map["jobs"].defaulted() && !seeds_given) options.jobs = kFewJobs;
    ASSAY_TRY(auto result, bench::run_seed(options));
    fmt::print("{}\n", result.text);
    std::fflush(stdout);
    ok &= result.broken == 0;
  }
  return ok;
}

}  // namespace

int main(int argc, char** argv) {
  po::options_description options("bench-farm_sim [OPTIONS]");
  auto add = options.add_options();
  add("agents", po::value<size_t>()->default_value(1000), "simulated agents");
  add("jobs", po::value<uint64_t>()->default_value(100000), "of a run");
  add("seeds", po::value<unsigned>(), "runs with faults, and no figures");
  add("first-seed", po::value<uint64_t>()->default_value(1), "the first run's seed");
  add("faults", po::value<std::string>()->default_value("on"), "off: the figures alone");
  add("rules", po::value<std::string>()->default_value(ASSAY_SOURCE_DIR "/rules"), "of detection");
  add("dir", po::value<std::string>()->default_value(fs::temp_directory_path()), "where the runs' files go");
  add("help", "this text");
  po::variables_map map;
  try {
    po::store(po::parse_command_line(argc, argv, options), map);
    po::notify(map);
  } catch (const po::error& error) {
    fmt::print(stderr, "bench-farm_sim: {}\n", error.what());
    return 2;
  }
  if (map.count("help")) {
    std::ostringstream text;
    text << options;
    fmt::print("{}", text.str());
    return 0;
  }
  std::string pattern = map["dir"].as<std::string>() + "/assay-farm-sim-XXXXXX";
  if (!::mkdtemp(pattern.data())) {
    fmt::print(stderr, "bench-farm_sim: no directory like {}\n", pattern);
    return 1;
  }
  auto ok = run_all(map, pattern);
  if (!ok) fmt::print(stderr, "bench-farm_sim: {}\n", ok.error().what);
  std::error_code ignored;
  fs::remove(pattern, ignored);  // stays when a broken run's files are in it
  return ok && *ok ? 0 : 1;
}
