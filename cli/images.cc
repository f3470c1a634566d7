// assay images: what registries have, and what a sweep with such a filter would take of it. Asks them from
// this host; no scheduler, nothing is pulled.
#include "cli/images.h"

#include <boost/program_options.hpp>
#include <iostream>

#include "cli/farm_text.h"
#include "cli/json_fields.h"
#include "cli/remote_verb.h"
#include "cli/status_line.h"
#include "common/clock.h"
#include "common/signals.h"
#include "common/text.h"
#include "scheduler/score/text_layout.h"

namespace assay::cli {
namespace {

using layout::count_text;
using layout::plural;
using Words = std::vector<std::string>;
using Ordered = nlohmann::ordered_json;

Result<sweeps::Filter> filter_of(const po::variables_map& map) {
  sweeps::Filter filter;
  filter.repositories = option_words(map, "repositories");
  filter.tags = option_words(map, "tags");
  if (map.count("semver")) {
    ASSAY_TRY(filter.semver, sweeps::SemverRange::parse(option_text(map, "semver")));
  }
  if (map.count("newest")) filter.newest = map["newest"].as<unsigned>();
  filter.pushed_since = option_text(map, "since");
  filter.untagged = map["untagged"].as<bool>();
  ASSAY_CHECK(filter.check());
  return filter;
}

Result<sources::SourceSpec> source_of(const po::variables_map& map, const std::string& text) {
  ASSAY_TRY(sources::SourceSpec spec,
            text.starts_with('{') ? sources::source_from_json(text) : sources::parse_source(text));
  if (map["insecure"].as<bool>()) spec.insecure = true;
  if (map.count("authfile")) spec.auth_file = option_text(map, "authfile");
  return spec;
}

std::string name_of(const ImageFound& found) {
  const auto& image = found.image;
  return found.repository.str() + (image.tag.empty() ? "@" + image.digest : ":" + image.tag);
}

std::string json_line(const ImageFound& found) {
  auto text_or_null = [](const std::string& text) { return text.empty() ? Ordered() : Ordered(text); };
  const auto& image = found.image;
  Ordered out = {{"host", found.repository.host},
                 {"repository", found.repository.name},
                 {"tag", text_or_null(image.tag)},
                 {"digest", text_or_null(image.digest)},
                 {"platform", text_or_null(found.platform)},
                 {"pushed_ns", image.pushed_ns == 0 ? Ordered() : Ordered(image.pushed_ns)},
                 {"size_bytes", image.size_bytes == 0 ? Ordered() : Ordered(image.size_bytes)}};
  for (auto& [name, value] : out.items())
    if (value.is_string()) value = printable(value.get<std::string>());
  return out.dump(-1, ' ', false, Ordered::error_handler_t::replace) + "\n";
}

// One line an image, its columns as wide as this repository needs them. A tag stays whole, to be copied.
void print_lines(const std::vector<ImageFound>& found) {
  std::vector<std::vector<std::string>> rows;
  std::vector<size_t> widths;
  for (const ImageFound& one : found) {
    const auto& image = one.image;
    rows.push_back({printable(name_of(one)), printable(image.tag.empty() ? "" : image.digest),
                    printable(one.platform, 60), image.pushed_ns > 0 ? time_text(image.pushed_ns) : ""});
    widths.resize(rows.back().size());
    for (size_t i = 0; i < widths.size(); ++i)
      widths[i] = std::max(widths[i], layout::columns(rows.back()[i]));
  }
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i)
      if (widths[i] > 0) line += (line.empty() ? "" : "  ") + layout::pad(row[i], widths[i]);
    line.erase(line.find_last_not_of(' ') + 1);
    std::cout << line << "\n";
  }
  std::cout << std::flush;
}

std::string totals(const ImagesCounts& counts) {
  auto repositories = [](uint64_t count) {
    return count_text(count) + (count == 1 ? " repository" : " repositories");
  };
  std::string out = plural(counts.images, "image") + " of " + repositories(counts.repositories);
  std::string left;
  if (counts.left_out_repositories > 0) left = repositories(counts.left_out_repositories);
  if (counts.left_out > 0) left += (left.empty() ? "" : ", ") + plural(counts.left_out, "image");
  if (!left.empty()) out += "; left out: " + left;
  if (counts.undated > 0)
    out += "; " + plural(counts.undated, "image") + " taken whose source does not tell when they were pushed";
  if (counts.failed > 0) out += "; failed: " + count_text(counts.failed);
  return out;
}

// All accounts and regions of one source.
Status walk(const sources::SourceSpec& spec, const sources::SourceOptions& options, const ImagesWish& wish,
            const ImagesSink& sink, ImagesCounts& counts) {
  ASSAY_TRY(auto opened, sources::open_source(spec, options));
  for (auto& source : opened) {
    Status done = walk_source(*source, wish, sink, options.stop_fd, counts);
    if (!done && done.error().code == Errc::cancelled) return done;
    if (done) continue;
    ++counts.failed;
    sink.note(done.error().what);
  }
  return Status();
}

Result<int> run(const po::variables_map& map) {
  ASSAY_TRY(Format format, parse_format(option_text(map, "format")));
  ImagesWish wish;
  ASSAY_TRY(wish.filter, filter_of(map));
  wish.platforms = map["platforms"].as<bool>();
  wish.now_ns = wall_ns();
  std::vector<sources::SourceSpec> specs;
  for (const std::string& text : option_words(map, "source")) {
    ASSAY_TRY(sources::SourceSpec spec, source_of(map, text));
    specs.push_back(std::move(spec));
  }
  if (specs.empty())
    return Error{Errc::invalid, "no source given: assay images HOST[:PORT] (--help tells more)"};
  ASSAY_TRY(Fd signals, catch_end_signals());
  StatusLine line;
  ImagesCounts counts;
  ImagesSink sink;
  sink.found = [&](const std::vector<ImageFound>& found) {
    line.clear();
    if (format == Format::text) return print_lines(found);
    for (const ImageFound& one : found) std::cout << json_line(one);
    std::cout << std::flush;
  };
  sink.note = [&](const std::string& text) {
    line.clear();
    std::cerr << "assay: " << still_printable(text) << std::endl;
  };
  sink.progress = [&](const ImagesCounts& now) { line.show(totals(now)); };
  sources::SourceOptions options;
  options.places = {option_text(map, "registries-conf"), option_text(map, "certs")};
  options.stop_fd = signals.get();
  options.note = sink.note;
  for (const sources::SourceSpec& spec : specs) {
    Status done = walk(spec, options, wish, sink, counts);
    if (!done && done.error().code == Errc::cancelled) return done.error();
    if (done) continue;
    ++counts.failed;
    sink.note(done.error().what);
  }
  line.clear();
  std::cerr << "assay: " << totals(counts) << "\n";
  return static_cast<int>(counts.failed > 0 ? kFailed : kBelowGate);
}

}  // namespace

int images(const Args& args) {
  po::options_description options("Options");
  auto add = options.add_options();
  auto words = [] { return po::value<Words>()->composing(); };
  add("repositories", words(), "only those whose name matches, as in 'team/*'; '!' before it: all but those");
  add("tags", words(), "only tags that match, likewise");
  add("semver", po::value<std::string>(), "only tags that are versions within it, as in '>=1.2 <3'");
  add("newest", po::value<unsigned>(), "only so many of each repository");
  add("since", po::value<std::string>(), "only what was pushed since: a time, a day, or an age as in 7d");
  add("untagged", po::bool_switch(), "images without a tag, too");
  add("platforms", po::bool_switch(), "ask for digest and platforms of each image: takes a while");
  add("certs", po::value<std::string>(), "certificates of registries (default: /etc/containers/certs.d)");
  add("registries-conf", po::value<std::string>(),
      "mirrors of registries (default: /etc/containers/registries.conf)");
  add("authfile", po::value<std::string>(), "docker config.json with logins (default: as skopeo looks)");
  add("insecure", po::bool_switch(), "plain HTTP, or a certificate that is not known, will do");
  add_format_option(options);
  return run_remote(
      args,
      {"assay images SOURCE... [OPTIONS]\n"
       "Lists the images that sources have and a filter takes, as a sweep would choose them:\n"
       "reference, digest, platform and when it was pushed, as far as the source tells.\n"
       "SOURCE is HOST[:PORT], HOST/REPO,REPO..., ecr:REGION,REGION?role=ARN, or a JSON object\n"
       "as in a sweep (docs/sources.md). With --format json: one object a line. Nothing is\n"
       "pulled, and no scheduler is asked.",
       "source", "Exit codes: 0 all was listed, 1 something was not, and stderr says what, 2 wrong use."},
      options, run);
}

}  // namespace assay::cli
