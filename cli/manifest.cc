// Manifests: checked as far as can be without the scheduler, then sent on as they are.
#include <algorithm>

#include "cli/options.h"
#include "cli/order.h"
#include "cli/order_json.h"
#include "common/image_ref.h"
#include "common/platform.h"
#include "common/text.h"

namespace assay::cli {
namespace {

// Fields that say how an image is to be scanned, and their checks; `ref` aside.
void check_wish(const Json& json, const std::string& place, bool image, Complaints& complaints) {
  static const char* const kNames[] = {"duration_ms", "network",      "insecure", "auth_file",
                                       "cpu_millis",  "memory_bytes", "expect",   "fresh",
                                       "labels",      "persona",      "provoke",  "extension_ms",
                                       "platform"};
  for (const auto& [key, value] : json.items()) {
    bool known = std::find(std::begin(kNames), std::end(kNames), key) != std::end(kNames) ||
                 (image && key == "ref") || key == "lane";
    if (!known) complaints.add(place, "no field is called '" + printable(key, 64) + "'");
  }
  Fields fields(json, place);
  fields.number<uint32_t>("duration_ms");
  fields.number<uint32_t>("extension_ms");
  fields.number<uint32_t>("cpu_millis");
  fields.number<uint64_t>("memory_bytes");
  fields.flag("insecure");
  fields.flag("fresh");
  fields.flag("provoke");
  fields.text("auth_file");
  fields.labels("labels");
  std::string network = fields.text("network"), lane = fields.text("lane"), expect = fields.text("expect"),
              persona = fields.text("persona"), platform = fields.text("platform");
  if (Status status = fields.status(); !status) {
    std::string what = status.error().what;
    complaints.add(place, what.substr(std::min(what.size(), place.size() + 2)));
    return;
  }
  if (!network.empty())
    if (auto parsed = parse_network(network); !parsed) complaints.add(place, parsed.error().what);
  if (!lane.empty())
    if (auto parsed = parse_lane(lane); !parsed) complaints.add(place, parsed.error().what);
  if (!persona.empty())
    if (auto parsed = parse_personas(persona); !parsed) complaints.add(place, parsed.error().what);
  if (!platform.empty())
    if (auto parsed = parse_platform(platform); !parsed) complaints.add(place, parsed.error().what);
  if (!expect.empty())
    if (auto parsed = parse_expectation(expect); !parsed) complaints.add(place, parsed.error().what);
}

// One of the images: a reference, or an object with one. Returns the reference, empty when it has none.
std::string check_image(const Json& image, const std::string& place, Complaints& complaints) {
  if (!image.is_object() && !image.is_string()) {
    complaints.add(place, "neither a reference nor an object with a 'ref'");
    return {};
  }
  std::string ref;
  if (image.is_string()) {
    ref = image.get<std::string>();
  } else {
    check_wish(image, place, true, complaints);
    auto found = image.find("ref");
    if (found != image.end() && found->is_string()) ref = found->get<std::string>();
  }
  auto parsed = ImageRef::parse(ref);
  if (!parsed) complaints.add(place, ref.empty() ? "it has no 'ref'" : parsed.error().what);
  return ref;
}

void check_top(const Json& manifest, const std::string& name, Complaints& complaints) {
  static const char* const kNames[] = {"name", "labels", "lane", "defaults", "images"};
  for (const auto& [key, value] : manifest.items())
    if (std::find(std::begin(kNames), std::end(kNames), key) == std::end(kNames))
      complaints.add(name, "no field is called '" + printable(key, 64) + "'");
  Fields fields(manifest, name);
  fields.text("name");
  fields.labels("labels");
  std::string lane = fields.text("lane");
  const Json* defaults = fields.object("defaults");
  if (const Json* images = fields.list("images"); images == nullptr || images->empty())
    fields.wrong("images", "a list with an image in it");
  if (Status status = fields.status(); !status)
    complaints.list.push_back({Errc::invalid, status.error().what});
  if (!lane.empty())
    if (auto parsed = parse_lane(lane); !parsed) complaints.add(name, parsed.error().what);
  if (defaults != nullptr) check_wish(*defaults, name + ", defaults", false, complaints);
}

// A list as a manifest, or what stands in the file.
Json manifest_of(std::string_view text, const std::string& name, Complaints& complaints) {
  size_t first = text.find_first_not_of(" \t\r\n");
  Json manifest = Json::object();
  if (first == std::string_view::npos || text[first] != '{') {
    Json images = Json::array();
    for (const std::string& ref : read_list(text, name, complaints)) images.push_back({{"ref", ref}});
    manifest["images"] = std::move(images);
    return manifest;
  }
  auto parsed = parse_object(text, name);
  if (!parsed) {
    complaints.list.push_back({Errc::invalid, parsed.error().what});
    return manifest;
  }
  manifest = std::move(*parsed);
  check_top(manifest, name, complaints);
  return manifest;
}

// The scheduler knows one persona a scan: an image that wants all of them becomes as many.
void expand_personas(Json& manifest, std::vector<std::string>& refs) {
  auto wants_all = [](const Json& json) {
    auto found = json.find("persona");
    return found != json.end() && found->is_string() && found->get_ref<const std::string&>() == "all";
  };
  bool all = manifest.contains("defaults") && wants_all(manifest["defaults"]);
  if (all) manifest["defaults"].erase("persona");
  Json images = Json::array();
  std::vector<std::string> expanded;
  for (size_t i = 0; i < refs.size(); ++i) {
    Json& image = manifest["images"][i];
    bool each = wants_all(image) || (all && !image.contains("persona"));
    for (size_t persona = 0; persona < (each ? kPersonaCount : 1); ++persona) {
      images.push_back(image);
      if (each) images.back()["persona"] = to_string(static_cast<Persona>(persona));
      expanded.push_back(refs[i]);
    }
  }
  manifest["images"] = std::move(images);
  refs = std::move(expanded);
}

}  // namespace

BatchOrder read_manifest(std::string_view text, const std::string& name, const Wish& wish,
                         const std::string& batch_name, Complaints& complaints) {
  BatchOrder order;
  Json manifest = manifest_of(text, name, complaints);
  if (!complaints.empty()) return order;
  size_t number = 0;
  for (Json& image : manifest["images"]) {
    order.refs.push_back(check_image(image, name + ", image " + std::to_string(++number), complaints));
    if (image.is_string()) image = Json{{"ref", order.refs.back()}};
  }
  if (!complaints.empty()) return order;
  Wish rest = wish;  // what a batch has once goes to its top, the rest to the defaults
  if (rest.lane) manifest["lane"] = to_string(*rest.lane);
  for (const auto& [key, value] : rest.labels) manifest["labels"][key] = value;
  rest.lane.reset();
  rest.labels.clear();
  Json defaults = manifest.contains("defaults") ? manifest["defaults"] : Json::object();
  if (defaults.is_null()) defaults = Json::object();
  write_wish(defaults, rest);
  if (rest.personas.size() > 1) defaults["persona"] = "all";
  if (!defaults.empty()) manifest["defaults"] = std::move(defaults);
  expand_personas(manifest, order.refs);
  if (!batch_name.empty()) manifest["name"] = batch_name;
  Fields fields(manifest, name);
  order.name = fields.text("name");
  order.body = body_text(manifest);
  return order;
}

}  // namespace assay::cli
