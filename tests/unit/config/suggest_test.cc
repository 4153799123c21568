#include "config/suggest.h"

#include <gtest/gtest.h>

#include <array>

namespace soakwatch {
namespace {

constexpr std::array<std::string_view, 4> kWords{"interval", "timeout", "for", "jsonl"};

TEST(Nearest, FindsOneSlip) {
  EXPECT_EQ(nearest("intervall", kWords), "interval");
  EXPECT_EQ(nearest("interal", kWords), "interval");
  EXPECT_EQ(nearest("timeuot", kWords), "timeout");  // a swap counts once
  EXPECT_EQ(nearest("jsnol", kWords), "jsonl");
  EXPECT_EQ(nearest("fro", kWords), "for");
}

TEST(Nearest, TheNearestWins) {
  constexpr std::array<std::string_view, 3> kClose{"heap", "help", "heal"};
  EXPECT_EQ(nearest("heapp", kClose), "heap");
}

TEST(Nearest, StaysQuietOnAnotherWord) {
  EXPECT_EQ(nearest("database", kWords), std::nullopt);
  EXPECT_EQ(nearest("", kWords), std::nullopt);
  EXPECT_EQ(nearest("xyz", kWords), std::nullopt);
  EXPECT_EQ(nearest("x", std::array<std::string_view, 1>{"y"}), std::nullopt);
  EXPECT_EQ(nearest("interval", {}), std::nullopt);
  EXPECT_EQ(nearest(std::string(100000, 'i'), kWords), std::nullopt);
}

TEST(DidYouMean, IsASentenceOrNothing) {
  EXPECT_EQ(did_you_mean("timout", kWords), "; did you mean 'timeout'?");
  EXPECT_EQ(did_you_mean("colour", kWords), "");
}

}  // namespace
}  // namespace soakwatch
