// bench-unpack: one layer unpacked by LayerStore and by `gzip -dc | tar x`, on the same generated layer, in
// one run. Prints both times and their ratio. LayerStore also verifies two SHA-256 digests meanwhile, which
// the shell's pipe does not.
#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <random>
#include <string>

#include "agent/unpack.h"
#include "common/digest.h"
#include "common/process.h"

namespace assay {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

// Half of it words and half of it noise, so that it compresses by about 3 as real layers do.
std::string make_content(std::mt19937_64& random, size_t size) {
  static constexpr const char* kWords[] = {"lib",         "static ",    "return ",        "\x7f\x45\x4c\x46",
                                           "/usr/share/", "python3.11", "\0\0\0\0\0\0\0", "const char* "};
  std::string out;
  out.reserve(size + 64);
  while (out.size() < size) {
    for (int i = 0; i < 8; ++i) out += kWords[random() % 8];
    uint64_t noise[2] = {random(), random()};
    out.append(reinterpret_cast<const char*>(noise), random() % 16);
  }
  out.resize(size);
  return out;
}

PulledLayer make_layer(const fs::path& dir, uint64_t total_bytes) {
  fs::path blob = dir / "layer.tar.gz";
  archive* a = archive_write_new();
  archive_write_add_filter_gzip(a);
  archive_write_set_filter_option(a, "gzip", "compression-level", "6");
  archive_write_set_filter_option(a, "gzip", "timestamp", nullptr);
  archive_write_set_format_pax_restricted(a);
  archive_write_open_filename(a, blob.c_str());
  std::mt19937_64 random(1);
  uint64_t written = 0;
  for (int i = 0; written < total_bytes; ++i) {
    // As in Debian images: many small files, a few that hold most of the bytes.
    size_t size = i % 50 == 0 ? 4 << 20 : i % 5 == 0 ? 100'000 : 4000;
    std::string content = make_content(random, size);
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry,
                               ("usr/lib/d" + std::to_string(i / 100) + "/file" + std::to_string(i)).c_str());
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, static_cast<la_int64_t>(size));
    archive_write_header(a, entry);
    archive_write_data(a, content.data(), content.size());
    archive_entry_free(entry);
    written += size;
  }
  archive_write_close(a);
  archive_write_free(a);

  PulledLayer layer;
  layer.path = blob;
  layer.blob.size_bytes = fs::file_size(blob);
  layer.blob.digest = *digest_fd(open_file(blob, O_RDONLY)->get(), blob);
  Command command;
  command.argv = {"sh", "-c", "gzip -dc \"$0\" | sha256sum", blob.string()};
  auto sum = run(std::move(command), std::chrono::minutes(5));
  layer.diff_id = *Digest::parse("sha256:" + sum->out.substr(0, 64));
  return layer;
}

// Wall time, and the CPU time of this process and its children.
struct Time {
  double wall = 1e9, cpu = 1e9;
  void keep_best(const Time& other) {
    wall = std::min(wall, other.wall);
    cpu = std::min(cpu, other.cpu);
  }
};

double cpu_seconds() {
  double out = 0;
  for (auto who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage usage{};
    ::getrusage(who, &usage);
    for (const timeval& t : {usage.ru_utime, usage.ru_stime})
      out += static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  }
  return out;
}

Time time_of(const std::function<bool()>& work) {
  ::sync();  // what earlier runs wrote must not be written in our time
  auto start = steady_clock::now();
  double cpu = cpu_seconds();
  if (!work()) std::exit(1);
  return {std::chrono::duration<double>(steady_clock::now() - start).count(), cpu_seconds() - cpu};
}

bool unpack_by_shell(const PulledLayer& layer, const fs::path& dir) {
  fs::create_directory(dir);
  Command command;
  command.argv = {"sh", "-c", "gzip -dc \"$0\" | tar -x -C \"$1\"", layer.path.string(), dir.string()};
  auto done = run(std::move(command), std::chrono::minutes(5));
  return done && done->status.code == 0;
}

bool unpack_by_store(const PulledLayer& layer, const fs::path& dir) {
  auto store = LayerStore::open(dir);
  auto done = store->unpack(layer, {});
  if (!done) std::fprintf(stderr, "%s\n", done.error().what.c_str());
  return static_cast<bool>(done);
}

int bench(uint64_t megabytes) {
  std::string pattern = (fs::temp_directory_path() / "assay-bench-XXXXXX").string();
  fs::path dir = ::mkdtemp(pattern.data());
  PulledLayer layer = make_layer(dir, megabytes << 20);
  std::printf("layer: %llu MiB of files, %llu MiB compressed\n", static_cast<unsigned long long>(megabytes),
              static_cast<unsigned long long>(layer.blob.size_bytes >> 20));
  Time ours, theirs;
  for (int round = 0; round < 3; ++round) {  // alternating; the best of each counts
    theirs.keep_best(time_of([&] { return unpack_by_shell(layer, dir / "shell"); }));
    ours.keep_best(time_of([&] { return unpack_by_store(layer, dir / "store"); }));
    fs::remove_all(dir / "shell");
    fs::remove_all(dir / "store");
  }
  fs::remove_all(dir);
  std::printf("gzip -dc | tar x: %.2f s, %.2f s of CPU\n", theirs.wall, theirs.cpu);
  std::printf("LayerStore:       %.2f s, %.2f s of CPU (verifies both digests)\n", ours.wall, ours.cpu);
  std::printf("ratio:            %.2f, of CPU %.2f\n", ours.wall / theirs.wall, ours.cpu / theirs.cpu);
  return 0;
}

}  // namespace
}  // namespace assay

int main(int argc, char** argv) { return assay::bench(argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 400); }
