// assay batch: manifests of images as one thing: submitted, listed, shown, cancelled, run again. Watching one
// is in batch_watch.cc.
#include <boost/program_options.hpp>
#include <iostream>

#include "cli/batch_watch.h"
#include "cli/farm_text.h"
#include "cli/json_fields.h"
#include "cli/order.h"
#include "cli/send.h"
#include "cli/table.h"
#include "cli/terminal.h"
#include "cli/wish_options.h"
#include "common/ids.h"
#include "common/text.h"
#include "scheduler/score/text_layout.h"

namespace assay::cli {
namespace {

constexpr RemoteUsage kUsageText = {
    "assay batch submit MANIFEST|LIST|- [OPTIONS]   put the images of a file into the queue as one batch\n"
    "assay batch list                               batches, newest first\n"
    "assay batch show BATCH_ID                      how far it is, verdicts, what was not as expected\n"
    "assay batch watch BATCH_ID                     follow it to its end\n"
    "assay batch rerun BATCH_ID [--only WHICH]      the same images again, as a new batch\n"
    "assay batch cancel BATCH_ID                    end what has not ended\n\n"
    "A manifest is JSON: {\"name\", \"labels\": {}, \"lane\", \"defaults\": {}, \"images\": [{\"ref\", "
    "\"expect\", ...}]};\n"
    "a list has one reference a line (docs/farm.md).",
    "words",
    "Exit codes: 0 done, 1 failed, 2 wrong use. For watch and --wait: 0 below the gate, 10 at or above it or "
    "not as\n"
    "expected, 11 inconclusive, 1 failed."};

// The id after the sub-verb.
Result<std::string> batch_id(const std::vector<std::string>& words) {
  if (words.size() != 2 || !is_scan_id(words[1]))
    return Error{Errc::invalid,
                 words.size() < 2   ? "no id of a batch given: assay batch " + words[0] + " BATCH_ID"
                 : words.size() > 2 ? "one id of a batch is wanted, not " + std::to_string(words.size() - 1)
                                    : "'" + printable(words[1], 100) +
                                          "' is no id of a batch (assay batch list shows them)"};
  return words[1];
}

// What a new batch became: told, and followed when that was asked for.
Result<int> submitted(const po::variables_map& map, const std::string& body, const std::string& name) {
  ASSAY_TRY(SubmittedBatch batch, read_submitted_batch(body));
  ASSAY_TRY(Format format, parse_format(option_text(map, "format")));
  bool wait = map["wait"].as<bool>();
  if (format == Format::json && !wait) {
    ASSAY_TRY(std::string shown, shown_answer(body));
    std::cout << shown;
  } else {
    std::string line = batch.batch_id + "  " + layout::plural(batch.scan_ids.size(), "image") +
                       (name.empty() ? "" : "  " + printable(name, 200)) + "\n";
    (wait ? std::cerr : std::cout) << line << std::flush;
  }
  return wait ? watch_batch(map, batch.batch_id) : Result<int>(kBelowGate);
}

Result<int> submit_batch(const po::variables_map& map, const std::vector<std::string>& words) {
  if (words.size() != 2)
    return Error{Errc::invalid,
                 "one manifest or list is wanted: assay batch submit FILE (or - for standard input)"};
  ASSAY_CHECK(parse_gate(option_text(map, "gate")));
  ASSAY_CHECK(parse_format(option_text(map, "format")));
  ASSAY_TRY(Wish wish, read_wish(map));
  ASSAY_TRY(std::string text, read_input(words[1]));
  Complaints complaints;
  BatchOrder order = read_manifest(text, words[1] == "-" ? "standard input" : words[1], wish,
                                   option_text(map, "name"), complaints);
  if (!complaints.empty()) return refuse(complaints);
  ASSAY_TRY(Remote remote, open_remote(map));
  Patience patience;
  patience.after_timeout = false;  // a batch twice is worse than one to look for
  ASSAY_TRY(Reply reply,
            post_patiently(remote, "/v1/batches", order.body, patience,
                           [](const std::string& note) { std::cerr << "assay: " << note << "\n"; }));
  if (reply.status / 100 != 2) {
    Error error = reply_error(reply, "POST /v1/batches");
    Refusal refusal = read_refusal(reply);
    if (!refusal.batch_id.empty())
      error.what += "; `assay batch show " + refusal.batch_id + "` shows what was taken";
    if (refusal.index && *refusal.index < order.refs.size())
      error = error.context(order.refs[*refusal.index]);
    return error;
  }
  return submitted(map, reply.body, order.name);
}

Result<int> rerun(const po::variables_map& map, const std::vector<std::string>& words) {
  ASSAY_TRY(std::string id, batch_id(words));
  std::string only = option_text(map, "only");
  if (only != "all" && only != "failed" && only != "unexpected")
    return Error{Errc::invalid, "--only '" + printable(only, 64) + "' is none of all, failed, unexpected"};
  ASSAY_TRY(Remote remote, open_remote(map));
  ASSAY_TRY(std::string body, remote.post("/v1/batches/" + id + "/rerun",
                                          Json{{"only", only}, {"fresh", map["fresh"].as<bool>()}}.dump()));
  return submitted(map, body, "again of " + id);
}

Result<int> list_batches(const po::variables_map& map) {
  ASSAY_TRY(Format format, parse_format(option_text(map, "format")));
  ASSAY_TRY(Remote remote, open_remote(map));
  ASSAY_TRY(std::string body, remote.get("/v1/batches?limit=" + std::to_string(map["limit"].as<unsigned>())));
  ASSAY_TRY(auto batches, read_batches(body));
  if (format == Format::json) {
    ASSAY_TRY(std::string shown, shown_answer(body));
    std::cout << shown;
    return static_cast<int>(kBelowGate);
  }
  Table table({{"BATCH"}, {"CREATED"}, {"IMAGES", true}, {"NAME"}, {"LABELS"}});
  for (const BatchView& batch : batches)
    table.row({batch.batch_id, time_text(batch.created_ns), layout::count_text(batch.total), batch.name,
               labels_text(batch.labels)});
  std::cout << table.str(table_width());
  return static_cast<int>(kBelowGate);
}

Result<int> show(const po::variables_map& map, const std::vector<std::string>& words) {
  ASSAY_TRY(Format format, parse_format(option_text(map, "format")));
  ASSAY_TRY(std::string id, batch_id(words));
  ASSAY_TRY(Remote remote, open_remote(map));
  ASSAY_CHECK(print_batch(remote, id, format));
  return static_cast<int>(kBelowGate);
}

Result<int> cancel_batch(const po::variables_map& map, const std::vector<std::string>& words) {
  ASSAY_TRY(std::string id, batch_id(words));
  ASSAY_TRY(Remote remote, open_remote(map));
  ASSAY_TRY(std::string body, remote.post("/v1/batches/" + id + "/cancel", "{}"));
  ASSAY_TRY(Json json, parse_object(body, "the server's answer"));
  auto cancelled = Fields(json, "the server's answer").maybe_number("cancelled");
  std::cout << id << "  cancelled" << (cancelled ? ": " + layout::plural(*cancelled, "scan") : "") << "\n";
  return static_cast<int>(kBelowGate);
}

Result<int> run(const po::variables_map& map) {
  std::vector<std::string> words = option_words(map, "words");
  std::string verb = words.empty() ? "" : words[0];
  if (verb == "submit") return submit_batch(map, words);
  if (verb == "list" && words.size() == 1) return list_batches(map);
  if (verb == "show") return show(map, words);
  if (verb == "rerun") return rerun(map, words);
  if (verb == "cancel") return cancel_batch(map, words);
  if (verb == "watch") {
    ASSAY_TRY(std::string id, batch_id(words));
    return watch_batch(map, id);
  }
  return Error{Errc::invalid, "assay batch knows submit, list, show, watch, rerun and cancel" +
                                  (verb.empty() ? "" : ", not '" + printable(verb, 100) + "'")};
}

}  // namespace

int batch(const Args& args) {
  po::options_description options("Options");
  auto add = options.add_options();
  add("name", po::value<std::string>(), "submit: what to call the batch");
  add("wait", po::bool_switch(), "submit, rerun: follow the batch to its end");
  add("gate", po::value<std::string>()->default_value("malicious"),
      "watch, --wait: verdict from which on the exit code is 10: malicious, suspicious, none");
  add("only", po::value<std::string>()->default_value("all"), "rerun: all, failed or unexpected");
  add("limit", po::value<unsigned>()->default_value(50), "list: at most so many");
  add_wish_options(options);
  add_format_option(options);
  add_remote_options(options);
  return run_remote(args, kUsageText, options, run);
}

}  // namespace assay::cli
