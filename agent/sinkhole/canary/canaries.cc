// Which bytes a canary of each kind has; the scripts and archives themselves are in canary_scripts.cc and
// canary_bundles.cc.
#include "agent/sinkhole/canary/canaries.h"

#include "agent/sinkhole/canary/archive.h"
#include "agent/sinkhole/canary/canary_bundles.h"
#include "agent/sinkhole/canary/canary_scripts.h"
#include "common/canary.h"
#include "common/digest.h"

namespace assay::sinkhole {
namespace {

struct Kind {
  const char* name;
  const char* content_type;
};
constexpr Kind kKinds[kCanaryKindCount] = {
    {"shell", "application/x-sh"},
    {"python", "text/x-python"},
    {"javascript", "application/javascript"},
    {"perl", "text/x-perl"},
    {"php", "application/x-httpd-php"},
    {"ruby", "text/x-ruby"},
    {"elf", "application/octet-stream"},
    {"gzip", "application/gzip"},
    {"tar", "application/x-tar"},
    {"tar_gz", "application/gzip"},
    {"zip", "application/zip"},
    {"deb", "application/vnd.debian.binary-package"},
    {"json", "application/json"},
    {"html", "text/html"},
    {"text", "text/plain"},
};

constexpr std::string_view kJson = R"({"status":"ok","success":true,"data":[]})"
                                   "\n";
constexpr std::string_view kPage =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Welcome</title>\n"
    "<script>document.documentElement.className = 'js';</script></head>\n"
    "<body><h1>It works!</h1><p>This is the default page of this site.</p>\n"
    "<p><a href=\"/index.html\">Home</a> <a href=\"/about.html\">About</a></p></body></html>\n";

std::string bytes_of(CanaryKind kind, const std::string& marker, std::string_view leaf) {
  switch (kind) {
    case CanaryKind::shell:
      return shell_script(marker);
    case CanaryKind::python:
      return python_script(marker);
    case CanaryKind::javascript:
      return javascript(marker);
    case CanaryKind::perl:
      return perl_script(marker);
    case CanaryKind::php:
      return php_script(marker);
    case CanaryKind::ruby:
      return ruby_script(marker);
    case CanaryKind::elf:
      return elf_program(marker);
    case CanaryKind::gzip:
      return gzip(shell_script(marker));
    case CanaryKind::tar:
      return pack(ArchiveFormat::tar, bundle(marker, leaf));
    case CanaryKind::tar_gz:
      return gzip(pack(ArchiveFormat::tar, bundle(marker, leaf)));
    case CanaryKind::zip:
      return pack(ArchiveFormat::zip, bundle(marker, leaf));
    case CanaryKind::deb:
      return debian_package(marker, package_of_deb(leaf));
    case CanaryKind::json:
      return std::string(kJson);
    case CanaryKind::html:
      return std::string(kPage);
    case CanaryKind::text:
      return "ok\n";
  }
  return "";
}

bool can_run(CanaryKind kind) {
  return kind != CanaryKind::json && kind != CanaryKind::html && kind != CanaryKind::text;
}

}  // namespace

const char* to_string(CanaryKind kind) { return kKinds[static_cast<size_t>(kind)].name; }
const char* content_type(CanaryKind kind) { return kKinds[static_cast<size_t>(kind)].content_type; }

Canary finished_canary(CanaryKind kind, std::string marker, std::string bytes) {
  std::string sha256 = Digest::of(bytes).hex();
  return {kind, std::move(marker), content_type(kind), std::move(bytes), std::move(sha256)};
}

std::string Canaries::marker(std::string_view purpose) const {
  return to_hex(lure::derive(seed_, "canary " + std::string(purpose), kMarkerBytes / 2));
}

Canary Canaries::make(CanaryKind kind, std::string_view leaf) {
  if (exhausted()) return make_named(kind, leaf);
  std::string marked = can_run(kind) ? marker("number " + std::to_string(++made_)) : "";
  std::string bytes = bytes_of(kind, marked, leaf);
  return finished_canary(kind, std::move(marked), std::move(bytes));
}

Canary Canaries::make_named(CanaryKind kind, std::string_view name) const {
  std::string marked =
      can_run(kind) ? marker(std::string(to_string(kind)) + " named " + std::string(name)) : "";
  std::string bytes = bytes_of(kind, marked, name);
  return finished_canary(kind, std::move(marked), std::move(bytes));
}

}  // namespace assay::sinkhole
