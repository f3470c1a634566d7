// Repository by repository: its list, the filter, then what is behind each image that was taken.
#include "cli/images.h"

#include "cli/farm_text.h"
#include "cli/send.h"

namespace assay::cli {
namespace {

constexpr int kMaxWaits = 20;  // for a busy source, one after the other
constexpr std::chrono::minutes kLongestWait{10};

class Walk {
 public:
  Walk(sources::Source& source, const ImagesWish& wish, const ImagesSink& sink, int stop_fd,
       ImagesCounts& counts)
      : source_(source), wish_(wish), sink_(sink), stop_fd_(stop_fd), counts_(counts) {}

  Status run();

 private:
  /// What `ask` says once the source is not busy.
  template <class Ask>
  auto patiently(Ask ask) -> decltype(ask());
  Status list(const sources::Repository& repository);
  Status look_behind(const sources::Repository& repository, sources::TaggedImage image,
                     std::vector<ImageFound>& out);
  /// Told and counted; an interruption ends everything.
  Status failed(const Error& error) {
    if (error.code == Errc::cancelled) return error;
    ++counts_.failed;
    sink_.note(error.what);
    return Status();
  }

  sources::Source& source_;
  const ImagesWish& wish_;
  const ImagesSink& sink_;
  int stop_fd_;
  ImagesCounts& counts_;
};

template <class Ask>
auto Walk::patiently(Ask ask) -> decltype(ask()) {
  for (int waits = 0;; ++waits) {
    auto answer = ask();
    if (answer || answer.error().code != Errc::busy || waits == kMaxWaits) return answer;
    auto wait = source_.busy_for();
    if (wait > kLongestWait) return answer;
    sink_.note(answer.error().what + "; trying again in " +
               duration_text(bounded_seconds(static_cast<double>(wait.count()) / 1000)));
    ASSAY_CHECK(pause(wait, stop_fd_));
  }
}

Status Walk::run() {
  // Named first, then listed: a catalog's page is not kept waiting. A second try begins at its beginning.
  std::vector<sources::Repository> named;
  uint64_t left_out = 0;
  ASSAY_CHECK(patiently([&] {
    named.clear();
    left_out = 0;
    return source_.each_repository([&](sources::Repository repository) {
      if (sweeps::takes_repository(wish_.filter, repository.name))
        named.push_back(std::move(repository));
      else
        ++left_out;
      return true;
    });
  }));
  counts_.left_out_repositories += left_out;
  for (const sources::Repository& repository : named) {
    ++counts_.repositories;
    if (Status done = list(repository); !done) ASSAY_CHECK(failed(done.error()));
    sink_.progress(counts_);
  }
  return Status();
}

Status Walk::list(const sources::Repository& repository) {
  ASSAY_TRY(auto all, patiently([&] { return source_.images(repository); }));
  sweeps::Chosen chosen = sweeps::choose_images(wish_.filter, std::move(all), wish_.now_ns);
  counts_.images += chosen.images.size();
  counts_.left_out += chosen.left_out;
  counts_.undated += chosen.undated;
  std::vector<ImageFound> out;
  Status status;
  for (sources::TaggedImage& image : chosen.images) {
    if (!wish_.platforms) {
      out.push_back({repository, std::move(image), ""});
      continue;
    }
    status = look_behind(repository, std::move(image), out);
    if (!status) status = failed(status.error());
    if (!status) break;
    sink_.progress(counts_);
  }
  if (!out.empty()) sink_.found(out);
  return status;
}

Status Walk::look_behind(const sources::Repository& repository, sources::TaggedImage image,
                         std::vector<ImageFound>& out) {
  if (image.digest.empty()) {
    ASSAY_TRY(sources::TaggedImage now, patiently([&] { return source_.resolve(repository, image.tag); }));
    now.tag = image.tag;
    if (now.pushed_ns == 0) now.pushed_ns = image.pushed_ns;
    image = std::move(now);
  }
  ASSAY_TRY(auto platforms, patiently([&] { return source_.platforms(repository, image); }));
  for (const sources::PlatformImage& one : platforms) {
    sources::TaggedImage of = image;
    of.digest = one.digest;
    out.push_back({repository, std::move(of), one.platform});
  }
  return Status();
}

}  // namespace

Status walk_source(sources::Source& source, const ImagesWish& wish, const ImagesSink& sink, int stop_fd,
                   ImagesCounts& counts) {
  return Walk(source, wish, sink, stop_fd, counts).run();
}

}  // namespace assay::cli
