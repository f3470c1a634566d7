// Every file of these is small, and libarchive writes into a string: what fails here is memory alone.
#include "agent/sinkhole/canary/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>

#include <cassert>
#include <memory>

#include "common/free.h"

namespace assay::sinkhole {
namespace {

constexpr time_t kTime = 1'735'689'600;  // 2025-01-01

using Writer = std::unique_ptr<archive, Free<archive_write_free>>;
using Entry = std::unique_ptr<archive_entry, Free<archive_entry_free>>;

la_ssize_t append(archive*, void* out, const void* bytes, size_t count) {
  static_cast<std::string*>(out)->append(static_cast<const char*>(bytes), count);
  return static_cast<la_ssize_t>(count);
}

void open_into(archive* writer, std::string& out) {
  ::archive_write_set_bytes_per_block(writer, 4096);
  ::archive_write_set_bytes_in_last_block(writer, 1);
  [[maybe_unused]] int opened = ::archive_write_open(writer, &out, nullptr, append, nullptr);
  assert(opened == ARCHIVE_OK);
}

void add(archive* writer, const ArchiveFile& file) {
  Entry entry(::archive_entry_new());
  bool dir = file.name.ends_with('/');
  ::archive_entry_set_pathname(entry.get(), file.name.c_str());
  ::archive_entry_set_mode(entry.get(), (dir ? S_IFDIR : S_IFREG) | file.mode);
  ::archive_entry_set_size(entry.get(), static_cast<la_int64_t>(file.bytes.size()));
  ::archive_entry_set_mtime(entry.get(), kTime, 0);
  ::archive_entry_set_uid(entry.get(), 0);
  ::archive_entry_set_gid(entry.get(), 0);
  [[maybe_unused]] int written = ::archive_write_header(writer, entry.get());
  assert(written == ARCHIVE_OK);
  if (!file.bytes.empty()) ::archive_write_data(writer, file.bytes.data(), file.bytes.size());
}

// A filter's output of bytes that stand in no archive.
std::string compressed(std::string_view bytes, int (*filter)(archive*)) {
  std::string out;
  Writer writer(::archive_write_new());
  ::archive_write_set_format_raw(writer.get());
  filter(writer.get());
  ::archive_write_set_options(writer.get(), "gzip:!timestamp");
  open_into(writer.get(), out);
  add(writer.get(), {"data", std::string(bytes)});
  ::archive_write_close(writer.get());
  return out;
}

}  // namespace

std::string pack(ArchiveFormat format, const std::vector<ArchiveFile>& files) {
  std::string out;
  Writer writer(::archive_write_new());
  switch (format) {
    case ArchiveFormat::tar:
      ::archive_write_set_format_ustar(writer.get());
      break;
    case ArchiveFormat::zip:
      ::archive_write_set_format_zip(writer.get());
      break;
    case ArchiveFormat::ar:
      ::archive_write_set_format_ar_svr4(writer.get());
      break;
  }
  open_into(writer.get(), out);
  for (const ArchiveFile& file : files) add(writer.get(), file);
  ::archive_write_close(writer.get());
  return out;
}

std::string gzip(std::string_view bytes) { return compressed(bytes, ::archive_write_add_filter_gzip); }
std::string xz(std::string_view bytes) { return compressed(bytes, ::archive_write_add_filter_xz); }

}  // namespace assay::sinkhole
