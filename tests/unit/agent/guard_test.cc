// guard: profiles as JSON, their release, what is built in, what learning writes; the records of hostile
// bytes.
#include "agent/trace/guard.h"

#include <gtest/gtest.h>

#include <cstring>

#include "agent/trace/guard_built_in.h"
#include "agent/trace/guard_calls.h"
#include "agent/trace/syscalls.h"
#include "common/fd.h"
#include "tests/support.h"

namespace assay {
namespace {

constexpr const char* kProfile =
    "{\"runtime\": \"20240729.0\",\n"
    " \"acts\": [\n"
    "  {\"part\": \"launcher\", \"sealed\": false, \"act\": \"exec\", \"call\": \"execve\", \"detail\": "
    "\"runtime\", \"seen\": 3},\n"
    "  {\"part\": \"sandbox\", \"sealed\": false, \"act\": \"namespace\", \"call\": \"unshare\", \"detail\": "
    "131072, \"seen\": 7},\n"
    "  {\"part\": \"sandbox\", \"sealed\": true, \"act\": \"ptrace\", \"call\": \"ptrace\", \"detail\": 13, "
    "\"seen\": 1}\n"
    "]}\n";

farm_guard_key key(uint8_t part, uint8_t act, uint16_t call, uint32_t detail = 0, bool sealed = false) {
  farm_guard_key out{};
  out.part = part;
  out.sealed = sealed;
  out.act = act;
  out.call = call;
  out.detail = detail;
  return out;
}

TEST(GuardProfile, WhatIsRenderedParsesToTheSame) {
  auto profile = parse_guard_profile(kProfile);
  ASSERT_TRUE(profile) << profile.error().what;
  EXPECT_EQ(profile->runtime, "20240729.0");
  ASSERT_EQ(profile->acts.size(), 3u);
  EXPECT_EQ(profile->acts[key(FARM_LAUNCHER, FARM_ACT_EXEC, 59, FARM_RUNTIME)], 3u);
  EXPECT_EQ(profile->acts[key(FARM_SANDBOX, FARM_ACT_NAMESPACE, 272, 131072)], 7u);
  EXPECT_EQ(profile->acts[key(FARM_SANDBOX, FARM_ACT_PTRACE, 101, 13, true)], 1u);
  EXPECT_EQ(render_guard_profile(*profile), kProfile);
}

TEST(GuardProfile, WhatIsNoneIsRefusedWithWhatIsWrong) {
  auto why = [](const std::string& json) {
    auto profile = parse_guard_profile(json);
    return profile ? std::string("taken") : profile.error().what;
  };
  auto with = [&](const std::string& row) {
    return why("{\"runtime\": \"20240729.0\", \"acts\": [" + row + "]}");
  };
  for (const char* text : {"", "[]", "{", "{\"runtime\": 7, \"acts\": []}", "{\"runtime\": \"20240729.0\"}"})
    EXPECT_EQ(why(text), "a profile is a JSON object with runtime and acts") << text;
  EXPECT_EQ(why("{\"runtime\": \"latest\", \"acts\": []}"), "runtime is no release of runsc");
  for (const char* row : {"7", "null", "[]", "{}", "{\"part\": 3}", "{\"part\": \"kernel\"}"})
    EXPECT_EQ(with(row).rfind("unknown part in ", 0), 0u) << row << with(row);
  EXPECT_EQ(with("{\"part\": \"stub\", \"act\": \"none\"}").rfind("unknown act in ", 0), 0u);
  EXPECT_EQ(with("{\"part\": \"stub\", \"act\": \"bpf\", \"call\": \"BPF\"}").rfind("unknown call in ", 0),
            0u);
  std::string good = "{\"part\": \"stub\", \"act\": \"exec\", \"call\": \"execve\", \"sealed\": false";
  EXPECT_EQ(with(good + "}").rfind("unknown detail in ", 0), 0u) << "an exec says what it becomes";
  EXPECT_EQ(with(good + ", \"detail\": \"stub\"}"), "taken");
  EXPECT_EQ(with("{\"part\": \"stub\", \"act\": \"bpf\", \"call\": \"bpf\"}").rfind("unknown value of", 0),
            0u);
  EXPECT_EQ(with("{\"part\": \"stub\", \"act\": \"bpf\", \"call\": \"bpf\", \"sealed\": true, \"detail\": "
                 "4294967296}")
                .rfind("unknown detail in ", 0),
            0u);
}

TEST(GuardProfile, ReleaseIsFoundInWhatRunscPrints) {
  EXPECT_EQ(runtime_release("runsc version 0.0~20240729.0"), "20240729.0");
  EXPECT_EQ(runtime_release("runsc version release-20240729.0"), "20240729.0");
  EXPECT_EQ(runtime_release("runsc version release-20250106.12-dirty"), "20250106.12");
  EXPECT_EQ(runtime_release("runsc version 20240729"), "20240729");
  EXPECT_EQ(runtime_release("runsc version 20240729."), "20240729");
  EXPECT_EQ(runtime_release("runsc version 1.2"), "");
  EXPECT_EQ(runtime_release("runsc version 123456789.0"), "");
  EXPECT_EQ(runtime_release(""), "");
}

TEST(GuardProfile, HostsOwnGoesBeforeTheBuiltInAndABrokenOneIsAnError) {
  TempDir dir;
  auto none = find_guard_profile("29991231.0", dir.path());
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->has_value());
  auto absent = find_guard_profile("20240729.0", dir.path() / "absent");
  ASSERT_TRUE(absent);
  ASSERT_TRUE(absent->has_value()) << "it is built in";
  ASSERT_TRUE(write_file((dir.path() / "mine.json").string(), kProfile));
  auto own = find_guard_profile("20240729.0", dir.path());
  ASSERT_TRUE(own);
  ASSERT_TRUE(own->has_value());
  EXPECT_EQ((*own)->acts.size(), 3u);
  ASSERT_TRUE(write_file((dir.path() / "a.json").string(), "no profile"));
  auto broken = find_guard_profile("20240729.0", dir.path());
  ASSERT_FALSE(broken);
  EXPECT_NE(broken.error().what.find("a.json"), std::string::npos) << broken.error().what;
}

TEST(GuardProfile, BuiltInOnesHoldWhatEachRunscMustDo) {
  auto texts = built_in_guard_profiles();
  ASSERT_FALSE(texts.empty());
  for (std::string_view text : texts) {
    auto profile = parse_guard_profile(text);
    ASSERT_TRUE(profile) << profile.error().what;
    auto has = [&](farm_guard_key k) { return profile->acts.contains(k); };
    EXPECT_TRUE(has(key(FARM_LAUNCHER, FARM_ACT_EXEC, 59, FARM_RUNTIME)));
    EXPECT_TRUE(has(key(FARM_RUNTIME, FARM_ACT_EXEC, 59, FARM_SANDBOX)));
    EXPECT_TRUE(has(key(FARM_RUNTIME, FARM_ACT_EXEC, 59, FARM_GOFER)));
    for (const auto& [k, seen] : profile->acts) {
      std::string shown =
          guard_part_name(k.part) + " " + guard_act_name(k.act) + " " + guard_call_name(k.call);
      EXPECT_GT(seen, 0u) << shown << ": learned, not guessed";
      EXPECT_NE(k.part, FARM_STRANGER) << shown;
      EXPECT_NE(k.act, FARM_ACT_SECCOMP) << shown;
      EXPECT_FALSE(k.act == FARM_ACT_EXEC && k.detail == FARM_STRANGER) << shown;
      if (k.sealed != 0 && k.part != FARM_STUB) {
        EXPECT_NE(k.act, FARM_ACT_EXEC) << shown;
        EXPECT_NE(k.act, FARM_ACT_MOUNT) << shown;
        EXPECT_NE(k.act, FARM_ACT_NAMESPACE) << shown;
      }
    }
    EXPECT_EQ(render_guard_profile(*profile), text) << "as learning writes it";
  }
}

TEST(GuardProfile, LearningAddsUpAndKeepsReleasesApart) {
  TempDir dir;
  auto file = dir.path() / "learned.json";
  GuardCounts first{{key(FARM_GOFER, FARM_ACT_MOUNT, 165), 2}};
  GuardCounts second{{key(FARM_GOFER, FARM_ACT_MOUNT, 165), 3}, {key(FARM_STUB, FARM_ACT_FORK, 56), 1}};
  ASSERT_TRUE(learn_guard_profile(file, "20240729.0", first));
  ASSERT_TRUE(learn_guard_profile(file, "20240729.0", second));
  auto profile = parse_guard_profile(*read_file(file.string(), 1 << 20));
  ASSERT_TRUE(profile);
  EXPECT_EQ(profile->acts[key(FARM_GOFER, FARM_ACT_MOUNT, 165)], 5u);
  EXPECT_EQ(profile->acts[key(FARM_STUB, FARM_ACT_FORK, 56)], 1u);
  EXPECT_FALSE(learn_guard_profile(file, "20250106.0", first));
  EXPECT_FALSE(learn_guard_profile(file, "", first));
  EXPECT_FALSE(learn_guard_profile("/proc/no/such/place", "20240729.0", first));
}

TEST(GuardCalls, EachHasAKindAndOneThatRunscNeedsAtEachSystemCallHasNone) {
  auto calls = guard_calls();
  size_t acts = 0;
  for (const auto& call : calls) {
    acts += call.act != FARM_ACT_NONE;
    EXPECT_LT(call.act, FARM_ACT_KINDS);
    EXPECT_LE(call.detail, 3);
    EXPECT_LE(call.path, 3);
    EXPECT_EQ(call.detail != 0, call.mask != 0);
  }
  EXPECT_EQ(acts, 59u);
  for (const char* name : {"futex", "read", "write", "mmap", "clone", "execve", "openat", "prctl"})
    EXPECT_EQ(calls[static_cast<size_t>(syscall_number(name))].act, FARM_ACT_NONE) << name;
}

farm_guard sample() {
  farm_guard record{};
  record.time_ns = 12345;
  record.args[0] = 1, record.args[5] = 6;
  record.key = key(FARM_SANDBOX, FARM_ACT_PTRACE, 101, 13, true);
  record.host_pid = 70, record.host_tid = 71, record.uid = 65534;
  std::memcpy(record.comm, "exe", 4);
  std::memcpy(record.path, "/bin/sh", 8);
  return record;
}
std::string bytes_of(const farm_guard& record) {
  return {reinterpret_cast<const char*>(&record), sizeof record};
}

TEST(GuardRecord, BecomesAnEvent) {
  auto e = decode_guard(bytes_of(sample()));
  ASSERT_TRUE(e) << e.error().what;
  Event expected;
  expected.kind = EventKind::guard;
  expected.plane = Plane::host;
  expected.source = Source::guard;
  expected.time_ns = 12345;
  expected.name = "ptrace";
  expected.call = "ptrace";
  expected.path2 = "sandbox";
  expected.path = "/bin/sh";
  expected.comm = "exe";
  expected.host_tid = 71;
  expected.uid = 65534;
  expected.flags = 13;
  expected.data = "sealed";
  expected.args = {1, 0, 0, 0, 0, 6};
  EXPECT_EQ(*e, expected) << event_json(*e);
}

TEST(GuardRecord, OfAWrongSizeOrKindIsRefusedAndNeverReadBeyond) {
  std::string whole = bytes_of(sample());
  for (size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(decode_guard(whole.substr(0, size)));
  EXPECT_FALSE(decode_guard(whole + "x"));
  farm_guard record = sample();
  record.key.part = FARM_PARTS;
  EXPECT_FALSE(decode_guard(bytes_of(record)));
  record = sample();
  record.key.act = FARM_ACT_KINDS;
  EXPECT_FALSE(decode_guard(bytes_of(record)));
  record.key.act = FARM_ACT_NONE;
  EXPECT_FALSE(decode_guard(bytes_of(record)));
  record = sample();
  std::memset(record.path, 'p', sizeof record.path);
  std::memset(record.comm, 'c', sizeof record.comm);
  record.key.call = 5000;
  auto e = decode_guard(bytes_of(record));
  ASSERT_TRUE(e);
  EXPECT_EQ(e->path, std::string(sizeof record.path, 'p'));
  EXPECT_EQ(e->comm, std::string(sizeof record.comm, 'c'));
  EXPECT_EQ(e->call, "syscall_5000");
}

}  // namespace
}  // namespace assay
