// One source or repository, by the seam of sources.
#include "scheduler/sweeps/listing.h"

#include <algorithm>

#include "common/image_ref.h"
#include "common/text.h"
#include "common/words.h"

namespace assay::sweeps {
namespace {

using sources::PlatformImage;
using sources::Repository;
using sources::Source;
using sources::TaggedImage;

Ended ended(const Status& status, const Source& source) {
  if (!status && status.error().code == Errc::busy) return {status, source.busy_for()};
  return {status};
}

bool is_plain(const TaggedImage& image) {
  return image.media_type == "application/vnd.oci.image.manifest.v1+json" ||
         image.media_type == "application/vnd.docker.distribution.manifest.v2+json";
}

bool is_reference(const Repository& repository) {
  return ImageRef::parse(repository.str() + ":x") && printable(repository.str()) == repository.str();
}

Item item_for(const TaggedImage& image) {
  Item item;
  item.tag = printable(image.tag, 200);
  item.digest = image.digest;
  item.pushed_ns = image.pushed_ns;
  return item;
}

Item gone_wrong(const TaggedImage& image, Outcome outcome, const std::string& reason) {
  Item item = item_for(image);
  item.outcome = outcome;
  item.reason = printable(reason, 500);
  return item;
}

// "linux/arm64" takes "linux/arm64/v8", too.
bool same_platform(const std::string& wanted, const std::string& has) {
  return has == wanted || has.starts_with(wanted + "/");
}

const PlatformImage* find_platform(const std::vector<PlatformImage>& platforms, const std::string& wanted) {
  for (const PlatformImage& one : platforms)
    if (same_platform(wanted, one.platform)) return &one;
  return nullptr;
}

std::string words(const std::vector<std::string>& list) {
  return list.empty() ? "nothing" : printable(joined(list, ", "), 200);
}

Item item_for(const TaggedImage& image, const PlatformImage& platform) {
  Item item = item_for(image);
  item.digest = platform.digest;
  item.platform = platform.platform;
  if (item.pushed_ns == 0) item.pushed_ns = platform.created_ns;
  return item;
}

// The image's fault, and not the registry's: the others of its repository go on.
bool is_its_own(Errc code) {
  return code == Errc::not_found || code == Errc::invalid || code == Errc::unsupported ||
         code == Errc::corrupt || code == Errc::limit;
}

}  // namespace

bool may_pass(Errc code) {
  return code == Errc::unreachable || code == Errc::timeout || code == Errc::io || code == Errc::corrupt ||
         code == Errc::cancelled;
}

bool is_about_another(std::string_view tag) {
  if (!tag.starts_with("sha256-") || tag.size() < 71) return false;
  for (char c : tag.substr(7, 64))
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
  return tag.size() == 71 || tag[71] == '.';
}

std::vector<Item> items_of(const TaggedImage& image, const std::vector<PlatformImage>& platforms,
                           const std::vector<std::string>& wanted, const std::vector<std::string>& farm) {
  std::vector<Item> items;
  // A plain image whose config does not say what it is for: let an agent find out.
  if (platforms.size() == 1 && platforms[0].platform.empty()) return {item_for(image, platforms[0])};
  for (const std::string& platform : wanted)
    if (auto* found = find_platform(platforms, platform)) items.push_back(item_for(image, *found));
  for (size_t i = 0; wanted.empty() && items.empty() && i < farm.size(); ++i)
    if (auto* found = find_platform(platforms, farm[i])) items.push_back(item_for(image, *found));
  if (!items.empty()) return items;
  std::vector<std::string> has;
  for (const PlatformImage& one : platforms) has.push_back(one.platform);
  return {gone_wrong(image, Outcome::not_reached,
                     "it is for " + words(has) + ", and not for " + words(wanted.empty() ? farm : wanted))};
}

Result<Lister::Sources*> Lister::open(const sources::SourceSpec& spec) {
  std::string key = sources::source_json(spec);
  if (key == opened_ && !sources_.empty()) return &sources_;
  sources_.clear();
  sources::SourceOptions options;
  options.places = places_;
  options.stop_fd = stop_fd_;
  auto opened = sources::open_source(spec, options);
  if (!opened) return opened.error();
  sources_ = std::move(*opened);
  opened_ = std::move(key);
  return &sources_;
}

Ended Lister::work(Listing& listing, const Spec& spec, const std::vector<std::string>& farm, int64_t now_ns) {
  auto parts = open(spec.sources[listing.source]);
  if (!parts) return {parts.error()};
  if (listing.is_source) return list_source(listing, **parts);
  return list_repository(listing, **parts, spec, farm, now_ns);
}

// Each account and region by itself: what one of them refuses is no reason to leave out the rest.
Ended Lister::list_source(Listing& listing, Sources& parts) {
  Status worst;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (listing.parts_done.contains(i)) continue;
    size_t before = listing.found.size();
    Status status = parts[i]->each_repository([&](Repository repository) {
      if (is_reference(repository))
        listing.found.push_back({std::move(repository), static_cast<int>(i)});
      else if (listing.trouble.size() < kMaxTrouble)
        listing.trouble.push_back("it names a repository that no image can be of: " +
                                  printable(repository.str(), 200));
      return true;
    });
    if (status) {
      listing.parts_done.insert(i);
      continue;
    }
    listing.found.resize(before);
    Errc code = status.error().code;
    if (code == Errc::busy || code == Errc::cancelled) return ended(status, *parts[i]);
    if (may_pass(code)) {
      worst = status;
      continue;
    }
    listing.parts_done.insert(i);
    if (listing.trouble.size() < kMaxTrouble) listing.trouble.push_back(printable(status.error().what, 500));
  }
  return {worst};
}

namespace {

// The images of a repository that the filter takes, as many as a run may have.
Status choose(Listing& listing, Source& source, const Filter& filter, int64_t now_ns) {
  ASSAY_TRY(auto images, source.images(listing.repository));
  size_t all = images.size();
  std::erase_if(images, [](const TaggedImage& image) { return is_about_another(image.tag); });
  Chosen chosen = choose_images(filter, std::move(images), now_ns);
  listing.left_out = chosen.left_out + (all - chosen.images.size() - chosen.left_out);
  listing.undated = chosen.undated;
  listing.images = std::move(chosen.images);
  if (listing.images.size() > kMaxItems) {
    listing.too_many = listing.images.size() - kMaxItems;
    listing.images.resize(kMaxItems);
  }
  listing.listed = true;
  return Status();
}

// What one image is: its digest, and what is behind it where that matters.
Status look_at(TaggedImage& image, Listing& listing, Source& source, const Spec& spec,
               const std::vector<std::string>& farm) {
  if (image.digest.empty()) {
    ASSAY_TRY(TaggedImage resolved, source.resolve(listing.repository, image.tag));
    image.digest = resolved.digest;
    image.media_type = resolved.media_type;
  }
  if (is_plain(image) && spec.platforms.empty()) {
    listing.items.push_back(item_for(image));
    return Status();
  }
  ASSAY_TRY(auto platforms, source.platforms(listing.repository, image));
  std::ranges::copy(items_of(image, platforms, spec.platforms, farm), std::back_inserter(listing.items));
  return Status();
}

}  // namespace

Ended Lister::list_repository(Listing& listing, Sources& parts, const Spec& spec,
                              const std::vector<std::string>& farm, int64_t now_ns) {
  Source& source = *parts[std::min(static_cast<size_t>(listing.part), parts.size() - 1)];
  if (!listing.listed)
    if (Status chosen = choose(listing, source, spec.filter, now_ns); !chosen) return ended(chosen, source);
  for (; listing.next_image < listing.images.size(); ++listing.next_image) {
    if (listing.items.size() >= kMaxItems) {
      listing.too_many += listing.images.size() - listing.next_image;
      break;
    }
    TaggedImage& image = listing.images[listing.next_image];
    Status looked = look_at(image, listing, source, spec, farm);
    if (!looked && !is_its_own(looked.error().code)) return ended(looked, source);
    if (!looked) listing.items.push_back(gone_wrong(image, Outcome::failed, looked.error().what));
  }
  return {};
}

}  // namespace assay::sweeps
