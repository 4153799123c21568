#include "collectors/pprof/index_page.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/collectors/pprof/fixture.h"

namespace soakwatch {
namespace {

using Profiles = std::vector<ProfileCount>;

TEST(IndexPage, ReadsEveryGoVersion) {
  for (const char* version : {"1.10", "1.13", "1.16", "1.19", "1.22", "1.26"}) {
    const Result<IndexPage> page =
        parse_index_page(fixture("index_go" + std::string(version) + ".html"));
    ASSERT_TRUE(page) << version << ": " << page.error().message;
    EXPECT_EQ(page->count("goroutine"), 13) << version;
    EXPECT_TRUE(page->count("heap").value_or(0) > 0) << version;
    EXPECT_EQ(page->count("mutex"), 0) << version;
    EXPECT_TRUE(page->count("threadcreate").value_or(0) > 4) << version;
    EXPECT_FALSE(page->count("nonexistent"));
  }
}

TEST(IndexPage, KeepsTheOrderAndTheNumberOfProfiles) {
  const Result<IndexPage> old_page = parse_index_page(fixture("index_go1.10.html"));
  EXPECT_EQ(
      old_page->profiles,
      (Profiles{{"block", 0}, {"goroutine", 13}, {"heap", 2}, {"mutex", 0}, {"threadcreate", 7}}));
  EXPECT_EQ(parse_index_page(fixture("index_go1.26.html"))->profiles.size(), 10);
}

TEST(IndexPage, LeavesOutRowsThatMakeNoSense) {
  const Result<IndexPage> page = parse_index_page(
      "<table>"
      "<tr><td>-1</td><td><a href=a>negative</a></td></tr>"
      "<tr><td>1e3</td><td><a href=a>exponent</a></td></tr>"
      "<tr><td></td><td><a href=a>empty</a></td></tr>"
      "<tr><td>18446744073709551616</td><td><a href=a>overflow</a></td></tr>"
      "<tr><td>9007199254740993</td><td><a href=a>inexact</a></td></tr>"
      "<tr><td>5</td><td>no link</td></tr>"
      "<tr><td>5</td><td><a href=a></a></td></tr>"
      "<tr><td>7</td><td><a href=a>good</a></td></tr>"
      "</table><table><tr><td>8</td><td><a href=a>another table</a></td></tr></table>");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->profiles, (Profiles{{"good", 7}}));
}

TEST(IndexPage, APageCutShortGivesNoPartOfANumberOrName) {
  const std::string whole = fixture("index_go1.26.html");
  const std::size_t row = whole.find(">13<");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Result<IndexPage> page = parse_index_page(whole.substr(0, size));
    if (size < row) {
      EXPECT_FALSE(page && page->count("goroutine"));
      continue;
    }
    ASSERT_TRUE(page);
    for (const ProfileCount& profile : page->profiles) {
      EXPECT_EQ(parse_index_page(whole)->count(profile.name), profile.count);
    }
  }
}

TEST(IndexPage, OtherPagesAreErrors) {
  for (const char* html : {"", "<html><body>hello</body></html>", "404 page not found\n",
                           "<table><tr><th>Name</th><th>Size</th></tr></table>", "<table",
                           "<table><tr><td><tr><td", "\x1f\x8b\x08"}) {
    const Result<IndexPage> page = parse_index_page(html);
    ASSERT_FALSE(page) << html;
    EXPECT_EQ(page.error().kind, ErrorKind::kInvalid);
  }
}

TEST(IndexPage, EndsOnAHugeTable) {
  std::string html = "<table>";
  for (int i = 0; i < 100000; ++i) html += "<tr><td>1</td><td><a href=a>x</a></td></tr>";
  EXPECT_EQ(parse_index_page(html)->profiles.size(), 1024);
}

}  // namespace
}  // namespace soakwatch
