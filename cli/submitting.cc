// Lists, slices and the stream.
#include "cli/submitting.h"

#include <boost/program_options.hpp>
#include <iostream>

#include "cli/follow.h"
#include "cli/send.h"
#include "cli/wish_options.h"
#include "common/image_ref.h"
#include "common/text.h"

namespace assay::cli {
namespace {

constexpr size_t kOneByOne = 32;  // records asked for one by one; above that, pages of the list are less work

// Which of the images a refusal is about.
Error refused(const Reply& reply, const std::vector<std::string>& refs, size_t first, size_t count) {
  Error error = reply_error(reply, "POST /v1/scans");
  auto index = read_refusal(reply).index;
  if (index && *index < count) error = error.context(refs[first + *index]);
  if (first > 0)
    error = error.context(std::to_string(first) + " of " + std::to_string(refs.size()) +
                          " images were submitted, the rest was not");
  return error;
}

Status send_as(const Remote& remote, const std::vector<std::string>& refs, const Wish& wish,
               const Accepted& accepted) {
  auto note = [](const std::string& text) { std::cerr << "assay: " << text << "\n"; };
  size_t count = 0;
  for (size_t first = 0; first < refs.size(); first += count) {
    count = slice_images(refs, first, wish);
    auto reply = post_patiently(remote, "/v1/scans", scans_body(&refs[first], count, wish), Patience{}, note);
    if (!reply && first > 0)
      return reply.error().context(std::to_string(first) + " of " + std::to_string(refs.size()) +
                                   " images were submitted, the rest not for certain");
    if (!reply) return reply.error();
    if (reply->status / 100 != 2) return refused(*reply, refs, first, count);
    ASSAY_TRY(auto ids, read_scan_ids(reply->body, count));
    accepted(first, ids, wish);
  }
  return Status();
}

}  // namespace

void add_from_option(po::options_description& options) {
  options.add_options()("from", po::value<std::vector<std::string>>()->composing(),
                        "list of references, - for standard input");
}

Result<std::vector<std::string>> read_refs(const po::variables_map& map, const std::string& verb) {
  std::vector<std::string> refs = option_words(map, "ref");
  Complaints complaints;
  for (const std::string& ref : refs)
    if (auto parsed = ImageRef::parse(ref); !parsed) complaints.add("command line", parsed.error().what);
  for (const std::string& name : option_words(map, "from")) {
    ASSAY_TRY(std::string text, read_input(name));
    auto more = read_list(text, name == "-" ? "standard input" : name, complaints);
    refs.insert(refs.end(), more.begin(), more.end());
  }
  if (!complaints.empty()) return refuse(complaints);
  if (refs.empty())
    return Error{Errc::invalid,
                 "no image given: assay " + verb + " REF... or --from FILE (assay " + verb + " --help)"};
  return refs;
}

Status submit_refs(const Remote& remote, const std::vector<std::string>& refs, const Wish& wish,
                   const Accepted& accepted) {
  for (const Wish& one : for_each_persona(wish)) ASSAY_CHECK(send_as(remote, refs, one, accepted));
  return Status();
}

std::string shown_ref(const std::string& ref, const Wish& wish) {
  return printable(ref) + (wish.personas.empty() ? "" : std::string("  ") + to_string(wish.personas[0]));
}

ScanView queued_view(const std::string& scan_id, const std::string& ref, const Wish& wish) {
  ScanView scan;
  scan.scan_id = scan_id;
  scan.ref = ref;
  scan.state = "queued";
  scan.expect = wish.expect;
  return scan;
}

Status follow_submitted(const Remote& remote, Watched& watched, Live& live) {
  std::vector<std::string> ids;
  for (const auto& [id, entry] : watched.entries()) ids.push_back(id);
  std::string path = "/v1/events" + (ids.size() == 1 ? "?scan=" + ids[0] : std::string());
  LoadScans load = [&]() -> Result<std::vector<ScanView>> {
    if (ids.size() <= kOneByOne) return load_each(remote, ids);
    ASSAY_TRY(auto scans, load_pages(remote, "", 1'000'000, ids.front()));
    std::erase_if(scans, [&](const ScanView& scan) { return watched.find(scan.scan_id) == nullptr; });
    return scans;
  };
  if (ids.size() == 1) load = nullptr;
  return follow(remote, path, load, watched, live);
}

}  // namespace assay::cli
