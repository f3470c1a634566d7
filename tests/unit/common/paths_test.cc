// Guest paths by text alone.
#include "common/paths.h"

#include <gtest/gtest.h>

namespace assay {
namespace {

TEST(Paths, AreMadeAbsoluteByTextAlone) {
  for (auto [base, path, expected] : {std::tuple{"/x", "/a/b", "/a/b"},
                                      {"/x", "b", "/x/b"},
                                      {"/x/", "./b", "/x/b"},
                                      {"/x/y", "../b", "/x/b"},
                                      {"/x", "../../../b", "/b"},
                                      {"", "/a//b/./c/../d", "/a/b/d"},
                                      {"", "b", "b"},
                                      {"rel", "b", "b"},
                                      {"/x", "", ""},
                                      {"", "/", "/"},
                                      {"/", "../..", "/"},
                                      {"/a", "../../../etc/../etc/passwd", "/etc/passwd"}})
    EXPECT_EQ(resolve_path(base, path), expected) << path;
}

}  // namespace
}  // namespace assay
