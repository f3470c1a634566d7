// The part of guest that needs no guest.
#include "agent/guest.h"

#include <gtest/gtest.h>
#include <signal.h>

namespace assay {
namespace {

TEST(ParseSignal, KnowsNamesAndNumbers) {
  EXPECT_EQ(*parse_signal(""), SIGTERM);
  EXPECT_EQ(*parse_signal("SIGQUIT"), SIGQUIT);
  EXPECT_EQ(*parse_signal("INT"), SIGINT);
  EXPECT_EQ(*parse_signal("9"), SIGKILL);
}

TEST(ParseSignal, RefusesOthersAndShowsNoControlCharactersOfTheImage) {
  for (const char* text : {"0", "-1", "999999999999", "SIG", "\x1b[2J"}) {
    auto signal = parse_signal(text);
    ASSERT_FALSE(signal) << text;
    EXPECT_EQ(signal.error().code, Errc::invalid);
    EXPECT_EQ(signal.error().what.find('\x1b'), std::string::npos);
  }
}

}  // namespace
}  // namespace assay
