// What counts as a hit of the guard, its words, and the mark that outlives the agent.
#include "agent/fence.h"

#include <gtest/gtest.h>

#include "agent/ship.h"
#include "common/fd.h"
#include "tests/support.h"

namespace assay {
namespace {

const AttemptKey kKey{"20261125T031500-1f8a3c9e", 3};

Event guard_event() {
  Event event;
  event.kind = EventKind::guard;
  event.plane = Plane::host;
  event.source = Source::guard;
  event.name = "exec";
  event.call = "execve";
  event.path = "/bin/sh";
  event.path2 = "stranger";
  event.comm = "sh\x1b[2J";
  event.host_tid = 4711;
  return event;
}

TEST(GuardHit, IsEveryActButACallThatWasConcealed) {
  Event event = guard_event();
  EXPECT_TRUE(is_guard_hit(event));
  event.name = "";  // one that a later guard knows, and this release does not
  EXPECT_TRUE(is_guard_hit(event));
  event.name = "unreported";
  EXPECT_FALSE(is_guard_hit(event));
  event = guard_event();
  event.kind = EventKind::exec;
  EXPECT_FALSE(is_guard_hit(event));
}

TEST(GuardHit, IsToldInOneLineWhateverIsInIt) {
  EXPECT_EQ(hit_text(guard_event()), "exec by a stranger, task 4711 (sh\\x1b[2J): execve /bin/sh");
  Event bare;
  bare.kind = EventKind::guard;
  EXPECT_EQ(hit_text(bare), "an act without a name by a process");
  Event event = guard_event();
  event.name = event.call = event.path = event.path2 = event.comm = std::string(1 << 20, '\n');
  EXPECT_LE(hit_text(event).size(), kMaxHitText + 3);
  EXPECT_EQ(hit_text(event).find('\n'), std::string::npos);
}

class FenceMarkTest : public testing::Test {
 protected:
  static std::string str(const Result<std::optional<Fencing>>& read) {
    if (!read) return to_string(read.error().code);
    return *read ? (*read)->key.str() + " " + (*read)->reason : "none";
  }
  TempDir dir_;
  FenceMark mark_{dir_.path()};
};

TEST_F(FenceMarkTest, ComesBackAndCanBeTakenAway) {
  EXPECT_EQ(str(mark_.read()), "none");
  ASSERT_TRUE(mark_.write({kKey, "exec by a stranger"}));
  EXPECT_EQ(str(mark_.read()), kKey.str() + " exec by a stranger");
  ASSERT_TRUE(mark_.write({kKey, "two\nlines and a \\x1b"}));
  EXPECT_EQ(str(mark_.read()), kKey.str() + " two\\x0alines and a \\x1b");
  ASSERT_TRUE(mark_.write({kKey, std::string(1 << 16, '\1')}));
  EXPECT_TRUE(mark_.read()) << "as long as it may be";
  ASSERT_TRUE(mark_.remove());
  EXPECT_EQ(str(mark_.read()), "none");
  EXPECT_TRUE(mark_.remove()) << "twice does no harm";
}

TEST_F(FenceMarkTest, ADamagedOneStillFences) {
  for (const std::string& text : std::vector<std::string>{
           "", "fenced\n", "../../etc-1\nreason\n", kKey.str() + "\n", kKey.str(), kKey.str() + "\nreason",
           kKey.str() + "\nreason\nmore\n", std::string("\0\n\0\n", 4)}) {
    ASSERT_TRUE(write_file(mark_.path(), text));
    EXPECT_EQ(str(mark_.read()), "corrupt") << text;
  }
  EXPECT_NE(mark_.read().error().what.find("look at this host, then remove it"), std::string::npos);
  ASSERT_TRUE(write_file(mark_.path(), std::string(1 << 20, 'x')));
  EXPECT_FALSE(mark_.read());
  std::filesystem::remove(mark_.path());
  std::filesystem::create_symlink("/etc/hostname", mark_.path());
  EXPECT_FALSE(mark_.read());
}

TEST_F(FenceMarkTest, ATraceThatTellsOfAHitFencesWithoutAMark) {
  auto end = [&](uint32_t attempt, EndReason reason) {
    AttemptKey key{kKey.scan_id, attempt};
    auto writer = SpoolWriter::create(dir_.path() / "spool", key, 0);
    ASSERT_TRUE(writer);
    wire::Done done{key.scan_id, attempt, {}, {}};
    done.footer.reason = reason;
    done.footer.detail = "mount by a sandbox";
    ASSERT_TRUE(writer->done(done));
  };
  end(1, EndReason::limit);
  {
    auto spool = Spool::open(dir_.path() / "spool");
    ASSERT_TRUE(spool);
    EXPECT_EQ(str(fenced_before(mark_, *spool)), "none");
  }
  end(2, EndReason::guard);
  auto spool = Spool::open(dir_.path() / "spool");
  ASSERT_TRUE(spool);
  EXPECT_EQ(str(fenced_before(mark_, *spool)), kKey.scan_id + "-2 mount by a sandbox");
  ASSERT_TRUE(mark_.write({kKey, "exec by a stranger"}));
  EXPECT_EQ(str(fenced_before(mark_, *spool)), kKey.str() + " exec by a stranger");
}

// The loop must know of it while the scan still runs.
TEST_F(FenceMarkTest, AScanTellsOfItsHitBeforeItsEnd) {
  Context context;
  auto loop = Socket::open(context, Socket::Type::pair), scan = Socket::open(context, Socket::Type::pair);
  ASSERT_TRUE(loop && scan);
  ASSERT_TRUE(loop->bind("inproc://ship") && scan->connect("inproc://ship"));
  auto writer = SpoolWriter::create(dir_.path() / "spool", kKey, 0);
  ASSERT_TRUE(writer);
  Ship ship(*scan, std::move(*writer), kKey, -1);
  ASSERT_TRUE(ship.fence("exec by a stranger"));
  ASSERT_TRUE(ship.add(guard_event()));
  ASSERT_TRUE(ship.done({}, {}));
  std::string told;
  for (int i = 0; i < 3; ++i) {
    auto note = hear(*loop);
    ASSERT_TRUE(note && *note);
    told += std::to_string(static_cast<int>((*note)->kind)) + " " + (i == 0 ? (*note)->frame : "") + ";";
  }
  auto kind = [](LinkNote::Kind k) { return std::to_string(static_cast<int>(k)) + " "; };
  EXPECT_EQ(told, kind(LinkNote::Kind::fenced) + "exec by a stranger;" + kind(LinkNote::Kind::chunk) + ";" +
                      kind(LinkNote::Kind::ended) + ";");
}

}  // namespace
}  // namespace assay
