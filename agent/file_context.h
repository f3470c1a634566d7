// file_context: where an executed file of the image comes from: the layer that brought it, the package whose
// it is, and whether it still is as that package has it. Asked for each start and exec as it comes, so that
// rules can ask for it; each file is looked up once.
#pragma once

#include <filesystem>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/inspect/wire/packages.h"
#include "common/event.h"
#include "common/fd.h"
#include "common/result.h"

namespace assay {

class FileContext {
 public:
  using Packages = std::future<Result<inspect::PackageIndex>>;
  /// `image`: Rootfs::image(); `layers`: base first, those that it is made of; `packages`: waited for at the
  /// first start.
  static Result<FileContext> open(const std::filesystem::path& image,
                                  std::vector<std::filesystem::path> layers, Packages packages);
  FileContext(FileContext&&) noexcept;
  FileContext& operator=(FileContext&&) noexcept;
  ~FileContext();

  /// Of what is the image's own, and was executed: package, package_state, layer, and of start and exec
  /// events script_layer. Of what the guest changed or deleted: package. Provenance comes before it.
  void annotate(Event& event);
  /// What was read of which databases, or why not; empty: none is there, or nobody has asked yet.
  std::string summary() const;

 private:
  struct State;
  explicit FileContext(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// What was executed, or left behind, by its absolute path; also if it was deleted meanwhile.
std::string executed_path(const Event& event);
/// The file that an interpreter was given to execute, by a start or exec event; empty: none.
std::string given_script(const Event& event);

}  // namespace assay
