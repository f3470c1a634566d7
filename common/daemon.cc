// Boost's parsers; their exceptions end here.
#include "common/daemon.h"

#include <sys/resource.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <filesystem>
#include <iostream>
#include <optional>
#include <sstream>
#include <vector>

#include "common/fd.h"
#include "common/log.h"
#include "common/version.h"

namespace assay {

namespace po = boost::program_options;

namespace {

constexpr size_t kMaxConfigBytes = 1 << 20;
constexpr rlim_t kMaxOpenFiles = 1'000'000;

int complain(const char* name, const std::string& what, int code) {
  std::cerr << name << ": " << what << "\n";
  return code;
}

// The line that names `option`, to say where it stands; 0 when none does.
size_t line_of(const std::string& text, const std::string& option) {
  std::istringstream lines(text);
  std::string line;
  for (size_t number = 1; std::getline(lines, line); ++number) {
    size_t begin = line.find_first_not_of(" \t");
    if (begin == std::string::npos || line.compare(begin, option.size(), option) != 0) continue;
    size_t after = line.find_first_not_of(" \t", begin + option.size());
    if (after != std::string::npos && line[after] == '=') return number;
  }
  return 0;
}

Error in_file(const std::string& file, const std::string& text, const std::string& option,
              const std::string& what) {
  size_t line = option.empty() ? 0 : line_of(text, option);
  return Error{Errc::invalid, file + (line == 0 ? "" : ":" + std::to_string(line)) + ": " + what};
}

// What stands in the file is stored beneath what is in `map` already.
Status store_file(const std::string& file, const po::options_description& options, po::variables_map& map) {
  ASSAY_TRY(std::string text, read_file(file, kMaxConfigBytes));
  std::istringstream stream(text);
  try {
    po::store(po::parse_config_file(stream, options), map);
  } catch (const po::unknown_option& e) {
    std::string option = e.get_option_name();
    return in_file(file, text, option, "there is no option '" + option + "'");
  } catch (const po::error_with_option_name& e) {
    std::string option = e.get_option_name();
    option.erase(0, option.find_first_not_of('-'));
    return in_file(file, text, option, e.what());
  } catch (const po::error& e) {
    return in_file(file, text, "", e.what());
  }
  return Status();
}

// The file to read; none when the default one is not there.
std::optional<std::string> config_file(const po::variables_map& map) {
  if (map.count("config") == 0) return std::nullopt;
  std::string file = map["config"].as<std::string>();
  std::error_code error;
  bool absent = std::filesystem::status(file, error).type() == std::filesystem::file_type::not_found;
  if (absent && map["config"].defaulted()) return std::nullopt;
  return file;
}

// Boost would pass over words that belong to no option.
Status store_command_line(int argc, char** argv, const po::options_description& options, const char* words,
                          po::variables_map& map) {
  po::command_line_parser parser(argc, argv);
  po::positional_options_description free_words;
  if (*words != 0) parser.positional(free_words.add(words, -1));
  auto parsed = parser.options(options).run();
  for (const auto& option : parsed.options)
    if (option.string_key.empty() && !option.value.empty())
      return Error{Errc::invalid, "'" + option.value[0] + "' belongs to no option"};
  po::store(parsed, map);
  return Status();
}

// What every daemon can be told besides what may stand in its file.
void add_command_line(const DaemonSpec& spec, po::options_description& options) {
  auto add = options.add_options();
  add("help,h", "this text");
  add("version", "which one this is");
  if (spec.default_config.empty()) return;
  add("config", po::value<std::string>()->default_value(spec.default_config),
      "file of options, NAME = VALUE; the command line goes before it");
  add("check-config", "check options and file, and end");
}

int check(const DaemonSpec& spec, const po::variables_map& map, const std::optional<std::string>& file) {
  Status good = spec.check ? spec.check(map) : Status();
  if (!good) return complain(spec.name, good.error().what, 1);
  std::cout << spec.name << ": configuration "
            << (file ? *file + " is good" : "is good (there is no " + spec.default_config + ")") << "\n";
  return 0;
}

}  // namespace

int daemon_main(const DaemonSpec& spec, int argc, char** argv, po::options_description& options) {
  options.add_options()("log-level", po::value<std::string>()->default_value("info"),
                        "trace, debug, info, warn, error, off");
  // What is shown, what may stand in the file, and what on the command line.
  po::options_description shown(options), file_options(options), all;
  add_command_line(spec, shown);
  all.add(shown);
  if (spec.also != nullptr) {
    file_options.add(*spec.also);
    all.add(*spec.also);
  }
  if (*spec.words != 0) all.add_options()(spec.words, po::value<std::vector<std::string>>());
  po::variables_map map;
  std::optional<std::string> file;
  try {
    Status read = store_command_line(argc, argv, all, spec.words, map);
    if (!read) return complain(spec.name, read.error().what, 2);
    if (map.count("help")) {
      std::cout << spec.usage << shown;
      return 0;
    }
    if (map.count("version")) {
      std::cout << spec.name << " " << kVersion << "\n";
      return 0;
    }
    file = config_file(map);
    if (file) {
      if (Status stored = store_file(*file, file_options, map); !stored)
        return complain(spec.name, stored.error().what, 2);
    }
    po::notify(map);
  } catch (const po::error& e) {
    return complain(spec.name, e.what(), 2);
  }
  Status log = set_up_log(map["log-level"].as<std::string>());
  if (!log) return complain(spec.name, log.error().what, 2);
  if (map.count("check-config")) return check(spec, map, file);
  Status ended = spec.run(map);
  if (ended) return 0;
  bool usage = *spec.words != 0 && ended.error().code == Errc::invalid;
  return complain(spec.name, ended.error().what, usage ? 2 : 1);
}

int daemon_main(const char* name, int argc, char** argv, po::options_description& options,
                const DaemonSpec::Step& run) {
  DaemonSpec spec;
  spec.name = name;
  spec.run = run;
  return daemon_main(spec, argc, argv, options);
}

Result<uint64_t> raise_open_files() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return errno_error("read the limit of open files");
  limit.rlim_cur = std::max(limit.rlim_cur, std::min(limit.rlim_max, kMaxOpenFiles));
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) return errno_error("raise the limit of open files");
  return static_cast<uint64_t>(limit.rlim_cur);
}

}  // namespace assay
