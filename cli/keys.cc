// assay keys: makes the CURVE keys of scheduler and agents, and keeps the scheduler's list of the agents that
// may connect. Works on files alone; docs/security.md tells what goes where.
#include <time.h>
#include <unistd.h>

#include <boost/program_options.hpp>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/options.h"
#include "cli/verbs.h"
#include "common/keys.h"
#include "common/loop.h"
#include "common/text.h"

namespace assay::cli {
namespace {

namespace po = boost::program_options;
namespace fs = std::filesystem;

constexpr const char* kUsageText =
    "assay keys new [--scheduler] [--name NAME]   make the keys of this host's agent, or of the scheduler\n"
    "assay keys allow NAME PUBLICKEY              let the agent with this key connect, as NAME\n"
    "assay keys revoke NAME|PUBLICKEY             never let this key connect again\n"
    "assay keys list                              show who may connect";

constexpr const char* kReload =
    "  systemctl reload assay-scheduler     (or SIGHUP: it reads the list again)\n";

std::string today() {
  time_t now = ::time(nullptr);
  tm utc{};
  char text[16];
  ::gmtime_r(&now, &utc);
  ::strftime(text, sizeof text, "%Y-%m-%d", &utc);
  return text;
}

std::string host_name() {
  char name[65] = "";
  if (::gethostname(name, sizeof name - 1) != 0 || !is_agent_name(name)) return "NAME";
  return name;
}

struct Order {
  fs::path dir;
  std::vector<std::string> words;  // after the subcommand
  std::string name;
  bool scheduler = false;
  Format format = Format::text;
  std::string list_file() const { return (dir / "agents").string(); }
};

Status expect_words(const Order& order, size_t count, const char* what) {
  if (order.words.size() == count) return Status();
  return Error{Errc::invalid, std::string("usage: assay keys ") + what};
}

Status make_directory(const fs::path& dir) {
  std::error_code error;
  fs::create_directories(dir, error);
  if (error) return errno_error("make " + dir.string(), error.value());
  return Status();
}

Status make_scheduler_keys(const Order& order, const CurveKeys& keys) {
  ASSAY_CHECK(save_keys(order.dir, kSchedulerKey, keys));
  ASSAY_CHECK(edit_allow_list(order.dir, [](std::string_view text) -> Result<std::string> {
    return text.empty() ? empty_allow_list() : std::string(text);
  }));
  std::cout
      << "made " << (order.dir / "scheduler.key").string() << " (secret), scheduler.pub and agents\n\n"
      << "the scheduler's public key, the same for every agent:\n  " << keys.public_key << "\n\n"
      << "next, on each agent's host: assay keys new, and copy scheduler.pub into its directory of keys\n";
  return Status();
}

Status make_agent_keys(const Order& order, const CurveKeys& keys) {
  ASSAY_CHECK(save_keys(order.dir, kAgentKey, keys));
  std::cout << "made " << (order.dir / "agent.key").string() << " (secret) and agent.pub\n\n"
            << "next, on the scheduler's host:\n"
            << "  assay keys allow " << order.name << " '" << keys.public_key << "'\n"
            << kReload << "and here: copy the scheduler's scheduler.pub into " << order.dir.string() << "\n";
  return Status();
}

Status make_new(const Order& order) {
  ASSAY_CHECK(expect_words(order, 0, "new [--scheduler] [--name NAME] [--dir DIR]"));
  if (!is_agent_name(order.name))
    return Error{Errc::invalid, "'" + printable(order.name, 80) + "' is no name of an agent"};
  ASSAY_CHECK(make_directory(order.dir));
  ASSAY_TRY(CurveKeys keys, make_curve_keys());
  return order.scheduler ? make_scheduler_keys(order, keys) : make_agent_keys(order, keys);
}

Status allow(const Order& order) {
  ASSAY_CHECK(expect_words(order, 2, "allow NAME PUBLICKEY [--dir DIR]"));
  AllowedKey key{order.words[1], order.words[0], false, today()};
  ASSAY_CHECK(edit_allow_list(
      order.dir, [&](std::string_view text) { return with_allowed(text, order.list_file(), key); }));
  std::cout << key.name << " may connect, as soon as the scheduler knows:\n" << kReload;
  return Status();
}

Status revoke(const Order& order) {
  ASSAY_CHECK(expect_words(order, 1, "revoke NAME|PUBLICKEY [--dir DIR]"));
  ASSAY_CHECK(edit_allow_list(order.dir, [&](std::string_view text) {
    return with_revoked(text, order.list_file(), order.words[0], today());
  }));
  std::cout << printable(order.words[0], 64) << " is revoked, as soon as the scheduler knows:\n" << kReload;
  return Status();
}

Status list_keys(const Order& order) {
  ASSAY_CHECK(expect_words(order, 0, "list [--format text|json] [--dir DIR]"));
  ASSAY_TRY(auto list, load_allow_list(order.dir));
  if (order.format == Format::json) {
    nlohmann::ordered_json out = nlohmann::ordered_json::array();
    for (const AllowedKey& key : list)
      out.push_back({{"agent", key.name},
                     {"state", key.revoked ? "revoked" : "allowed"},
                     {"date", key.date},
                     {"key", key.key}});
    std::cout << out.dump(1) << "\n";
    return Status();
  }
  char line[128];
  std::snprintf(line, sizeof line, "%-8s  %-10s  %-40s  %s\n", "STATE", "DATE", "PUBLIC KEY", "AGENT");
  std::cout << line;
  for (const AllowedKey& key : list) {
    std::snprintf(line, sizeof line, "%-8s  %-10s  %-40s  ", key.revoked ? "revoked" : "allowed",
                  key.date.empty() ? "-" : key.date.c_str(), key.key.c_str());
    std::cout << line << key.name << "\n";
  }
  return Status();
}

int ended(const Status& status) {
  if (!status) return complain(status.error(), status.error().code == Errc::invalid ? kUsage : kFailed);
  if (Status out = flush_stdout(); !out) return complain(out.error(), kFailed);
  return kBelowGate;
}

Result<Order> read_order(const po::variables_map& map) {
  Order order{map["dir"].as<std::string>(), {}, map["name"].as<std::string>(), map.count("scheduler") > 0};
  ASSAY_TRY(order.format, parse_format(map["format"].as<std::string>()));
  if (map.count("word")) order.words = map["word"].as<std::vector<std::string>>();
  return order;
}

}  // namespace

int keys(const Args& args) {
  po::options_description options("Options");
  auto add = options.add_options();
  add("dir", po::value<std::string>()->default_value(kDefaultKeyDir), "directory of the keys");
  add("scheduler", "new: the scheduler's keys and an empty list of agents");
  add("name", po::value<std::string>()->default_value(host_name()), "new: what the agent shall be called");
  add("format", po::value<std::string>()->default_value("text"), "list: text or json");
  add("help,h", "this text");
  po::options_description all;
  all.add(options).add_options()("word", po::value<std::vector<std::string>>());
  auto map = parse(args, all, "word");
  if (!map) return complain(map.error(), kUsage);
  if (map->count("help")) {
    std::cout << kUsageText << "\n\n" << options;
    return kBelowGate;
  }
  auto order = read_order(*map);
  if (!order) return complain(order.error(), kUsage);
  using Step = Status (*)(const Order&);
  static const std::map<std::string, Step> kSteps = {
      {"new", make_new}, {"allow", allow}, {"revoke", revoke}, {"list", list_keys}};
  auto step = order->words.empty() ? kSteps.end() : kSteps.find(order->words[0]);
  if (step == kSteps.end()) {
    std::cerr << kUsageText << "\n";
    return kUsage;
  }
  order->words.erase(order->words.begin());
  return ended(step->second(*order));
}

}  // namespace assay::cli
