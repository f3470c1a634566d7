// assay submit: references go to the scheduler's queue, a thousand in a request; with --wait they are
// followed to their end. Lists are checked whole before the first is sent.
#include <boost/program_options.hpp>
#include <iostream>

#include "cli/farm_text.h"
#include "cli/follow.h"
#include "cli/json_fields.h"
#include "cli/order.h"
#include "cli/remote_verb.h"
#include "cli/send.h"
#include "cli/wish_options.h"
#include "common/image_ref.h"
#include "common/signals.h"
#include "common/text.h"

namespace assay::cli {
namespace {

constexpr RemoteUsage kUsageText = {
    "assay submit REF... [--from FILE|-] [OPTIONS]\n"
    "Puts images into the farm's queue and prints the id of each scan: ID  REF.",
    "ref",
    "A list has one reference a line; # begins a comment.\n"
    "Exit codes: 0 submitted, 1 failed, 2 wrong use. With --wait: 0 below the gate, 10 at or above it or not "
    "as\n"
    "expected, 11 inconclusive, 1 failed."};

struct SubmitOptions {
  std::vector<std::string> refs;
  Wish wish;
  Format format = Format::text;
  Gate gate = Gate::malicious;
  bool wait = false;
};

Result<SubmitOptions> read_options(const po::variables_map& map) {
  SubmitOptions options;
  ASSAY_TRY(options.format, parse_format(option_text(map, "format")));
  ASSAY_TRY(options.gate, parse_gate(option_text(map, "gate")));
  ASSAY_TRY(options.wish, read_wish(map));
  options.wait = map["wait"].as<bool>();
  Complaints complaints;
  for (const std::string& ref : option_words(map, "ref")) {
    if (auto parsed = ImageRef::parse(ref); !parsed) complaints.add("command line", parsed.error().what);
    options.refs.push_back(ref);
  }
  for (const std::string& name : option_words(map, "from")) {
    ASSAY_TRY(std::string text, read_input(name));
    auto more = read_list(text, name == "-" ? "standard input" : name, complaints);
    options.refs.insert(options.refs.end(), more.begin(), more.end());
  }
  if (!complaints.empty()) return refuse(complaints);
  if (options.refs.empty())
    return Error{Errc::invalid, "no image given: assay submit REF... or --from FILE (assay submit --help)"};
  return options;
}

// Which of the images a refusal is about.
Error refused(const Reply& reply, const SubmitOptions& options, size_t first, size_t count) {
  Error error = reply_error(reply, "POST /v1/scans");
  auto index = read_refusal(reply).index;
  if (index && *index < count) error = error.context(options.refs[first + *index]);
  if (first > 0)
    error = error.context(std::to_string(first) + " of " + std::to_string(options.refs.size()) +
                          " images were submitted, the rest was not");
  return error;
}

// Sends slice after slice. `accepted` is told of each slice: the place of its first image, and its ids.
using Accepted = std::function<void(size_t first, const std::vector<std::string>& ids, const Wish& wish)>;
Status send_as(const Remote& remote, const SubmitOptions& options, const Wish& wish,
               const Accepted& accepted) {
  auto note = [](const std::string& text) { std::cerr << "assay: " << text << "\n"; };
  size_t count = 0;
  for (size_t first = 0; first < options.refs.size(); first += count) {
    count = slice_images(options.refs, first, wish);
    auto reply =
        post_patiently(remote, "/v1/scans", scans_body(&options.refs[first], count, wish), Patience{}, note);
    if (!reply && first > 0)
      return reply.error().context(std::to_string(first) + " of " + std::to_string(options.refs.size()) +
                                   " images were submitted, the rest not for certain");
    if (!reply) return reply.error();
    if (reply->status / 100 != 2) return refused(*reply, options, first, count);
    ASSAY_TRY(auto ids, read_scan_ids(reply->body, count));
    accepted(first, ids, wish);
  }
  return Status();
}

Status send_all(const Remote& remote, const SubmitOptions& options, const Accepted& accepted) {
  for (const Wish& wish : for_each_persona(options.wish))
    ASSAY_CHECK(send_as(remote, options, wish, accepted));
  return Status();
}

// "nginx:1.25", and under which persona where that was asked for.
std::string shown_ref(const std::string& ref, const Wish& wish) {
  return printable(ref) + (wish.personas.empty() ? "" : std::string("  ") + to_string(wish.personas[0]));
}

Json row_of(const ScanView& scan) {
  Json row = {{"scan_id", scan.scan_id}, {"ref", scan.ref}, {"state", scan.state}};
  if (scan.state == "done") {
    row["verdict"] = scan.verdict;
    row["score"] = scan.score;
  }
  if (!scan.expect.empty()) row["expect"] = scan.expect;
  if (!scan.error.empty()) row["error"] = scan.error;
  return row;
}

void print_json(const Watched& watched) {
  Json rows = Json::array();
  for (const auto& [id, entry] : watched.entries()) rows.push_back(row_of(entry.scan));
  std::cout << shown_json(rows) << "\n";
}

Status wait_for(const Remote& remote, const SubmitOptions& options, Watched& watched) {
  std::vector<std::string> ids;
  for (const auto& [id, entry] : watched.entries()) ids.push_back(id);
  std::string path = "/v1/events" + (ids.size() == 1 ? "?scan=" + ids[0] : std::string());
  constexpr size_t kOneByOne = 32;  // above that, pages of the list are less work
  LoadScans load = [&]() -> Result<std::vector<ScanView>> {
    if (ids.size() <= kOneByOne) return load_each(remote, ids);
    ASSAY_TRY(auto scans, load_pages(remote, "", 1'000'000, ids.front()));
    std::erase_if(scans, [&](const ScanView& scan) { return watched.find(scan.scan_id) == nullptr; });
    return scans;
  };
  if (ids.size() == 1) load = nullptr;
  Live live(options.format == Format::text);
  Status ended = follow(remote, path, load, watched, live);
  if (ended || ended.error().code != Errc::cancelled) return ended;
  return Error{Errc::cancelled, still_going(watched)};
}

Result<int> run_waiting(const po::variables_map& map, const SubmitOptions& options) {
  ASSAY_TRY(Fd signals, catch_end_signals());
  ASSAY_TRY(Remote remote, open_remote(map, signals.get()));
  Watched watched;
  Status sent =
      send_all(remote, options, [&](size_t first, const std::vector<std::string>& ids, const Wish& wish) {
        for (size_t i = 0; i < ids.size(); ++i) {
          ScanView scan;
          scan.scan_id = ids[i];
          scan.ref = options.refs[first + i];
          scan.state = "queued";
          scan.expect = options.wish.expect;
          watched.set(scan);
          if (options.format == Format::text)
            std::cerr << ids[i] << "  " << shown_ref(scan.ref, wish) << "\n";
        }
      });
  // What was taken is waited for, whatever became of the rest.
  Status ended = watched.total() > 0 ? wait_for(remote, options, watched) : Status();
  if (options.format == Format::json) print_json(watched);
  Exit code = watched.exit(options.gate);
  for (const Status& status : {sent, ended})
    if (!status) code = worse(code, static_cast<Exit>(complain(status.error(), kFailed)));
  return static_cast<int>(code);
}

Result<int> run(const po::variables_map& map) {
  ASSAY_TRY(SubmitOptions options, read_options(map));
  if (options.wait) return run_waiting(map, options);
  ASSAY_TRY(Remote remote, open_remote(map));
  Json rows = Json::array();
  Status sent =
      send_all(remote, options, [&](size_t first, const std::vector<std::string>& ids, const Wish& wish) {
        for (size_t i = 0; i < ids.size(); ++i) {
          if (options.format == Format::text) {
            std::cout << ids[i] << "  " << shown_ref(options.refs[first + i], wish) << "\n";
            continue;
          }
          rows.push_back({{"scan_id", ids[i]}, {"ref", options.refs[first + i]}});
          if (!wish.personas.empty()) rows.back()["persona"] = to_string(wish.personas[0]);
        }
        std::cout.flush();
      });
  // The ids of what was taken are worth having even when the rest was not.
  if (options.format == Format::json && (sent || !rows.empty())) std::cout << shown_json(rows) << "\n";
  if (!sent) return sent.error();
  return static_cast<int>(kBelowGate);
}

}  // namespace

int submit(const Args& args) {
  po::options_description options("Options");
  auto add = options.add_options();
  add("from", po::value<std::vector<std::string>>()->composing(), "list of references, - for standard input");
  add("wait", po::bool_switch(), "follow the scans to their end and print their verdicts");
  add("gate", po::value<std::string>()->default_value("malicious"),
      "with --wait: verdict from which on the exit code is 10: malicious, suspicious, none");
  add_wish_options(options);
  add_format_option(options);
  add_remote_options(options);
  return run_remote(args, kUsageText, options, run);
}

}  // namespace assay::cli
