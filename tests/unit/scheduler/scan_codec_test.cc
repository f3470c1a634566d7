// Records as bytes and back: whole, bounded, and no damage goes unnoticed.
#include "scheduler/scan_codec.h"

#include <gtest/gtest.h>

#include "tests/unit/scheduler/keep_samples.h"

namespace assay {
namespace {

using namespace sample;

TEST(ScanCodec, RecordComesBackWhole) {
  EXPECT_EQ(str(decode_scan(encode_scan(record()))), str(record()));
  EXPECT_EQ(str(decode_scan(encode_scan({}))), str(ScanRecord()));
  EXPECT_EQ(decode_scan("junk").error().code, Errc::corrupt);
}

TEST(ScanCodec, LargestRecordComesBackCut) {
  ScanRecord r = record();
  for (auto* text : {&r.submission.job.ref, &r.submission.job.auth_file, &r.agent, &r.error, &r.digest,
                     &r.verdict, &r.error_code, &r.tracer_version, &r.submission.tenant})
    text->assign(10'000, 'x');
  r.submission.labels.assign(40, {std::string(1000, 'n'), std::string(1000, 'v')});
  auto back = decode_scan(encode_scan(r));
  ASSERT_TRUE(back) << back.error().what;
  EXPECT_EQ(back->submission.labels.size(), kMaxLabels);
  EXPECT_EQ(back->error.size(), 4096u);
  EXPECT_EQ(back->agent.size(), 64u);
}

TEST(ScanCodec, BatchComesBackWhole) {
  BatchRecord batch{kBatch, "nightly", "tenant-1", {{"a", "b"}, {"c", ""}}, -5, std::string("[\0]", 3)};
  EXPECT_EQ(str(decode_batch(encode_batch(batch))), str(batch));
  EXPECT_EQ(str(decode_batch(encode_batch({}))), str(BatchRecord()));
  EXPECT_EQ(decode_batch(encode_scan(record())).error().code, Errc::corrupt);
}

TEST(ScanCodec, EveryDamagedByteIsNoticed) {
  std::string whole = encode_scan(record());
  for (size_t at = 0; at < whole.size(); ++at)
    for (int bit : {0, 3, 7}) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ 1 << bit);
      ASSERT_FALSE(decode_scan(damaged)) << "byte " << at;
    }
}

}  // namespace
}  // namespace assay
