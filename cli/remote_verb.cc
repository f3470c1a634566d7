// Boost.Program_options and the environment.
#include "cli/remote_verb.h"

#include <boost/program_options.hpp>
#include <cstdlib>
#include <iostream>

#include "common/ids.h"
#include "common/process.h"
#include "common/text.h"

namespace assay::cli {
namespace {

constexpr const char* kDefaultServer = "http://127.0.0.1:8440";
constexpr size_t kMaxTokenFileBytes = 4096;

Result<std::string> find_token(const po::variables_map& map) {
  std::string file = option_text(map, "token-file");
  if (file.empty()) file = environment("ASSAY_TOKEN_FILE");
  if (!file.empty()) {
    auto text = read_file(file, kMaxTokenFileBytes);
    if (!text) return text.error().context("token file");
    return clean_token(*text, "token file " + file);
  }
  if (std::string token = environment("ASSAY_TOKEN"); !token.empty())
    return clean_token(token, "$ASSAY_TOKEN");
  return Error{
      Errc::invalid,
      "no token: `assay tokens new` on the scheduler's host makes one; name its file with --token-file or "
      "$ASSAY_TOKEN_FILE, or put it into $ASSAY_TOKEN"};
}

}  // namespace

void add_remote_options(po::options_description& options) {
  auto add = options.add_options();
  add("server", po::value<std::string>(), "the scheduler (default: $ASSAY_SERVER, http://127.0.0.1:8440)");
  add("token-file", po::value<std::string>(),
      "file with the token (default: $ASSAY_TOKEN_FILE, $ASSAY_TOKEN)");
}

void add_format_option(po::options_description& options) {
  options.add_options()("format", po::value<std::string>()->default_value("text"), "text or json");
}

int run_remote(const Args& args, const RemoteUsage& usage, po::options_description& options,
               const RemoteVerb& verb) {
  const std::string positional = *usage.positional == 0 ? "word" : usage.positional;
  options.add_options()("help,h", "this text");
  po::options_description all;
  all.add(options).add_options()(positional.c_str(), po::value<std::vector<std::string>>());
  auto map = parse(args, all, positional.c_str());
  if (!map) return complain(map.error(), kUsage);
  if (map->count("help")) {
    std::cout << usage.text << "\n\n" << options << "\n" << usage.exit_codes << "\n";
    return kBelowGate;
  }
  if (map->count("word"))
    return complain(
        {Errc::invalid, "no word is wanted here, but got '" + option_words(*map, "word")[0] + "'"}, kUsage);
  Result<int> done = verb(*map);
  int code = done ? *done : complain(done.error(), done.error().code == Errc::invalid ? kUsage : kFailed);
  if (Status out = flush_stdout(); !out) return complain(out.error(), kFailed);
  return code;
}

Result<Remote> open_remote(const po::variables_map& map, int stop_fd) {
  std::string text = option_text(map, "server");
  if (text.empty()) text = environment("ASSAY_SERVER");
  if (text.empty()) text = kDefaultServer;
  ASSAY_TRY(ServerUrl url, ServerUrl::parse(text));
  ASSAY_TRY(std::string token, find_token(map));
  return Remote(std::move(url), std::move(token), stop_fd);
}

std::string option_text(const po::variables_map& map, const char* name) {
  return map.count(name) ? map[name].as<std::string>() : std::string();
}

std::vector<std::string> option_words(const po::variables_map& map, const char* name) {
  return map.count(name) ? map[name].as<std::vector<std::string>>() : std::vector<std::string>();
}

Result<std::vector<std::string>> option_ids(const po::variables_map& map, const char* name,
                                            const char* what) {
  std::vector<std::string> ids = option_words(map, name);
  if (ids.empty())
    return Error{Errc::invalid, std::string("no id of a ") + what + " given (--help tells more)"};
  for (const std::string& id : ids)
    if (!is_scan_id(id)) return Error{Errc::invalid, "'" + printable(id, 100) + "' is no id of a " + what};
  return ids;
}

}  // namespace assay::cli
