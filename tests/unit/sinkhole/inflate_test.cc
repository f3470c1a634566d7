// Decompression within bounds.
#include "agent/sinkhole/web/inflate.h"

#include <gtest/gtest.h>

#include "agent/sinkhole/canary/archive.h"

namespace assay::sinkhole {
namespace {

TEST(Inflate, UndoesWhatClientsCallDeflate) {
  std::string text(5000, 'a');
  EXPECT_EQ(inflate(gzip(text), 1 << 20).bytes, text);
  EXPECT_EQ(inflate(gzip(text) + gzip("b"), 1 << 20).bytes, text + "b");
  std::string zlib("\x78\x9c\x4b\x4a\x06\x00\x01\x26\x00\xc6", 10);  // "bc", by Python's zlib.compress
  EXPECT_EQ(inflate(zlib, 100).bytes, "bc");
  EXPECT_EQ(inflate(zlib.substr(2, 4), 100).bytes, "bc");
}

TEST(Inflate, BombIsCutAndDamageIsNotWhole) {
  std::string bomb = gzip(std::string(16 << 20, '\0'));
  Inflated out = inflate(bomb, 1 << 20);
  EXPECT_EQ(out.bytes.size(), 1u << 20);
  EXPECT_FALSE(out.whole);
  EXPECT_FALSE(inflate(gzip("hello").substr(0, 15), 100).whole);
  EXPECT_EQ(inflate("no such thing", 100).bytes, "");
  EXPECT_TRUE(inflate(gzip(""), 100).whole);
}

}  // namespace
}  // namespace assay::sinkhole
