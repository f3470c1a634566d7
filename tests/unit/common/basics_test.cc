// Results, digests, ids and descriptors.
#include <fcntl.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <set>

#include "common/digest.h"
#include "common/fd.h"
#include "common/ids.h"
#include "common/result.h"

namespace assay {
namespace {

Result<int> half(int value) {
  if (value % 2 != 0) return Error{Errc::invalid, std::to_string(value) + " is odd"};
  return value / 2;
}
Result<int> quarter(int value) {
  ASSAY_TRY(int once, half(value));
  ASSAY_TRY(int twice, half(once));
  return twice;
}
Status even(int value) {
  ASSAY_CHECK(half(value).context("even").operator bool() ? Status() : Status(Error{Errc::invalid, "odd"}));
  return Status();
}

TEST(Result, PassesValuesAndErrorsOn) {
  EXPECT_EQ(*quarter(12), 3);
  EXPECT_EQ(quarter(6).error().what, "3 is odd");
  EXPECT_EQ(quarter(6).context("four").error().what, "four: 3 is odd");
  EXPECT_EQ(quarter(6).error().code, Errc::invalid);
  EXPECT_TRUE(even(2));
  EXPECT_FALSE(even(3));
  EXPECT_EQ(Status(Error{Errc::io, "x"}).context("y").error().what, "y: x");
}

TEST(Result, HoldsMoveOnlyValues) {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(5));
  std::unique_ptr<int> taken = *std::move(result);
  EXPECT_EQ(*taken, 5);
}

TEST(Error, ComesFromErrno) {
  const std::tuple<int, Errc, const char*> kCases[] = {
      {ENOENT, Errc::not_found, "f: No such file or directory"},
      {ENOSPC, Errc::no_space, "f: No space left on device"},
      {EDQUOT, Errc::no_space, "f: Disk quota exceeded"},
      {EACCES, Errc::denied, "f: Permission denied"},
      {EPERM, Errc::denied, "f: Operation not permitted"},
      {EIO, Errc::io, "f: Input/output error"}};
  for (auto [number, code, what] : kCases) {
    EXPECT_EQ(errno_error("f", number).code, code);
    EXPECT_EQ(errno_error("f", number).what, what);
  }
}

TEST(Errc, EveryCodeHasItsName) {
  std::set<std::string> names;
  for (int code = 0; code <= static_cast<int>(Errc::io); ++code)
    names.insert(to_string(static_cast<Errc>(code)));
  EXPECT_EQ(names.size(), static_cast<size_t>(Errc::io) + 1);
  EXPECT_FALSE(names.contains("unknown"));
}

TEST(Digest, IsSha256) {
  // FIPS 180-4's examples.
  EXPECT_EQ(Digest::of("").hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Digest::of("abc").str(),
            "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  Sha256 hasher;
  for (char c : std::string("abc")) hasher.update({&c, 1});
  EXPECT_EQ(hasher.finish(), Digest::of("abc"));
}

TEST(Digest, ParsesWhatItWritesAndNothingElse) {
  std::string text = Digest::of("x").str();
  EXPECT_EQ(Digest::parse(text)->str(), text);
  std::string upper = text;
  upper[10] = 'A';
  for (std::string bad : {std::string(), text.substr(1), text + "0", text.substr(0, 70), upper,
                          "sha512:" + text.substr(7), "sha256:" + std::string(64, 'g')}) {
    auto parsed = Digest::parse(bad);
    ASSERT_FALSE(parsed) << bad;
    EXPECT_EQ(parsed.error().code, Errc::invalid);
  }
}

TEST(Digest, NamesHostileTextOnOneShortLine) {
  auto parsed = Digest::parse("sha256:\n\x1b[31m" + std::string(100'000, 'x'));
  EXPECT_LT(parsed.error().what.size(), 600u);
  EXPECT_EQ(parsed.error().what.find_first_of("\n\x1b"), std::string::npos);
}

TEST(Digest, ReadsADescriptorToItsEnd) {
  char name[] = "/tmp/assay-test-XXXXXX";
  Fd file(::mkstemp(name));
  ::unlink(name);
  std::string content(1'000'000, 'q');
  ASSERT_TRUE(write_all(file.get(), content, name));
  ASSERT_EQ(::lseek(file.get(), 0, SEEK_SET), 0);
  EXPECT_EQ(*digest_fd(file.get(), name), Digest::of(content));
  EXPECT_EQ(digest_fd(-1, "nothing").error().what, "read nothing: Bad file descriptor");
}

TEST(Hex, IsLowerCase) { EXPECT_EQ(to_hex(std::string("\x00\x0f\xab\xff", 4)), "000fabff"); }

TEST(ScanId, IsTheTimeAndSortsByIt) {
  using std::chrono::system_clock;
  std::string id = make_scan_id(system_clock::from_time_t(1764040500));
  EXPECT_EQ(id.substr(0, 16), "20251125T031500-");
  EXPECT_TRUE(is_scan_id(id)) << id;
  EXPECT_LT(id, make_scan_id(system_clock::from_time_t(1764040501)));
  EXPECT_NE(id, make_scan_id(system_clock::from_time_t(1764040500)));
}

TEST(ScanId, NothingElseIsOne) {
  for (std::string bad : {"", "20251125T031500-1f8a3c9", "20251125T031500-1f8a3c9ee",
                          "20251125T031500-1F8A3C9E", "20251125t031500-1f8a3c9e", "2025112xT031500-1f8a3c9e",
                          "20251125T031500_1f8a3c9e", "../../../../../etc/shado", "20251125T031500-1f8a3c9g"})
    EXPECT_FALSE(is_scan_id(bad)) << bad;
  EXPECT_FALSE(is_scan_id(std::string("20251125T031500-1f8a3c9\0", 24)));
}

TEST(Fd, ClosesOnce) {
  Fd a(::open("/dev/null", O_RDONLY));
  int number = a.get();
  Fd b = std::move(a);
  EXPECT_FALSE(a);
  EXPECT_EQ(b.get(), number);
  b = Fd();
  EXPECT_EQ(::fcntl(number, F_GETFD), -1);
}

TEST(Fd, ReadsFilesUpToTheirLimit) {
  char name[] = "/tmp/assay-test-XXXXXX";
  Fd(::mkstemp(name)).reset();
  ASSERT_TRUE(write_file(name, "12345"));
  EXPECT_EQ(*read_file(name, 5), "12345");
  EXPECT_EQ(read_file(name, 4).error().what, std::string(name) + " holds more than 4 bytes");
  EXPECT_EQ(read_file(name, 4).error().code, Errc::limit);
  ASSERT_TRUE(write_file(name, "1"));
  EXPECT_EQ(*read_file(name, 5), "1") << "truncates";
  ::unlink(name);
  EXPECT_EQ(read_file(name, 5).error().what, "open " + std::string(name) + ": No such file or directory");
  EXPECT_EQ(read_file(name, 5).error().code, Errc::not_found);
  EXPECT_EQ(write_file("/dev/full", "x").error().code, Errc::no_space);
}

TEST(Fd, WritableIsFoundOutWithoutATrace) {
  char dir[] = "/tmp/assay-test-XXXXXX";
  ASSERT_NE(::mkdtemp(dir), nullptr);
  std::string name = std::string(dir) + "/file", link = std::string(dir) + "/link";
  EXPECT_TRUE(check_writable(name));
  EXPECT_FALSE(read_file(name, 1)) << "was left behind";
  ASSERT_EQ(::symlink(name.c_str(), link.c_str()), 0);
  EXPECT_TRUE(check_writable(link));
  EXPECT_FALSE(read_file(name, 1)) << "was left behind";
  ASSERT_TRUE(write_file(name, "kept"));
  EXPECT_TRUE(check_writable(name));
  EXPECT_EQ(*read_file(name, 10), "kept");
  EXPECT_EQ(check_writable(dir).error().what, "open " + std::string(dir) + ": Is a directory");
  EXPECT_EQ(check_writable(name + "/x").error().what, "open " + name + "/x: Not a directory");
  EXPECT_TRUE(check_writable("/dev/null"));
  ::unlink(link.c_str());
  ::unlink(name.c_str());
  ::rmdir(dir);
}

TEST(Fd, OpensCloseOnExec) {
  auto fd = open_file("/dev/null", O_RDONLY);
  ASSERT_TRUE(fd);
  EXPECT_EQ(::fcntl(fd->get(), F_GETFD), FD_CLOEXEC);
}

}  // namespace
}  // namespace assay
