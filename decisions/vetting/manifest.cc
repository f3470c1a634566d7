// The sections of a manifest, in their order. How its tree is read is policy_parts.h's: manifests and
// policies are refused in the same words.
#include "decisions/vetting/manifest.h"

#include <set>

#include "common/digest.h"
#include "common/image_ref.h"
#include "common/platform.h"
#include "common/text.h"
#include "common/units.h"
#include "decisions/patterns.h"
#include "decisions/policy_parts.h"

namespace assay::decisions {
namespace {

constexpr std::string_view kSchema = "assay.vetting/1";

/// How images are run: what the manifest says for all, or what one says for itself.
struct Profile {
  Job job;  // but for its reference and persona
  std::vector<Persona> personas{Persona::bare};
};

template <class T, class Parse>
Status read_parsed(const yaml::Node& node, const Place& place, const Parse& parse, T& to) {
  ASSAY_TRY(std::string text, read_text(node, place));
  auto value = parse(text);
  if (!value) return place.error(node.line, value.error().what);
  to = *value;
  return Status();
}

// One of an enumeration of `count` by its name; "all", where it may be, is all of them.
template <class E>
Status read_names(const yaml::Node& node, const Place& place, size_t count, bool all, std::vector<E>& to) {
  ASSAY_TRY(std::string text, read_text(node, place));
  std::vector<E> every, one;
  std::vector<std::string_view> names;
  for (size_t i = 0; i < count; ++i) {
    every.push_back(static_cast<E>(i));
    names.push_back(to_string(every.back()));
    if (text == names.back()) one.push_back(every.back());
  }
  if (all) names.push_back("all");
  to = all && text == "all" ? every : one;
  if (!to.empty()) return Status();
  return place.error(node.line, "'" + printable(text, 64) + "' is none of " + any_of(names));
}

Status read_network(const yaml::Node& node, const Place& place, NetworkMode& to) {
  std::vector<NetworkMode> modes;
  ASSAY_CHECK(read_names(node, place, kNetworkModeCount, false, modes));
  to = modes[0];
  return Status();
}

Status read_profile(const yaml::Node& node, const Place& place, Profile& to) {
  ASSAY_CHECK(check_map(
      node, place,
      {"duration", "extend", "network", "persona", "provoke", "platform", "memory", "insecure", "authfile"}));
  for (const auto& [key, value] : node.entries) {
    Place at = place.in(key);
    if (key == "duration") ASSAY_CHECK(read_parsed(value, at, parse_duration, to.job.duration));
    if (key == "extend") ASSAY_CHECK(read_parsed(value, at, parse_duration, to.job.extension));
    if (key == "network") ASSAY_CHECK(read_network(value, at, to.job.network));
    if (key == "persona") ASSAY_CHECK(read_names(value, at, kPersonaCount, true, to.personas));
    if (key == "platform") ASSAY_CHECK(read_parsed(value, at, parse_platform, to.job.platform));
    if (key == "memory") ASSAY_CHECK(read_parsed(value, at, parse_bytes, to.job.memory_bytes));
    if (key == "provoke") {
      ASSAY_TRY(to.job.provoke, read_flag(value, at));
    }
    if (key == "insecure") {
      ASSAY_TRY(to.job.insecure, read_flag(value, at));
    }
    if (key == "authfile") {
      ASSAY_TRY(to.job.auth_file, read_text(value, at));
    }
  }
  return Status();
}

using Look = Status (*)(const std::string&);

Status check_port(const std::string& text) {
  auto range = PortRange::parse(text);
  return range ? Status() : Status(range.error());
}
Status check_domain(const std::string& text) { return check_destination(text); }
Status check_user(const std::string& text) {
  auto range = UserRange::parse(text);
  return range ? Status() : Status(range.error());
}
Status check_path(const std::string& text) {
  if (text.starts_with('/')) return Status();
  return Error{Errc::invalid, "'" + printable(text, 64) + "' is no path from the root, as /var/lib/app"};
}

// A list that may be empty: the vendor says that there is nothing of the kind.
Result<std::vector<std::string>> read_patterns(const yaml::Node& node, const Place& place, Look look) {
  if (node.is_list() && node.items.empty()) return std::vector<std::string>();
  ASSAY_TRY(auto texts, read_texts(node, place));
  for (size_t i = 0; i < texts.size(); ++i)
    if (Status right = look(texts[i]); !right)
      return place.at(i).error(node.items[i].line, right.error().what);
  return texts;
}

Result<Declaration> read_declaration(const yaml::Node& node, const Place& place) {
  ASSAY_CHECK(check_map(node, place, {"ports", "domains", "users", "writes", "executables"}));
  Declaration out;
  for (const auto& [key, value] : node.entries) {
    Look look = key == "ports"     ? check_port
                : key == "domains" ? check_domain
                : key == "users"   ? check_user
                                   : check_path;
    ASSAY_TRY(auto texts, read_patterns(value, place.in(key), look));
    if (key == "ports") out.ports = std::move(texts);
    if (key == "domains") out.domains = std::move(texts);
    if (key == "users") out.users = std::move(texts);
    if (key == "writes") out.writes = std::move(texts);
    if (key == "executables") out.executables = std::move(texts);
  }
  return out;
}

Status missing(const yaml::Node& node, const Place& place, const char* key, const char* example) {
  return place.in(key).error(node.line, std::string("is missing, as in ") + example);
}

// Adds one image for each persona.
Status read_image(const yaml::Node& node, const Place& place, Profile profile, VetManifest& to) {
  ASSAY_CHECK(check_map(node, place, {"ref", "name", "purpose", "declares", "profile", "policy"}));
  VetImage image;
  if (node.find("ref") == nullptr) return missing(node, place, "ref", "ref: registry.example/app:1.2");
  for (const auto& [key, value] : node.entries) {
    Place at = place.in(key);
    if (key == "profile") ASSAY_CHECK(read_profile(value, at, profile));
    if (key == "declares") {
      ASSAY_TRY(image.declaration, read_declaration(value, at));
    }
    for (auto [name, text] : {std::pair("name", &image.name), std::pair("purpose", &image.purpose),
                              std::pair("policy", &image.policy)})
      if (key == name) {
        ASSAY_TRY(*text, read_text(value, at));
      }
  }
  ASSAY_TRY(std::string ref, read_text(*node.find("ref"), place.in("ref")));
  if (auto parsed = ImageRef::parse(ref); !parsed)
    return place.in("ref").error(node.find("ref")->line, parsed.error().what);
  if (image.name.empty()) image.name = ref;
  image.job = profile.job;
  image.job.ref = std::move(ref);
  image.place = place.error(node.line, "").what;
  for (Persona persona : profile.personas) {
    image.job.persona = persona;
    to.images.push_back(image);
  }
  return Status();
}

Status read_images(const yaml::Node& node, const Place& place, const Profile& profile, VetManifest& to) {
  if (!node.is_list() || node.items.empty()) return place.error(node.line, "is no list with an image in it");
  std::set<std::string> names;
  for (size_t i = 0; i < node.items.size(); ++i) {
    const yaml::Node& item = node.items[i];
    ASSAY_CHECK(read_image(item, place.at(i), profile, to));
    if (!names.insert(to.images.back().name).second)
      return place.at(i).error(item.line, "has the name '" + printable(to.images.back().name, 64) +
                                              "', as another has; a dossier tells images by their names");
    if (to.images.size() > kMaxVettedImages)
      return place.at(i).error(item.line, "makes it more than " + std::to_string(kMaxVettedImages) +
                                              " scans; make several manifests of it");
  }
  return Status();
}

Status read_vendor(const yaml::Node& node, const Place& place, VetManifest& to) {
  ASSAY_CHECK(check_map(node, place, {"name", "contact"}));
  if (node.find("name") == nullptr) return missing(node, place, "name", "name: Acme Instruments");
  ASSAY_TRY(to.vendor, read_text(*node.find("name"), place.in("name")));
  if (const yaml::Node* contact = node.find("contact")) {
    ASSAY_TRY(to.contact, read_text(*contact, place.in("contact")));
  }
  return Status();
}

Status read_schema(const yaml::Node& top, const Place& place) {
  const yaml::Node* schema = top.find("schema");
  if (schema == nullptr) return missing(top, place, "schema", "schema: assay.vetting/1");
  if (schema->is_scalar() && schema->scalar == kSchema) return Status();
  return place.in("schema").error(schema->line,
                                  "'" + printable(schema->scalar, 64) + "' is not " + std::string(kSchema));
}

Result<VetManifest> read_all(const yaml::Node& top, const std::string& source) {
  Place place{source, ""};
  if (!top.is_map())
    return Error{Errc::invalid, source + ": the manifest is " + yaml::to_string(top.kind) +
                                    ", and a map is wanted, with schema, vendor and images"};
  ASSAY_CHECK(read_schema(top, place));
  ASSAY_CHECK(check_map(top, place, {"schema", "vendor", "policy", "profile", "images"}));
  VetManifest out;
  Profile profile;
  if (const yaml::Node* vendor = top.find("vendor"))
    ASSAY_CHECK(read_vendor(*vendor, place.in("vendor"), out));
  else
    return missing(top, place, "vendor", "vendor: {name: Acme Instruments}").error();
  if (const yaml::Node* policy = top.find("policy")) {
    ASSAY_TRY(out.policy, read_text(*policy, place.in("policy")));
  }
  if (const yaml::Node* all = top.find("profile"))
    ASSAY_CHECK(read_profile(*all, place.in("profile"), profile));
  const yaml::Node* images = top.find("images");
  if (images == nullptr)
    return missing(top, place, "images", "images: [{ref: registry.example/app:1.2}]").error();
  ASSAY_CHECK(read_images(*images, place.in("images"), profile, out));
  return out;
}

}  // namespace

Result<VetManifest> parse_vet_manifest(const std::string& yaml, const std::string& source) {
  std::string shown = printable(source, 200);
  ASSAY_TRY(std::vector<yaml::Node> documents, yaml::parse(yaml, shown));
  if (documents.size() != 1)
    return Error{Errc::invalid, shown + ": a manifest is one YAML document, and here are " +
                                    std::to_string(documents.size())};
  ASSAY_TRY(VetManifest out, read_all(documents[0], shown));
  out.source = source;
  out.sha256 = Digest::of(yaml).hex();
  return out;
}

}  // namespace assay::decisions
