// Which files are kept, and what the archive of them is to whoever opens it.
#include "agent/artifacts.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "agent/artifacts_pack.h"
#include "common/digest.h"
#include "tests/support.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

Event file(const std::string& path, const std::string& type, uint64_t size, const std::string& sha = "") {
  Event event;
  event.kind = EventKind::file;
  event.source = Source::harvest;
  event.path = path;
  event.origin = "dropped";
  event.file_type = type;
  event.size_bytes = size;
  event.sha256 = sha;
  return event;
}

Event exec(const std::string& path, const std::string& origin, std::vector<std::string> argv = {},
           const std::string& sha = "") {
  Event event;
  event.kind = EventKind::exec;
  event.path = path;
  event.origin = origin;
  event.argv = std::move(argv);
  event.sha256 = sha;
  event.cwd = "/work";
  return event;
}

std::string render(const ArtifactChoice& choice) {
  std::string out;
  for (const auto& each : choice.kept) out += each.path + (each.executed ? "! " : " ");
  return out + "left out " + std::to_string(choice.left_out);
}

TEST(ArtifactChoice, ExecutedFirstThenProgramsThenScriptsThenTheRestBySize) {
  ArtifactBook book;
  for (const Event& event :
       {file("/a", "text", 5), file("/b", "elf", 9), file("/c", "elf", 3), file("/d", "script", 1),
        file("/e", "data", 2), file("/run", "data", 100), exec("/run", "dropped")})
    book.note(event);
  EXPECT_EQ(render(book.choose({})), "/run! /c /b /d /e /a left out 0");
}

TEST(ArtifactChoice, WhatIsNoFileOrHoldsNothingIsNoArtifact) {
  ArtifactBook book;
  for (const char* type : {"dir", "symlink", "other"}) book.note(file("/x", type, 10));
  book.note(file("/empty", "data", 0));
  Event deleted = file("/gone", "elf", 10);
  deleted.origin = "deleted";
  book.note(deleted);
  EXPECT_EQ(render(book.choose({})), "left out 0");
}

TEST(ArtifactChoice, ExecutedByPathByDigestOrByAnInterpretersWord) {
  ArtifactBook book;
  std::string digest(64, 'd');
  for (const Event& event :
       {exec("tool", "dropped"), exec("/tmp/first-name", "memfd", {}, digest),
        exec("/bin/sh", "image", {"sh", "-x", "script", "other"}),
        exec("/bin/sh", "image", {"sh", "-c", "word"}),
        exec("/bin/cp", "image", {"cp", "-a", "source"}, std::string(64, 'c')), file("/work/tool", "elf", 1),
        file("/usr/bin/renamed", "elf", 2, digest), file("/work/script", "text", 3),
        file("/work/other", "text", 4), file("/work/word", "text", 5), file("/work/source", "text", 7),
        file("/copy-of-cp", "elf", 6, std::string(64, 'c'))})
    book.note(event);
  EXPECT_EQ(render(book.choose({})),
            "/work/tool! /usr/bin/renamed! /work/script! /copy-of-cp /work/other /work/word /work/source "
            "left out 0");
}

TEST(ArtifactChoice, WhatDoesNotFitIsCountedAndSmallerOnesAreTaken) {
  ArtifactBook book;
  for (int i = 0; i < 10; ++i) book.note(file("/elf" + std::to_string(i), "elf", 10));
  book.note(file("/huge", "elf", 1ull << 40));  // sparse: it costs its guest nothing
  book.note(file("/note", "text", 4));
  ArtifactLimits limits;
  limits.total_bytes = 35;
  limits.file_bytes = 10;
  EXPECT_EQ(render(book.choose(limits)), "/elf0 /elf1 /elf2 /note left out 8");
  limits.files = 2;
  EXPECT_EQ(render(book.choose(limits)), "/elf0 /elf1 left out 10");
  limits.total_bytes = 0;
  EXPECT_EQ(render(book.choose(limits)), "left out 12");
}

TEST(ArtifactChoice, NamesAreBoundedTogether) {
  ArtifactBook book;
  for (int i = 0; i < 5000; ++i)
    book.note(file("/" + std::string(4000, 'n') + std::to_string(i), "data", 1, ""));
  ArtifactChoice choice = book.choose({});
  uint64_t bytes = 0;
  for (const auto& each : choice.kept) bytes += each.path.size();
  EXPECT_LE(bytes, 512u * 1024);
  EXPECT_GT(choice.kept.size(), 100u);
  EXPECT_EQ(choice.kept.size() + choice.left_out, 5000u);
}

TEST(ArtifactChoice, EqualFilesCountOnce) {
  ArtifactBook book;
  for (int i = 0; i < 100; ++i) book.note(file("/copy" + std::to_string(i), "elf", 10, std::string(64, 'e')));
  ArtifactLimits limits;
  limits.total_bytes = 15;
  EXPECT_EQ(book.choose(limits).kept.size(), 100u);
  EXPECT_EQ(book.choose(limits).left_out, 0u);
}

TEST(ArtifactName, IsSafeWhateverTheGuestCalledIt) {
  EXPECT_EQ(artifact_name(7, "/bin/sh"), "0007_sh");
  EXPECT_EQ(artifact_name(1, "/a/.."), "0001_..");
  EXPECT_EQ(artifact_name(1, "/a/x\n../\xff\x1b[2J\\..\\y"), "0001____2J_.._y");
  EXPECT_EQ(artifact_name(1, "/a/" + std::string(300, 'n')), "0001_" + std::string(40, 'n'));
  EXPECT_LE(artifact_name(20'000, "/" + std::string(300, 'n')).size(), 64u);  // the footer's bound
}

TEST(ArtifactBytes, AreASizeOfAtMostOneGigabyte) {
  EXPECT_EQ(*parse_artifact_bytes("0"), 0u);
  EXPECT_EQ(*parse_artifact_bytes("1G"), 1ull << 30);
  EXPECT_EQ(parse_artifact_bytes("2G").error().what, "artifact-bytes '2G' is more than 1G");
  EXPECT_FALSE(parse_artifact_bytes("many"));
}

class ArtifactPack : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(upper());
    fs::create_directories(dir_.path() / "made");
  }
  fs::path upper() const { return dir_.path() / "upper"; }
  // A file of the guest's, and the harvest's word of it.
  void left(const std::string& path, const std::string& bytes) {
    fs::create_directories((upper() / path.substr(1)).parent_path());
    ASSERT_TRUE(write_file(upper() / path.substr(1), bytes));
    book_.note(file(path, "data", bytes.size(), Digest::of(bytes).hex()));
  }
  ArtifactArchive pack(const std::function<void(ArtifactOrder&)>& change = [](ArtifactOrder&) {}) {
    ArtifactOrder order;
    order.upper = upper();
    order.dir = dir_.path() / "made";
    order.scan_id = "20261129T190000-00000001";
    order.image = "sha256:" + std::string(64, 'a');
    change(order);
    auto made = pack_artifacts(book_, order);
    EXPECT_TRUE(made) << made.error().what;
    EXPECT_TRUE(fs::is_empty(order.dir));
    return made ? std::move(*made) : ArtifactArchive();
  }
  // Entries by name, as a reader with this password sees them; "?": it cannot.
  static std::map<std::string, std::string> open(const ArtifactArchive& made,
                                                 const char* password = "infected") {
    std::map<std::string, std::string> out;
    std::unique_ptr<archive, int (*)(archive*)> zip(archive_read_new(), archive_read_free);
    archive_read_support_format_zip(zip.get());
    archive_read_add_passphrase(zip.get(), password);
    ::lseek(made.file.get(), 0, SEEK_SET);
    EXPECT_EQ(archive_read_open_fd(zip.get(), made.file.get(), 64 << 10), ARCHIVE_OK);
    archive_entry* entry = nullptr;
    while (archive_read_next_header(zip.get(), &entry) == ARCHIVE_OK) {
      std::string name = archive_entry_pathname(entry), content;
      EXPECT_FALSE(out.contains(name)) << name;
      EXPECT_TRUE(archive_entry_is_data_encrypted(entry)) << name;
      char buffer[64 << 10];
      ssize_t n = 0;
      while ((n = archive_read_data(zip.get(), buffer, sizeof buffer)) > 0)
        content.append(buffer, static_cast<size_t>(n));
      out[name] = n < 0 ? "?" : content;
    }
    return out;
  }
  TempDir dir_;
  ArtifactBook book_;
};

TEST_F(ArtifactPack, EveryFileComesOutUnchangedAndTheManifestNamesIt) {
  std::string large(3'000'000, '\0');
  for (size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 2654435761u >> 13);
  left("/tmp/large", large);
  left("/etc/cron.d/x", "* * * * * root /tmp/large\n");
  ArtifactArchive made = pack();
  auto entries = open(made);
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries["0001_x"], "* * * * * root /tmp/large\n");
  EXPECT_TRUE(entries["0002_large"] == large);
  auto manifest = nlohmann::json::parse(entries["manifest.json"]);
  EXPECT_EQ(manifest["scan"], "20261129T190000-00000001");
  EXPECT_EQ(manifest["left_out"], 0);
  ASSERT_EQ(manifest["files"].size(), 2u);
  EXPECT_EQ(manifest["files"][1], (nlohmann::json{{"name", "0002_large"},
                                                  {"path", "/tmp/large"},
                                                  {"sha256", Digest::of(large).hex()},
                                                  {"size_bytes", large.size()},
                                                  {"file_type", "data"},
                                                  {"origin", "dropped"},
                                                  {"executed", false}}));
  ASSERT_EQ(made.artifacts.size(), 2u);
  EXPECT_EQ(made.artifacts[1].sha256, Digest::of(large).hex());
  EXPECT_EQ(made.artifacts[1].name, "0002_large");
}

TEST_F(ArtifactPack, NothingIsReadWithoutThePassword) {
  left("/a", "secret, and long enough not to be guessed");
  for (auto& [name, content] : open(pack(), "wrong")) EXPECT_EQ(content, "?") << name;
}

TEST_F(ArtifactPack, EqualFilesAreOneEntry) {
  left("/a", "same");
  left("/b", "same");
  ArtifactArchive made = pack();
  EXPECT_EQ(open(made).size(), 2u);
  ASSERT_EQ(made.artifacts.size(), 2u);
  EXPECT_EQ(made.artifacts[0].name, made.artifacts[1].name);
}

TEST_F(ArtifactPack, HostileNamesStayWithinTheManifest) {
  const std::string hostile[] = {"/tmp/\n.. \x1b[2J\xff", "/tmp/-rf", "/tmp/" + std::string(255, 'l'),
                                 "/tmp/a\\..\\..\\b", "/tmp/manifest.json"};
  for (const std::string& path : hostile) left(path, "of " + path);
  ArtifactArchive made = pack();
  auto entries = open(made);
  ASSERT_EQ(entries.size(), std::size(hostile) + 1);
  for (const Artifact& artifact : made.artifacts) {
    EXPECT_EQ(entries[artifact.name], "of " + artifact.path);
    EXPECT_EQ(
        artifact.name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"),
        std::string::npos)
        << artifact.name;
    EXPECT_NE(artifact.name, "manifest.json");
  }
  EXPECT_FALSE(nlohmann::json::parse(entries["manifest.json"], nullptr, false).is_discarded());
}

TEST_F(ArtifactPack, FollowsNoLinkAndTakesNoFileThatIsNotAsItWas) {
  ASSERT_TRUE(write_file(dir_.path() / "outside", "host's"));
  fs::create_symlink(dir_.path() / "outside", upper() / "link");
  fs::create_directory_symlink(dir_.path(), upper() / "dir");
  ASSERT_TRUE(write_file(upper() / "grown", "longer than it was"));
  ASSERT_EQ(::mkfifo((upper() / "pipe").c_str(), 0600), 0);
  for (const char* path : {"/link", "/dir/outside", "/grown", "/pipe", "/missing", "/../outside"})
    book_.note(file(path, "data", 6));
  left("/whole", "whole");
  ArtifactArchive made = pack();
  EXPECT_EQ(open(made).size(), 2u);
  EXPECT_EQ(made.left_out, 6u);
  ASSERT_EQ(made.artifacts.size(), 1u);
  EXPECT_EQ(made.artifacts[0].path, "/whole");
}

TEST_F(ArtifactPack, DescriptorsOfFilesWithoutAPathAreKeptToo) {
  Fd memory(::memfd_create("x", MFD_CLOEXEC));
  std::string body =
      "\x7f"
      "ELF in memory";
  ASSERT_TRUE(write_all(memory.get(), body, "memfd"));
  ASSERT_TRUE(write_file(dir_.path() / "gone", "#!/bin/sh\nrm $0\n"));
  auto gone = open_file(dir_.path() / "gone", O_RDONLY);
  ASSERT_TRUE(gone);
  fs::remove(dir_.path() / "gone");
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  Fd writing(ends[1]);
  book_.add("/memfd:x (deleted)", std::move(memory), "memfd", true);
  book_.add("/tmp/gone", std::move(*gone), "deleted", true);
  book_.add("/tmp/pipe", Fd(ends[0]), "deleted", true);  // no file
  left("/tmp/rest", "rest");
  EXPECT_EQ(book_.candidates(), 4u);
  ArtifactArchive made = pack();
  auto entries = open(made);
  EXPECT_EQ(made.left_out, 1u);
  ASSERT_EQ(made.artifacts.size(), 3u);
  EXPECT_EQ(made.artifacts[0].path, "/memfd:x (deleted)");
  EXPECT_EQ(made.artifacts[0].sha256, Digest::of(body).hex());
  EXPECT_EQ(entries[made.artifacts[0].name], body);
  EXPECT_EQ(entries[made.artifacts[1].name], "#!/bin/sh\nrm $0\n");
  auto manifest = nlohmann::json::parse(entries["manifest.json"]);
  EXPECT_EQ(manifest["files"][0]["file_type"], "elf");
  EXPECT_EQ(manifest["files"][1]["file_type"], "script");
  EXPECT_EQ(manifest["files"][1]["executed"], true);
}

TEST_F(ArtifactPack, WithoutAnythingToKeepThereIsNoArchive) {
  book_.note(file("/huge", "data", 1ull << 40));
  ArtifactArchive made = pack();
  EXPECT_EQ(made.bytes, 0u);
  EXPECT_EQ(made.left_out, 1u);
}

TEST_F(ArtifactPack, EndsWhenItsTimeIsUpOrItIsCancelled) {
  left("/a", "a");
  left("/b", "b");
  ArtifactArchive late = pack([](ArtifactOrder& order) { order.time = std::chrono::milliseconds(0); });
  EXPECT_EQ(late.left_out, 2u);
  EXPECT_EQ(late.bytes, 0u);
  auto cancel = make_event();
  ASSERT_TRUE(cancel);
  raise_event(cancel->get());
  ArtifactOrder order;
  order.upper = upper();
  order.dir = dir_.path() / "made";
  order.cancel_fd = cancel->get();
  auto made = pack_artifacts(book_, order);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Errc::cancelled);
}

}  // namespace
}  // namespace assay
