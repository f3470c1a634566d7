// Values of options, and Boost's parser with its exceptions turned into Results.
#include "cli/options.h"

#include <poll.h>
#include <unistd.h>

#include <boost/program_options.hpp>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>

#include "common/text.h"

namespace assay::cli {

namespace po = boost::program_options;
namespace fs = std::filesystem;

Result<NetworkMode> parse_network(std::string_view text) {
  if (text == "sinkhole") return NetworkMode::sinkhole;
  if (text == "none") return NetworkMode::none;
  if (text == "egress") return NetworkMode::egress;
  return Error{Errc::invalid, "network '" + std::string(text) + "' is none of sinkhole, egress, none"};
}

Result<std::vector<Persona>> parse_personas(std::string_view text) {
  std::vector<Persona> all, one;
  for (size_t i = 0; i < kPersonaCount; ++i) {
    all.push_back(static_cast<Persona>(i));
    if (text == to_string(all.back())) one.push_back(all.back());
  }
  if (text == "all") return all;
  if (!one.empty()) return one;
  return Error{Errc::invalid,
               "persona '" + printable(text, 64) + "' is none of bare, kubernetes, ci, cloud, all"};
}

Result<Gate> parse_gate(std::string_view text) {
  if (text == "malicious") return Gate::malicious;
  if (text == "suspicious") return Gate::suspicious;
  if (text == "none") return Gate::none;
  return Error{Errc::invalid, "gate '" + std::string(text) + "' is none of malicious, suspicious, none"};
}

Result<Format> parse_format(std::string_view text) {
  if (text == "text") return Format::text;
  if (text == "json") return Format::json;
  return Error{Errc::invalid, "format '" + std::string(text) + "' is neither text nor json"};
}

Exit exit_code(Verdict verdict, Gate gate) {
  if (verdict == Verdict::malicious && gate != Gate::none) return kAtGate;
  if (verdict == Verdict::suspicious && gate == Gate::suspicious) return kAtGate;
  if (verdict == Verdict::inconclusive) return kInconclusive;
  return kBelowGate;
}

Exit worse(Exit a, Exit b) {
  for (Exit code : {kUsage, kAtGate, kFailed, kInconclusive})
    if (a == code || b == code) return code;
  return kBelowGate;
}

fs::path default_data_dir() {
  if (const char* data = std::getenv("XDG_DATA_HOME"); data && *data) return fs::path(data) / "assay";
  const char* home = std::getenv("HOME");
  return fs::path(home && *home ? home : "/root") / ".local/share/assay";
}

Result<fs::path> find_rules(const std::string& given) {
  std::vector<fs::path> places;
  if (!given.empty()) {
    places.push_back(given);
  } else if (const char* env = std::getenv("ASSAY_RULES"); env && *env) {
    places.push_back(env);
  } else {
    std::error_code ignored;
    fs::path exe = fs::read_symlink("/proc/self/exe", ignored).parent_path();
    places = {exe / "../share/assay/rules", exe / "../../../rules"};
  }
  std::string looked;
  for (const fs::path& place : places) {
    std::error_code ignored;
    if (fs::is_directory(place, ignored)) return fs::weakly_canonical(place, ignored);
    looked += (looked.empty() ? "" : ", ") + place.string();
  }
  return Error{Errc::not_found, "no rules in " + looked + ": name their directory with --rules"};
}

Result<po::variables_map> parse(const Args& args, const po::options_description& options,
                                const char* positional) {
  po::positional_options_description words;
  words.add(positional, -1);
  po::variables_map map;
  try {
    po::store(po::command_line_parser(args).options(options).positional(words).run(), map);
    po::notify(map);
  } catch (const po::error& e) {
    return Error{Errc::invalid, e.what()};
  }
  return map;
}

Status flush_stdout() {
  errno = 0;
  bool out = static_cast<bool>(std::cout.flush());
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0 && out) return Status();
  int error = errno;
  pollfd poll{1, 0, 0};
  if (::poll(&poll, 1, 0) > 0 && (poll.revents & POLLERR) != 0) return Status();
  if (error != 0) return errno_error("write to standard output", error);
  return Error{Errc::io, "write to standard output: not all of it could be written"};
}

int complain(const Error& error, int code) {
  std::cerr << "assay: " << printable(error.what, 2000) << "\n";
  return code;
}

}  // namespace assay::cli
