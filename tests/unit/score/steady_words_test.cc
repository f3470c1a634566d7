// Words that chance does not change.
#include "scheduler/score/steady_words.h"

#include <gtest/gtest.h>

namespace assay {
namespace {

TEST(SteadyWords, Stay) {
  for (const char* name : {"mirror.example.org", "metadata.google.internal", "s3.eu-west-1.amazonaws.com",
                           "a1.b2.example", "kubernetes.default.svc.cluster.local"})
    EXPECT_EQ(steady_name(name), name);
  for (const char* path :
       {"/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", "/usr/bin/python3.11", "/tmp/xmrig",
        "/tmp/install.sh", "/opt/app-1.2/bin/run", "/dev/shm/kinsing", "/bin/sh"})
    EXPECT_EQ(steady_path(path), path);
  EXPECT_EQ(steady_name("550e8400-e29b-41d4-a716-446655440000.x.test"), "*.x.test");
  EXPECT_EQ(steady_path("/tmp/app.Xy12Zq"), "/tmp/app.*");
  EXPECT_EQ(steady_path("/tmp/tmpk3x_9q2a/x"), "/tmp/tmp*/x");
  EXPECT_EQ(steady_path("/tmp/bbug.76/x"), "/tmp/bbug.*/x");
  EXPECT_EQ(steady_path("/tmp/app-2"), "/tmp/app-2");
  EXPECT_EQ(steady_path("/srv/app.76"), "/srv/app.76");
  EXPECT_EQ(steady_name("n5xgk5bnmrsxa3dppefa.6.tunnel.example"), "*.6.tunnel.example");
  EXPECT_EQ(steady_name("internationalization.example"), "internationalization.example");
  EXPECT_EQ(steady_port("tcp/32767"), "tcp/32767");
  EXPECT_EQ(steady_port("tcp/32768"), "tcp/high");
  EXPECT_EQ(steady_port("odd"), "odd");
}

}  // namespace
}  // namespace assay
