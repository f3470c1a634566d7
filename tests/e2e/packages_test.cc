// Packages and layers of executed files, in a real scan of a real image.
#include <gtest/gtest.h>

#include <algorithm>

#include "common/trace_file.h"
#include "tests/e2e/assay.h"

namespace assay::e2e {
namespace {

TEST(Packages, ProgramOfAnImageIsOfItsPackageAndLayer) {
  ASSAY_NEEDS_HOST();
  ASSAY_NEED(fs::exists(image("nginx")), "the sample image nginx: tests/images/build");
  TempDir data;
  std::string trace = data.path() / "trace";
  Ran ran = assay(data, {"scan", "oci-archive:" + image("nginx").string(), "--duration", "5s", "--format", "json",
                         "--keep-trace", trace});
  ASSERT_TRUE(ran.json().is_object()) << ran.err;
  std::vector<Event> events;
  auto read = read_trace_file(trace, [&](const Event& event) { events.push_back(event); });
  ASSERT_TRUE(read) << read.error().what;
  auto nginx = std::find_if(events.begin(), events.end(), [](const Event& event) {
    return (event.kind == EventKind::start || event.kind == EventKind::exec) && event.path == "/usr/sbin/nginx";
  });
  ASSERT_NE(nginx, events.end());
  EXPECT_TRUE(nginx->package == "nginx" || nginx->package == "nginx-core") << nginx->package;
  EXPECT_EQ(nginx->package_state, "unchanged");
  ASSERT_GE(nginx->layer, 1u);
  EXPECT_LE(nginx->layer, read->header.image.layers.size());
  bool told = std::any_of(events.begin(), events.end(), [](const Event& event) {
    return event.kind == EventKind::note && event.call == "packages" && event.data.find(" packages, ") != std::string::npos;
  });
  EXPECT_TRUE(told);
}

}  // namespace
}  // namespace assay::e2e
