#include "evidence/gunzip.h"

#include <gtest/gtest.h>

namespace soakwatch {
namespace {

TEST(Gunzip, GivesBackWhatWasPacked) {
  std::string text;
  for (int i = 0; i < 20000; ++i) text += std::to_string(i * 7919) + " ";
  for (const std::string& one : {text, std::string("x"), std::string()}) {
    const auto packed = gzip(one);
    ASSERT_TRUE(packed);
    EXPECT_TRUE(is_gzip(*packed));
    const auto back = gunzip(*packed, text.size());
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(*back, one);
  }
}

TEST(Gunzip, ReadsSeveralMembers) {
  const auto back = gunzip(*gzip("one ") + *gzip("") + *gzip("two"), 100);
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, "one two");
}

TEST(Gunzip, StopsAtItsLimit) {
  const auto packed = gzip(std::string(1 << 20, 'x'));
  EXPECT_TRUE(gunzip(*packed, 1 << 20));
  const auto back = gunzip(*packed, (1 << 20) - 1);
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().kind, ErrorKind::kTooLarge);
}

TEST(Gunzip, RefusesWhatIsNoWholeGzip) {
  const std::string packed = *gzip("some text that is long enough to be cut somewhere");
  for (std::size_t size = 0; size < packed.size(); ++size) {
    const auto back = gunzip(packed.substr(0, size), 1000);
    ASSERT_FALSE(back) << size;
    EXPECT_EQ(back.error().kind, ErrorKind::kInvalid) << size;
  }
  EXPECT_FALSE(gunzip("goroutine profile: total 3", 1000));
  EXPECT_FALSE(gunzip(packed + "x", 1000));
  std::string damaged = packed;
  damaged[packed.size() - 6] = static_cast<char>(damaged[packed.size() - 6] ^ 1);  // checksum
  EXPECT_FALSE(gunzip(damaged, 1000));
}

}  // namespace
}  // namespace soakwatch
