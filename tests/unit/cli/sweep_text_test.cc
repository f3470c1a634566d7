// What the API says of sweeps, read and told to a person.
#include "cli/sweep_text.h"

#include <gtest/gtest.h>

#include "tests/unit/cli/fake_api.h"

namespace assay::cli {
namespace {

constexpr int64_t kNow = 1'796'000'000;  // 2026-11-30 00:53:20

const std::string kRunning =
    R"({"name":"nightly","tenant":"ops","sources":["registry.example","ecr eu-west-1"],"schedule":"0 2 * * *",)"
    R"("time_zone":"Europe/Berlin","paused":false,"running":"20261125T031400-0000000b",)"
    R"("created_ns":1795576440000000000,"last_due_s":1795996800,"next_due_s":1796083200,)"
    R"("spec":{"name":"nightly","sources":[{"registry":"registry.example"}],"repositories":["team/*","!team/old"],)"
    R"("newest":3,"deadline":"06:00","profile":{"duration_ms":20000}},)"
    R"("run":{"run_id":"20261125T031400-0000000b","state":"listing","why":"schedule",)"
    R"("started_ns":1795996800000000000,"deadline_s":1796007200,"sources_open":1,)"
    R"("repositories":{"waiting":20,"listing":4,"done":1500,"failed":2,"not_reached":0},)"
    R"("images":{"submitted":300,"known":1200,"rescored":0,"same":7,"not_reached":3,"failed":1},"scans_open":120,)"
    R"("busy":[{"host":"registry.example","ms":61000}],)"
    R"("capacity":{"seconds_left":7200,"scans_open":120,"slots":8,"service_s":600,"slots_needed":10,)"
    R"("in_time":false,"basis":"scans take as long as the last ones did"}}})";

TEST(SweepText, ASweepIsToldWithItsRunAndWhatItTakesToBeDoneInTime) {
  auto sweep = read_sweep(kRunning);
  ASSERT_TRUE(sweep) << sweep.error().what;
  EXPECT_EQ(
      sweep_text(*sweep, kNow),
      "sweep         nightly\n"
      "tenant        ops\n"
      "source        registry.example\n"
      "source        ecr eu-west-1\n"
      "schedule      0 2 * * * Europe/Berlin\n"
      "created       2026-11-25 03:14:00 UTC\n"
      "last due      2026-11-30 00:00:00 UTC\n"
      "next due      2026-12-01 00:00:00 UTC, in 23 h 6 min\n"
      "deadline      06:00\n"
      "newest        3\n"
      "profile       {\"duration_ms\":20000}\n"
      "repositories  team/*, !team/old\n"
      "\n"
      "run           20261125T031400-0000000b\n"
      "state         listing\n"
      "begun         schedule\n"
      "started       2026-11-30 00:00:00 UTC\n"
      "deadline      2026-11-30 02:53:20 UTC, in 2 h\n"
      "sources       1 source still naming repositories\n"
      "repositories  1,500 listed, 4 being listed, 20 waiting, 2 failed\n"
      "images        300 to scan, 1,200 known already, 7 the same as another, 1 failed, 3 not reached\n"
      "scans         180 of 300 ended\n"
      "left alone    registry.example, for 1 min 1 s\n"
      "capacity      10 slots needed to end 120 scans in 2 h, 8 there: NOT ENOUGH (scans take as long as the "
      "last ones did)\n");
  EXPECT_EQ(progress_line(*sweep->run),
            "listing: 1,502 of 1,526 repositories so far, 1,511 images, scans: 180 of 300 ended, waiting for "
            "registry.example");
}

TEST(SweepText, APausedSweepSaysHowItGoesOn) {
  auto sweep = read_sweep(
      R"({"name":"a","paused":true,"schedule":"","running":null,"next_due_s":null,"run":null,"spec":{}})");
  ASSERT_TRUE(sweep) << sweep.error().what;
  EXPECT_EQ(sweep_text(*sweep, kNow),
            "sweep         a\nschedule      by hand\ncreated       -\n"
            "next due      none: it is paused (assay sweep resume a)\n\nno run is under way\n");
}

TEST(SweepText, RunsAreToldWithTheirFirstTrouble) {
  auto runs = read_sweep_runs(
      R"({"runs":[{"run_id":")" + kScan2 +
      R"(","state":"scanning","why":"by hand","started_ns":1795576500000000000,"trouble":[]},{"run_id":")" +
      kScan1 +
      R"(","state":"done","why":"schedule","started_ns":1795576500000000000,"ended_ns":1795576623000000000,)"
      R"("listed_all":false,"trouble":["registry.example: no such login","x"]}]})");
  ASSERT_TRUE(runs) << runs.error().what;
  EXPECT_EQ(
      sweep_runs_text(*runs, 0),
      "RUN                       STATE     BEGUN     STARTED                       TOOK  TROUBLE\n" + kScan2 +
          "  scanning  by hand   2026-11-25 03:15:00 UTC\n" + kScan1 +
          "  done      schedule  2026-11-25 03:15:00 UTC  2 min 3 s  registry.example: no such login (and 1 "
          "more)\n");
}

TEST(SweepText, AnAnswerWithWrongTypesIsRefusedByName) {
  auto what = [](const std::string& json) {
    auto sweep = read_sweep(json);
    return sweep ? "" : sweep.error().what;
  };
  EXPECT_EQ(what(R"({"name":3})"), "the server's answer: 'name' is not text");
  EXPECT_EQ(what(R"({"run":{"repositories":{"done":-1}}})"),
            "the server's answer, the run: 'repositories' is not an object of counts");
  EXPECT_EQ(what(R"({"run":{"run_id":"../x"}})"), "the server's answer, the run: 'run_id' is not an id");
  EXPECT_EQ(what(R"({"sources":[1]})"), "the server's answer: 'sources' is not a list of texts");
  EXPECT_EQ(what("[]"), "the server's answer is not a JSON object");
}

TEST(SweepText, ExtremeNumbersAndHostileTextsDoNoHarm) {
  auto sweep = read_sweep(R"({"name":"\u001b[31mx","next_due_s":9223372036854775807,"created_ns":-5,)"
                          R"("run":{"deadline_s":-9223372036854775808,"started_ns":9223372036854775807,)"
                          R"("repositories":{"done":18446744073709551615},"scans_open":18446744073709551615,)"
                          R"("busy":[{"host":"\u0007","ms":18446744073709551615}]}})");
  ASSERT_TRUE(sweep) << sweep.error().what;
  std::string text = sweep_text(*sweep, kNow) + progress_line(*sweep->run);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find('\a'), std::string::npos);
}

}  // namespace
}  // namespace assay::cli
