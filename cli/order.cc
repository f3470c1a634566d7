// Lists, values of options, and the body of a submission.
#include "cli/order.h"

#include <charconv>
#include <cmath>

#include "cli/json_fields.h"
#include "cli/order_json.h"
#include "common/image_ref.h"
#include "common/text.h"
#include "scheduler/score/report.h"

namespace assay::cli {

using std::chrono::milliseconds;

void Complaints::add(const std::string& place, const std::string& what) {
  if (list.size() == kMaxComplaints)
    ++more;
  else
    list.push_back({Errc::invalid, place + ": " + what});
}

Result<std::pair<std::string, std::string>> parse_label(std::string_view text) {
  size_t equals = text.find('=');
  std::string quoted = "label '" + printable(text, 100) + "'";
  if (equals == std::string_view::npos || equals == 0)
    return Error{Errc::invalid, quoted + " is not NAME=VALUE, as in team=web"};
  std::pair<std::string, std::string> label(text.substr(0, equals), text.substr(equals + 1));
  if (label.first.size() > kMaxLabelBytes || label.second.size() > kMaxLabelBytes)
    return Error{Errc::invalid,
                 quoted + " has more than " + std::to_string(kMaxLabelBytes) + " bytes in its name or value"};
  return label;
}

Result<std::string> parse_expectation(std::string_view text) {
  if (parse_verdict(text)) return std::string(text);
  return Error{Errc::invalid, "expectation '" + printable(text, 64) +
                                  "' is none of clean, suspicious, malicious, inconclusive"};
}

Result<uint32_t> parse_cpus(std::string_view text) {
  double cpus = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), cpus);
  if (error != std::errc() || end != text.data() + text.size() || !(cpus >= 0.001 && cpus <= 1024))
    return Error{Errc::invalid, "'" + printable(text, 64) + "' is no number of CPUs between 0.001 and 1024"};
  return static_cast<uint32_t>(std::lround(cpus * 1000));
}

std::vector<std::string> read_list(std::string_view text, const std::string& name, Complaints& complaints) {
  std::vector<std::string> out;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);  // a byte order mark
  auto space = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  for (size_t number = 1; !text.empty(); ++number) {
    size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    for (size_t i = 0; i < line.size(); ++i) {
      if (line[i] != '#' || (i > 0 && !space(line[i - 1]))) continue;
      line = line.substr(0, i);
      break;
    }
    while (!line.empty() && space(line.front())) line.remove_prefix(1);
    while (!line.empty() && space(line.back())) line.remove_suffix(1);
    if (line.empty()) continue;
    auto ref = ImageRef::parse(line);
    if (ref)
      out.emplace_back(line);
    else
      complaints.add(name + ", line " + std::to_string(number), ref.error().what);
  }
  if (out.empty() && complaints.empty()) complaints.add(name, "no image reference in it");
  return out;
}

void write_wish(Json& out, const Wish& wish) {
  if (wish.duration) out["duration_ms"] = wish.duration->count();
  if (wish.extension) out["extension_ms"] = wish.extension->count();
  if (wish.network) out["network"] = to_string(*wish.network);
  if (wish.personas.size() == 1) out["persona"] = to_string(wish.personas[0]);
  if (wish.no_provoke) out["provoke"] = false;
  if (wish.lane) out["lane"] = to_string(*wish.lane);
  if (wish.cpu_millis) out["cpu_millis"] = *wish.cpu_millis;
  if (wish.memory_bytes) out["memory_bytes"] = *wish.memory_bytes;
  if (wish.insecure) out["insecure"] = true;
  if (wish.fresh) out["fresh"] = true;
  if (!wish.auth_file.empty()) out["auth_file"] = wish.auth_file;
  if (!wish.platform.empty()) out["platform"] = wish.platform;
  if (!wish.expect.empty()) out["expect"] = wish.expect;
  for (const auto& [name, value] : wish.labels) out["labels"][name] = value;
}

std::vector<Wish> for_each_persona(const Wish& wish) {
  if (wish.personas.size() <= 1) return {wish};
  std::vector<Wish> out;
  for (Persona persona : wish.personas) {
    out.push_back(wish);
    out.back().personas = {persona};
  }
  return out;
}

std::string body_text(const Json& json) {
  // What is no UTF-8 (a path may be) cannot be said in JSON; U+FFFD stands in its place.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

size_t slice_images(const std::vector<std::string>& refs, size_t first, const Wish& wish) {
  Json common = Json::object();
  write_wish(common, wish);
  size_t each = body_text(common).size() + 16, bytes = 0, count = 0;
  while (count < kSliceImages && first + count < refs.size()) {
    bytes += refs[first + count].size() + each;
    if (bytes > kSliceBytes && count > 0) break;
    ++count;
  }
  return count;
}

std::string scans_body(const std::string* refs, size_t count, const Wish& wish) {
  Json common = Json::object();
  write_wish(common, wish);
  Json scans = Json::array();
  for (size_t i = 0; i < count; ++i) {
    Json scan = common;
    scan["ref"] = refs[i];
    scans.push_back(std::move(scan));
  }
  Json body;
  body["scans"] = std::move(scans);
  return body_text(body);
}

}  // namespace assay::cli
