#include "sources/registry_link.h"

#include <gtest/gtest.h>

namespace assay::sources {
namespace {

TEST(RegistryLink, NextIsFoundAmongOthers) {
  EXPECT_EQ(next_link("</v2/_catalog?last=b&n=2>; rel=\"next\""), "/v2/_catalog?last=b&n=2");
  EXPECT_EQ(next_link("<a>; rel=prev, <b,c;d>; title=\"x, <y>\"; REL=\"last Next\""), "b,c;d");
  EXPECT_EQ(next_link("<https://h/v2/>;rel=next"), "https://h/v2/");
  for (const char* none : {"", "<a>", "<a>; rel=prev", "a; rel=next", "<a; rel=next", "<a>; rel=\"next", "<a>;;;", ",,,<"})
    EXPECT_EQ(next_link(none), std::nullopt) << none;
}

std::string shown(std::string_view header) {
  std::string out;
  for (const Challenge& challenge : parse_challenges(header)) {
    out += challenge.scheme + "(";
    for (const auto& [name, value] : challenge.values) out += name + "=" + value + ";";
    out += ")";
  }
  return out;
}

TEST(RegistryLink, ChallengesAreReadOneAfterAnother) {
  EXPECT_EQ(shown("Bearer realm=\"https://auth.example/token\",service=\"r\",scope=\"repository:a/b:pull,push\""),
            "bearer(realm=https://auth.example/token;scope=repository:a/b:pull,push;service=r;)");
  EXPECT_EQ(shown("Negotiate, Basic realm=\"a \\\"b\\\"\" , Bearer Realm=x"),
            "negotiate()basic(realm=a \"b\";)bearer(realm=x;)");
  EXPECT_EQ(shown("Basic"), "basic()");
  EXPECT_EQ(shown("Bearer realm=\"open"), "bearer()realm()");
  EXPECT_EQ(shown(""), "");
  EXPECT_EQ(shown("=,=\""), "");
  EXPECT_EQ(parse_challenges(std::string(100'000, 'a') + std::string(1000, ',')).size(), 1u);
  std::string many;
  for (int i = 0; i < 100; ++i) many += "Basic,";
  EXPECT_EQ(parse_challenges(many).size(), 16u);
}

}  // namespace
}  // namespace assay::sources
