// A review read event by event: nothing is built of it, so that hostile megabytes cost no more than a look.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "common/text.h"
#include "gateway/admission.h"

namespace assay::gateway {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxDepth = 256;
constexpr size_t kMaxUidBytes = 256;
constexpr size_t kMaxImageBytes = 4096;  // a longer one is cut, and then no reference

/// Where an object of a kind has its pod's spec.
struct PodPlace {
  std::string_view group, kind, spec;
};
constexpr PodPlace kPlaces[] = {
    {"", "Pod", "/spec"},
    {"", "PodTemplate", "/template/spec"},
    {"", "ReplicationController", "/spec/template/spec"},
    {"apps", "Deployment", "/spec/template/spec"},
    {"apps", "StatefulSet", "/spec/template/spec"},
    {"apps", "DaemonSet", "/spec/template/spec"},
    {"apps", "ReplicaSet", "/spec/template/spec"},
    {"batch", "Job", "/spec/template/spec"},
    {"batch", "CronJob", "/spec/jobTemplate/spec/template/spec"},
};
// Where such a spec names images.
constexpr std::string_view kImageFields[] = {"/initContainers/[]/image", "/containers/[]/image",
                                             "/ephemeralContainers/[]/image", "/volumes/[]/image/reference"};

/// The images of one object, by the path of the pod's spec that names them: its kind may come later.
using Images = std::map<std::string, std::vector<std::string>, std::less<>>;

struct Seen {
  std::map<std::string, std::string, std::less<>> texts;  // by path, of kTexts
  bool request = false, dry_run = false, deep = false, too_many = false;
  Images object, old_object;
};

constexpr std::string_view kTexts[] = {"/apiVersion",          "/kind",
                                       "/request/uid",         "/request/operation",
                                       "/request/kind/group",  "/request/kind/kind",
                                       "/request/subResource", "/request/namespace",
                                       "/request/name"};

// Follows the path, and takes what stands at those that matter.
class Reader : public nlohmann::json_sax<Json> {
 public:
  explicit Reader(Seen& seen) : seen_(seen) {}

  bool null() override { return true; }
  bool boolean(bool value) override {
    if (path_ == "/request/dryRun") seen_.dry_run = value;
    return true;
  }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool string(string_t& value) override {
    take(value);
    return true;
  }
  bool start_object(size_t) override { return enter(""); }
  bool key(string_t& name) override {
    path_.resize(lengths_.back());
    path_ += '/';
    // No key can pass for a path, nor for an element.
    path_ += name.find('/') == std::string::npos && name != "[]" ? name : "?";
    return true;
  }
  bool end_object() override { return leave(); }
  bool start_array(size_t) override { return enter("/[]"); }
  bool end_array() override { return leave(); }
  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

 private:
  bool enter(std::string_view more) {
    seen_.deep = lengths_.size() == kMaxDepth;
    if (seen_.deep) return false;
    if (path_ == "/request") seen_.request = true;
    starts_.push_back(path_.size());
    path_ += more;
    lengths_.push_back(path_.size());
    return true;
  }
  // Back to the path of what has ended, which its sibling in an array has too.
  bool leave() {
    path_.resize(starts_.back());
    starts_.pop_back();
    lengths_.pop_back();
    return true;
  }
  void take(const std::string& value) {
    if (std::find(std::begin(kTexts), std::end(kTexts), path_) != std::end(kTexts)) {
      seen_.texts[path_] = value.substr(0, 1024);
      return;
    }
    constexpr std::string_view kObject = "/request/object", kOld = "/request/oldObject";
    std::string_view path = path_;
    if (path.starts_with("/request/object/")) take_image(path.substr(kObject.size()), value, seen_.object);
    if (path.starts_with("/request/oldObject/"))
      take_image(path.substr(kOld.size()), value, seen_.old_object);
  }
  void take_image(std::string_view path, const std::string& value, Images& images) {
    for (std::string_view field : kImageFields) {
      if (!path.ends_with(field) || value.empty()) continue;
      path.remove_suffix(field.size());
      if (!std::any_of(std::begin(kPlaces), std::end(kPlaces),
                       [&](const PodPlace& p) { return p.spec == path; }))
        return;
      auto& list = images[std::string(path)];
      std::string image = value.substr(0, kMaxImageBytes);
      if (std::find(list.begin(), list.end(), image) != list.end()) return;
      if (list.size() < kMaxReviewImages)
        list.push_back(std::move(image));
      else
        seen_.too_many = true;
      return;
    }
  }

  Seen& seen_;
  std::string path_;
  std::vector<size_t> starts_, lengths_;  // of path_: without, and with what this object or array adds
};

Error wrong(const std::string& what) { return Error{Errc::invalid, "the AdmissionReview " + what}; }

// Which of the images are to be judged, or why none is.
void choose(Review& review, Seen& seen) {
  if (review.operation != "CREATE" && review.operation != "UPDATE") {
    review.unjudged = review.operation + " brings no image in";
    return;
  }
  auto place = std::find_if(std::begin(kPlaces), std::end(kPlaces), [&](const PodPlace& p) {
    return p.group == review.group && p.kind == review.kind;
  });
  if (place == std::end(kPlaces)) {
    review.unjudged = review.kind + (review.group.empty() ? "" : "." + review.group) +
                      " is no kind whose images are judged here: its pods are";
    return;
  }
  if (!review.sub_resource.empty() && review.sub_resource != "ephemeralcontainers") {
    review.unjudged = "a change of " + review.sub_resource + " brings no image in";
    return;
  }
  std::string spec(place->spec);
  review.too_many = seen.too_many;
  review.images = std::move(seen.object[spec]);
  // What runs already is not judged again: whoever takes a finalizer or a label off it must be able to.
  const auto& old = seen.old_object[spec];
  if (review.operation == "UPDATE")
    std::erase_if(review.images, [&](const std::string& image) {
      return std::find(old.begin(), old.end(), image) != old.end();
    });
  if (review.images.empty() && !review.too_many) review.unjudged = "no image is new in it";
}

}  // namespace

Result<Review> parse_review(std::string_view json) {
  Seen seen;
  Reader reader(seen);
  bool whole = Json::sax_parse(json.begin(), json.end(), &reader);
  if (seen.deep)
    return Error{Errc::limit,
                 "the AdmissionReview is nested more than " + std::to_string(kMaxDepth) + " deep"};
  if (!whole) return wrong("is no JSON");
  auto text = [&](std::string_view path) { return seen.texts[std::string(path)]; };
  std::string version = text("/apiVersion");
  if (text("/kind") != "AdmissionReview")
    return wrong("is none: its kind is '" + printable(text("/kind"), 100) + "'");
  if (version != "admission.k8s.io/v1")
    return wrong("has apiVersion '" + printable(version, 100) +
                 "': admission.k8s.io/v1 is taken (admissionReviewVersions: [\"v1\"])");
  if (!seen.request) return wrong("has no request: answers are not taken");
  Review out;
  out.uid = text("/request/uid");
  if (out.uid.empty() || out.uid.size() > kMaxUidBytes)
    return wrong("has no request.uid of 1 to " + std::to_string(kMaxUidBytes) + " bytes");
  out.operation = text("/request/operation");
  for (const char* known : {"CREATE", "UPDATE", "DELETE", "CONNECT", ""})
    if (*known == '\0')
      return wrong("has request.operation '" + printable(out.operation, 40) +
                   "', which is none of CREATE, UPDATE, DELETE, CONNECT");
    else if (out.operation == known)
      break;
  out.kind = printable(text("/request/kind/kind"), 200);
  if (out.kind.empty()) return wrong("has no request.kind.kind");
  out.group = printable(text("/request/kind/group"), 200);
  out.sub_resource = printable(text("/request/subResource"), 200);
  out.name_space = printable(text("/request/namespace"), 300);
  out.name = printable(text("/request/name"), 300);
  out.dry_run = seen.dry_run;
  choose(out, seen);
  return out;
}

}  // namespace assay::gateway
