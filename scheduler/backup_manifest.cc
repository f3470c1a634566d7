// The manifest as JSON. A backup may come from anywhere: nothing in it is believed before it is looked at.
#include "scheduler/backup_manifest.h"

#include <nlohmann/json.hpp>
#include <set>

#include "common/json_parts.h"
#include "common/text.h"

namespace assay {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kFormat = "assay.backup/1", kFormatFamily = "assay.backup/";

Error broken(const std::string& what) { return {Errc::corrupt, "its manifest is damaged: " + what}; }

Result<uint64_t> number(const Json& from, const char* name) {
  auto found = from.find(name);
  if (found == from.end() || !found->is_number_unsigned())
    return broken(std::string("'") + name + "' is no whole number");
  return found->get<uint64_t>();
}

bool is_plain_name(const std::string& name) {
  return !name.empty() && name.size() <= 255 && name != "." && name != ".." &&
         name.find_first_of(std::string_view("/\0", 2)) == std::string::npos;
}

Result<BackupFile> read_file_entry(const Json& entry) {
  if (!entry.is_object()) return broken("a file is no object");
  BackupFile file;
  file.name = text_of(entry, "name");
  if (!is_plain_name(file.name)) return broken("'" + printable(file.name, 100) + "' is no file name");
  ASSAY_TRY(file.size, number(entry, "size"));
  auto digest = Digest::parse("sha256:" + text_of(entry, "sha256"));
  if (!digest) return broken("the sha256 of " + printable(file.name, 100) + " is none");
  file.digest = *digest;
  return file;
}

Result<StoreCounts> read_counts(const Json& json) {
  auto counts = json.find("counts");
  if (counts == json.end() || !counts->is_object()) return broken("'counts' is no object");
  StoreCounts out;
  ASSAY_TRY(out.scans, number(*counts, "scans"));
  ASSAY_TRY(out.open, number(*counts, "open"));
  ASSAY_TRY(out.batches, number(*counts, "batches"));
  ASSAY_TRY(out.sweeps, number(*counts, "sweeps"));
  ASSAY_TRY(out.logins, number(*counts, "logins"));
  return out;
}

Status check_format(const Json& json) {
  std::string format = text_of(json, "format");
  if (format == kFormat) return Status();
  if (!format.starts_with(kFormatFamily)) return broken("its 'format' is not " + std::string(kFormat));
  return Error{Errc::unsupported, "it has the form " + printable(format, 40) + ", this assay knows " +
                                      std::string(kFormat) + ": restore it with the assay that made it (" +
                                      printable(text_of(json, "assay"), 40) + ")"};
}

}  // namespace

std::string to_json(const BackupManifest& manifest) {
  Json files = Json::array();
  for (const BackupFile& file : manifest.files)
    files.push_back({{"name", file.name}, {"size", file.size}, {"sha256", file.digest.hex()}});
  const StoreCounts& counts = manifest.counts;
  return Json{{"format", kFormat},
              {"assay", manifest.assay},
              {"store_format", manifest.store_format},
              {"made", manifest.made},
              {"counts",
               {{"scans", counts.scans},
                {"open", counts.open},
                {"batches", counts.batches},
                {"sweeps", counts.sweeps},
                {"logins", counts.logins}}},
              {"files", std::move(files)}}
             .dump(1) +
         "\n";
}

Result<BackupManifest> parse_backup_manifest(std::string_view text) {
  Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return broken("it is no JSON object");
  ASSAY_CHECK(check_format(json));
  BackupManifest out;
  out.assay = text_of(json, "assay");
  out.made = text_of(json, "made");
  ASSAY_TRY(uint64_t format, number(json, "store_format"));
  out.store_format = static_cast<uint32_t>(std::min<uint64_t>(format, UINT32_MAX));
  ASSAY_TRY(out.counts, read_counts(json));
  auto files = json.find("files");
  if (files == json.end() || !files->is_array() || files->size() > kMaxBackupFiles)
    return broken("'files' is no list of at most " + std::to_string(kMaxBackupFiles));
  std::set<std::string> names;
  for (const Json& entry : *files) {
    ASSAY_TRY(BackupFile file, read_file_entry(entry));
    if (!names.insert(file.name).second) return broken(printable(file.name, 100) + " is there twice");
    out.files.push_back(std::move(file));
  }
  return out;
}

}  // namespace assay
