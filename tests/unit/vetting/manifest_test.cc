// Manifests: what they mean, and how each mistake is told.
#include "decisions/vetting/manifest.h"

#include "common/words.h"
#include "tests/unit/vetting/vetting_reports.h"

namespace assay::decisions {
namespace {

std::string shown(const VetImage& image) {
  std::string out = image.name + " " + image.job.ref + " " + std::to_string(image.job.duration.count()) +
                    "+" + std::to_string(image.job.extension.count()) + " " + to_string(image.job.network) +
                    " " + to_string(image.job.persona) + (image.job.provoke ? " provoke" : "") +
                    (image.job.insecure ? " insecure" : "");
  if (!image.job.platform.empty()) out += " " + image.job.platform;
  if (!image.policy.empty()) out += " policy=" + image.policy;
  if (!image.declaration) return out + " undeclared";
  const Declaration& d = *image.declaration;
  out += " ports=" + joined(d.ports, ",") + " domains=" + joined(d.domains, ",");
  if (d.users) out += " users=" + joined(*d.users, ",");
  if (d.writes) out += " writes=" + joined(*d.writes, ",");
  if (d.executables) out += " executables=" + joined(*d.executables, ",");
  return out;
}

std::string shown(const VetManifest& manifest) {
  std::string out = manifest.vendor + " <" + manifest.contact + "> policy=" + manifest.policy + "\n";
  for (const VetImage& image : manifest.images) out += shown(image) + "\n";
  return out;
}

TEST(VetManifest, SaysHowEachImageIsRunAndWhatItDeclares) {
  EXPECT_EQ(
      shown(manifest_of(R"(schema: assay.vetting/1
vendor: {name: Acme, contact: sec@acme.example}
policy: policies/intake.yml
profile: {duration: 1m, extend: 10s, network: none, persona: ci, provoke: false, memory: 64M}
images:
  - ref: registry.example/acme/web:1
    name: web
    declares: {ports: [tcp/8080, udp/5000-5100], domains: ["*.acme.example", 192.0.2.0/24], users: [nonroot], writes: [/var/lib/web], executables: [/usr/bin/*]}
  - ref: registry.example/acme/db:1
    policy: db.yml
    profile: {duration: 2m, network: sinkhole, persona: bare, provoke: true, platform: linux/aarch64, insecure: true}
    declares: {ports: []}
  - ref: registry.example/acme/tool:1
)")),
      "Acme <sec@acme.example> policy=policies/intake.yml\n"
      "web registry.example/acme/web:1 60000+10000 none ci ports=tcp/8080,udp/5000-5100 "
      "domains=*.acme.example,192.0.2.0/24 users=nonroot writes=/var/lib/web executables=/usr/bin/*\n"
      "registry.example/acme/db:1 registry.example/acme/db:1 120000+10000 sinkhole bare provoke insecure "
      "linux/arm64 policy=db.yml ports= domains=\n"
      "registry.example/acme/tool:1 registry.example/acme/tool:1 60000+10000 none ci undeclared\n");
}

TEST(VetManifest, AllPersonasMakeAScanOfEach) {
  VetManifest manifest = manifest_of(
      "schema: assay.vetting/1\nvendor: {name: Acme}\nprofile: {persona: all}\nimages: [{ref: a.example/x:1, "
      "name: x}]\n");
  std::string personas;
  for (const VetImage& image : manifest.images)
    personas += image.name + "/" + to_string(image.job.persona) + " ";
  EXPECT_EQ(personas, "x/bare x/kubernetes x/ci x/cloud ");
}

struct Broken {
  const char *replace, *by, *error;
};

TEST(VetManifest, EachMistakeIsToldWithFileLineKeyAndRule) {
  const std::string good = kServerManifest;
  for (const auto& [replace, by, error] : std::vector<Broken>{
           {"assay.vetting/1", "assay.vetting/2",
            "acme.yml:1: schema 'assay.vetting/2' is not assay.vetting/1"},
           {"schema: assay.vetting/1\n", "", "acme.yml:1: schema is missing, as in schema: assay.vetting/1"},
           {"vendor: {name: Acme, contact: sec@acme.example}\n", "",
            "acme.yml:1: vendor is missing, as in vendor: {name: Acme Instruments}"},
           {"name: Acme, ", "", "acme.yml:2: vendor.name is missing"},
           {"contact:", "contakt:",
            "acme.yml:2: vendor.contakt is a key that there is not; did you mean 'contact'?"},
           {"provoke: false", "provoke: maybe", "acme.yml:3: profile.provoke"},
           {"duration: 5s", "duration: soon", "acme.yml:3: profile.duration"},
           {"duration: 5s", "network: tor",
            "acme.yml:3: profile.network 'tor' is none of none, sinkhole or egress"},
           {"duration: 5s", "persona: spy",
            "acme.yml:3: profile.persona 'spy' is none of bare, kubernetes, ci, cloud or all"},
           {"duration: 5s", "platform: windows/amd64", "acme.yml:3: profile.platform"},
           {"ref: registry", "reff: registry", "acme.yml:5: images[0].reff is a key that there is not"},
           {"ref: registry.example/acme/web:1", "ref: Not:A:Ref", "acme.yml:5: images[0].ref"},
           {"tcp/8080", "8080", "acme.yml:8: images[0].declares.ports[0]"},
           {"api.acme.example", "https://acme.example/", "acme.yml:8: images[0].declares.domains[0]"},
           {"/var/lib/web", "var/lib/web",
            "acme.yml:8: images[0].declares.writes[0] 'var/lib/web' is no path from the root"},
           {"domains:", "domain:", "acme.yml:8: images[0].declares.domain is a key that there is not"},
           {"images:", "images: []\nrest:", "acme.yml:5: rest is a key that there is not"},
       }) {
    std::string text = good;
    size_t at = text.find(replace);
    ASSERT_NE(at, std::string::npos) << replace;
    text.replace(at, std::string_view(replace).size(), by);
    auto manifest = parse_vet_manifest(text, "acme.yml");
    ASSERT_FALSE(manifest) << by;
    EXPECT_EQ(manifest.error().code, Errc::invalid);
    EXPECT_TRUE(manifest.error().what.starts_with(error)) << manifest.error().what << "\nwanted: " << error;
  }
}

TEST(VetManifest, NamesAreToldApartAndTheirNumberIsBounded) {
  auto many = [](size_t count, const char* name) {
    std::string text = "schema: assay.vetting/1\nvendor: {name: A}\nimages:\n";
    for (size_t i = 0; i < count; ++i) text += "  - {ref: a.example/x:" + std::to_string(i) + name + "}\n";
    return parse_vet_manifest(text, "m.yml");
  };
  EXPECT_TRUE(many(kMaxVettedImages, ""));
  EXPECT_NE(
      many(kMaxVettedImages + 1, "").error().what.find("m.yml:504: images[500] makes it more than 500 scans"),
      std::string::npos);
  EXPECT_NE(
      many(2, ", name: same").error().what.find("m.yml:5: images[1] has the name 'same', as another has"),
      std::string::npos);
}

TEST(VetManifest, WhatIsNoManifestIsRefused) {
  EXPECT_NE(parse_vet_manifest("- a\n", "m.yml").error().what.find("m.yml: the manifest is a list"),
            std::string::npos);
  EXPECT_NE(parse_vet_manifest("a: [", "m.yml").error().what.find("m.yml"), std::string::npos);
  EXPECT_NE(parse_vet_manifest("", "m.yml").error().what.find("m.yml"), std::string::npos);
  EXPECT_EQ(parse_vet_manifest(std::string(300'000, ' '), "m.yml").error().code, Errc::limit);
}

}  // namespace
}  // namespace assay::decisions
