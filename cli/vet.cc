// assay vet: a vendor's manifest in, a dossier out: scans the images, holds them against declaration and
// policy, and where an earlier dossier is given says what is otherwise.
#include <boost/program_options.hpp>
#include <chrono>
#include <filesystem>
#include <iostream>

#include "cli/options.h"
#include "cli/remote_verb.h"
#include "cli/stored.h"
#include "cli/terminal.h"
#include "cli/vet_scans.h"
#include "common/fd.h"
#include "common/text.h"
#include "decisions/vetting/compare.h"
#include "decisions/vetting/dossier_forms.h"
#include "scheduler/score/yaml.h"
#include "scheduler/submit.h"

namespace assay::cli {
namespace {

namespace fs = std::filesystem;
using decisions::Dossier;
using decisions::Standing;
using decisions::VetManifest;

constexpr RemoteUsage kUsageText = {
    "assay vet MANIFEST.yml [--against DOSSIER.json] [OPTIONS]\n"
    "Scans a vendor's images (docs/vetting.md) and makes a dossier of them: verdict and policy's decision "
    "of\n"
    "each, what it does otherwise than the vendor declares, coverage and evidence. With --server, or "
    "without\n"
    "--data where $ASSAY_SERVER is set, the farm scans them as one batch; else this host does. As PDF: "
    "print\n"
    "the HTML form.",
    "manifest",
    "Exit codes: 0 all images are accepted; 10 one is malicious, deviates from its declaration or is "
    "refused,\n"
    "or with --gate-changes is otherwise than in the earlier dossier; 1 failed, or one could not be "
    "scanned;\n"
    "11 inconclusive alone; 2 wrong use, a wrong manifest or policy included."};

struct Form {
  const char* name;
  std::string (*write)(const Dossier&, bool to_file);
};
constexpr Form kForms[] = {
    {"text",
     [](const Dossier& dossier, bool to_file) {
       TextStyle style{!to_file && wants_color(1), to_file ? 100 : terminal_width(1)};
       return decisions::dossier_text(dossier, style);
     }},
    {"json", [](const Dossier& dossier, bool) { return decisions::dossier_json(dossier); }},
    {"html", [](const Dossier& dossier, bool) { return decisions::dossier_html(dossier); }}};

Result<const Form*> find_form(const std::string& name) {
  for (const Form& form : kForms)
    if (name == form.name) return &form;
  return Error{Errc::invalid, "format '" + printable(name, 64) + "' is none of text, json, html"};
}

/// A file that the dossier is written to, in a form.
struct Target {
  const Form* form = nullptr;
  std::string path;
};

struct Order {
  VetManifest manifest;
  decisions::Policies policies;
  std::optional<Dossier> against;
  const Form* form = nullptr;  // on standard output; null: nothing there
  std::vector<Target> targets;
  VetOptions options;
  bool farm = false, gate_changes = false;
};

Result<VetManifest> read_manifest_file(const po::variables_map& map) {
  std::vector<std::string> words = option_words(map, "manifest");
  if (words.size() != 1)
    return Error{Errc::invalid, words.empty()
                                    ? "no manifest given: assay vet MANIFEST.yml"
                                    : "one manifest is wanted, not " + std::to_string(words.size())};
  auto text = read_file(words[0], yaml::kMaxTextBytes);
  if (!text) return text.error().context("the manifest");
  ASSAY_TRY(VetManifest manifest, decisions::parse_vet_manifest(*text, words[0]));
  for (const VetImage& image : manifest.images)
    if (Status right = check_job(image.job); !right)
      return Error{Errc::invalid, image.place + ": " + right.error().what};
  return manifest;
}

// Paths in a manifest are relative to it.
Result<decisions::Policies> read_policies(const VetManifest& manifest) {
  decisions::Policies out;
  fs::path dir = fs::path(manifest.source).parent_path();
  auto read = [&](const std::string& path) -> Status {
    if (out.contains(path)) return Status();
    if (path.empty()) {
      out[path] = decisions::default_policy();
      return Status();
    }
    ASSAY_TRY(out[path], decisions::read_policy(dir / path));
    return Status();
  };
  ASSAY_CHECK(read(manifest.policy));
  for (const VetImage& image : manifest.images)
    if (!image.policy.empty()) ASSAY_CHECK(read(image.policy));
  return out;
}

// "html=FILE", or FILE in the form of --format, which then is not printed. Found out before minutes of
// scanning, not after: whether they can be written.
Status read_targets(const po::variables_map& map, Order& order) {
  const Form* printed = order.form;
  for (const std::string& text : option_words(map, "output")) {
    size_t equals = text.find('=');
    auto named = find_form(text.substr(0, equals));
    bool has_form = equals != std::string::npos && named;
    Target target{has_form ? *named : order.form, has_form ? text.substr(equals + 1) : text};
    if (target.path.empty())
      return Error{Errc::invalid, "--output wants a file's name, or FORM=FILE, as in html=dossier.html"};
    for (const Target& other : order.targets)
      if (other.path == target.path)
        return Error{Errc::invalid, "two --output name the same file, " + printable(target.path, 200)};
    ASSAY_CHECK(check_writable(target.path).context("--output"));
    if (!has_form) printed = nullptr;
    order.targets.push_back(std::move(target));
  }
  order.form = printed;
  return Status();
}

Result<Order> read_order(const po::variables_map& map) {
  Order order;
  ASSAY_TRY(order.form, find_form(option_text(map, "format")));
  ASSAY_TRY(order.manifest, read_manifest_file(map));
  ASSAY_TRY(order.policies, read_policies(order.manifest));
  if (std::string file = option_text(map, "against"); !file.empty()) {
    ASSAY_TRY(std::string text, read_file(file, decisions::kMaxDossierBytes));
    auto dossier = decisions::parse_dossier(text);
    if (!dossier) return Error{Errc::invalid, printable(file, 200) + ": " + dossier.error().what};
    order.against = std::move(*dossier);
  }
  order.gate_changes = map["gate-changes"].as<bool>();
  if (order.gate_changes && !order.against)
    return Error{Errc::invalid, "--gate-changes wants an earlier dossier to compare with: --against FILE"};
  order.options.at_once = map["at-once"].as<unsigned>();
  if (order.options.at_once < 1 || order.options.at_once > 64)
    return Error{Errc::invalid, "--at-once takes 1 to 64"};
  order.options.fresh = map["fresh"].as<bool>();
  ASSAY_TRY(order.farm, from_farm(map));
  ASSAY_CHECK(read_targets(map, order));
  return order;
}

Result<std::vector<ScanOutcome>> scan_all(const po::variables_map& map, const Order& order) {
  if (order.farm)
    return vet_by_farm(map, order.options, "vetting of " + order.manifest.vendor, order.manifest.images);
  ASSAY_TRY(LocalOptions local, read_local_options(map));
  return vet_here(local, order.options, order.manifest.images);
}

Exit exit_of_dossier(const Dossier& dossier, bool gate_changes) {
  Exit code = kBelowGate;
  auto add = [&](std::initializer_list<Standing> standings, Exit exit) {
    for (Standing standing : standings)
      if (dossier.count(standing) > 0) code = worse(code, exit);
  };
  add({Standing::malicious, Standing::deviates, Standing::refused}, kAtGate);
  add({Standing::failed}, kFailed);
  add({Standing::inconclusive}, kInconclusive);
  for (const auto& comparison : dossier.compared)
    if (gate_changes && !comparison.changes.empty()) code = worse(code, kAtGate);
  return code;
}

Result<int> run(const po::variables_map& map) {
  ASSAY_TRY(Order order, read_order(map));
  ASSAY_TRY(std::vector<ScanOutcome> outcomes, scan_all(map, order));
  auto now = std::chrono::system_clock::now().time_since_epoch();
  Dossier dossier = decisions::make_dossier(order.manifest, order.policies, outcomes,
                                            std::chrono::duration_cast<std::chrono::seconds>(now).count());
  if (order.against) dossier.compared.push_back(decisions::compare_dossiers(*order.against, dossier));
  for (const Target& target : order.targets)
    ASSAY_CHECK(write_file(target.path, target.form->write(dossier, true)).context("write the dossier"));
  if (order.form != nullptr)
    std::cout << order.form->write(dossier, false);
  else
    std::cerr << decisions::summary(dossier) << "\n";
  return static_cast<int>(exit_of_dossier(dossier, order.gate_changes));
}

}  // namespace

int vet(const Args& args) {
  po::options_description options("Options");
  auto add = options.add_options();
  add("against", po::value<std::string>(),
      "an earlier dossier as JSON: what is otherwise becomes a section of the new one");
  add("gate-changes", po::bool_switch(), "with --against: exit code 10 where an image is otherwise");
  add("format", po::value<std::string>()->default_value("text"), "text, json or html");
  add("output", po::value<std::vector<std::string>>()->composing(),
      "write the dossier to this file instead; FORM=FILE: there, too, in that form; may be given again");
  add("at-once", po::value<unsigned>()->default_value(2), "on this host: images that run at the same time");
  add("fresh", po::bool_switch(),
      "by a farm: run images even where a result of the same digest could be used again");
  add_local_options(options);
  add_remote_options(options);
  return run_remote(args, kUsageText, options, run);
}

}  // namespace assay::cli
