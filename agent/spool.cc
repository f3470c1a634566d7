// The loop's side: taking up, reading, dropping. Nothing in the directory is believed without a look at it.
#include "agent/spool.h"

#include <fcntl.h>
#include <sys/file.h>

#include <charconv>
#include <set>

#include "agent/pull_staging.h"
#include "agent/spool_files.h"
#include "common/codec.h"
#include "common/ids.h"
#include "common/log.h"
#include "common/text.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

std::optional<uint32_t> parse_number(std::string_view text) {
  uint32_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  bool plain = error == std::errc() && end == text.data() + text.size() && std::to_string(number) == text;
  return plain ? std::optional(number) : std::nullopt;
}

// The chunks of an attempt by their files; names that are none of ours are logged and left out.
std::set<uint32_t> chunks_in(const fs::path& dir, uint64_t& bytes) {
  std::set<uint32_t> chunks;
  std::error_code failed;
  for (fs::directory_iterator entries(dir, failed), end; !failed && entries != end;
       entries.increment(failed)) {
    std::string name = entries->path().filename();
    if (name == kDoneName || name == kFailedName) continue;
    auto index =
        name.starts_with(kChunkPrefix) ? parse_number(name.substr(kChunkPrefix.size())) : std::nullopt;
    std::error_code ignored;
    if (!index || !entries->is_regular_file(ignored) || entries->is_symlink(ignored)) {
      spdlog::warn("event=spool_ignored file={}", printable(entries->path().string(), 300));
      continue;
    }
    chunks.insert(*index);
    bytes += entries->file_size(ignored);
  }
  return chunks;
}

// What is there of `key`, or why it is not whole.
Result<Spool::Found> inspect(const Spool& spool, const AttemptKey& key) {
  Spool::Found found{key, 0, 0, 0, ""};
  ASSAY_TRY(std::string frame, spool.end(key));
  ASSAY_TRY(wire::Message message, wire::decode(frame));
  if (auto* failed = std::get_if<wire::Failed>(&message)) {
    if (failed->scan_id != key.scan_id || failed->attempt != key.attempt)
      return Error{Errc::corrupt, "it ends another attempt"};
    return found;
  }
  auto* done = std::get_if<wire::Done>(&message);
  if (!done || done->scan_id != key.scan_id || done->attempt != key.attempt)
    return Error{Errc::corrupt, "it ends another attempt"};
  auto chunks = chunks_in(spool.dir() / key.str(), found.bytes);
  uint64_t chunks_told = uint64_t{done->footer.chunks} + done->footer.artifact_chunks;
  if (chunks_told > UINT32_MAX) return Error{Errc::corrupt, "its end tells of too many chunks"};
  found.chunks = static_cast<uint32_t>(chunks_told);
  if (done->footer.reason == EndReason::guard)
    found.guard_hit = done->footer.detail.empty() ? "not told what of" : done->footer.detail;
  found.first = chunks.empty() ? found.chunks : *chunks.begin();
  // Acknowledged ones are gone from the front; any other gap is a loss.
  if (!chunks.empty() &&
      (*chunks.rbegin() + 1 != found.chunks || found.first + chunks.size() != found.chunks))
    return Error{Errc::corrupt, "chunks of it are missing"};
  return found;
}

}  // namespace

std::optional<AttemptKey> AttemptKey::parse(std::string_view text) {
  size_t dash = text.rfind('-');
  if (dash == std::string_view::npos || !is_scan_id(text.substr(0, dash))) return std::nullopt;
  auto attempt = parse_number(text.substr(dash + 1));
  if (!attempt) return std::nullopt;
  return AttemptKey{std::string(text.substr(0, dash)), *attempt};
}

Result<Spool> Spool::open(const fs::path& dir) {
  ASSAY_CHECK(make_directories(dir));
  ASSAY_TRY(Fd lock, open_file(dir, O_RDONLY | O_DIRECTORY));
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0)
    return Error{Errc::conflict, "spool directory " + dir.string() +
                                     " is in use by another agent: give each its own data directory"};
  Spool spool(dir, std::move(lock));
  std::error_code failed;
  fs::directory_iterator entries(dir, failed);
  if (failed) return errno_error("list spool directory " + dir.string(), failed.value());
  std::vector<fs::path> paths;
  for (; entries != fs::directory_iterator() && !failed; entries.increment(failed))
    paths.push_back(entries->path());
  if (failed) return errno_error("list spool directory " + dir.string(), failed.value());
  for (const fs::path& path : paths) {
    auto key = AttemptKey::parse(path.filename().string());
    std::error_code ignored;
    if (!key || fs::is_symlink(path, ignored) || !fs::is_directory(path, ignored)) {
      spdlog::warn("event=spool_ignored file={}", printable(path.string(), 300));
      continue;
    }
    auto found = inspect(spool, *key);
    if (found) {
      spool.found_.push_back(*found);
      continue;
    }
    spdlog::info("event=spool_dropped attempt={} why=\"{}\"", key->str(), printable(found.error().what, 300));
    spool.drop(*key);
  }
  return spool;
}

void Spool::drop_found() {
  for (const Found& found : found_) drop(found.key);
  found_.clear();
}

Result<std::string> Spool::chunk(const AttemptKey& key, uint32_t index) const {
  return read_plain(dir_ / key.str() / chunk_name(index), kMaxChunkBytes);
}

Result<std::string> Spool::end(const AttemptKey& key) const {
  auto done = read_plain(dir_ / key.str() / kDoneName, wire::kMaxFrameBytes);
  if (done || done.error().code != Errc::not_found) return done;
  return read_plain(dir_ / key.str() / kFailedName, wire::kMaxFrameBytes);
}

uint64_t Spool::drop_chunk(const AttemptKey& key, uint32_t index) const {
  fs::path path = dir_ / key.str() / chunk_name(index);
  std::error_code ignored;
  uint64_t bytes = fs::file_size(path, ignored);
  if (ignored) return 0;
  return fs::remove(path, ignored) ? bytes : 0;
}

void Spool::drop(const AttemptKey& key) const {
  std::error_code failed;
  fs::remove_all(dir_ / key.str(), failed);
  if (failed) spdlog::warn("event=spool_stays attempt={} why=\"{}\"", key.str(), failed.message());
}

Status Spool::replace(const wire::Failed& failed) const {
  ASSAY_TRY(SpoolWriter writer, SpoolWriter::create(dir_, {failed.scan_id, failed.attempt}, 0));
  return writer.failed(failed);
}

}  // namespace assay
