// Boost's parser; its exceptions end here.
#include "common/daemon.h"

#include <boost/program_options.hpp>
#include <iostream>

#include "common/log.h"

namespace assay {

namespace po = boost::program_options;

int daemon_main(const char* name, int argc, char** argv, po::options_description& options,
                const std::function<Status(const po::variables_map&)>& run) {
  auto add = options.add_options();
  add("log-level", po::value<std::string>()->default_value("info"), "trace, debug, info, warn, error, off");
  add("help,h", "this text");
  po::variables_map map;
  try {
    po::store(po::parse_command_line(argc, argv, options), map);
    po::notify(map);
  } catch (const po::error& e) {
    std::cerr << name << ": " << e.what() << "\n";
    return 2;
  }
  if (map.count("help")) {
    std::cout << options;
    return 0;
  }
  Status ended = set_up_log(map["log-level"].as<std::string>());
  if (ended) ended = run(map);
  if (!ended) std::cerr << name << ": " << ended.error().what << "\n";
  return ended ? 0 : 1;
}

}  // namespace assay
