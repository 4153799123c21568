#include "model/printable.h"

#include <gtest/gtest.h>

namespace soakwatch {
namespace {

TEST(Printable, KeepsOrdinaryTextOfAnyScript) {
  EXPECT_EQ(printable("sidecar"), "sidecar");
  EXPECT_EQ(printable("größe 侧边栏"), "größe 侧边栏");
}

TEST(Printable, DisarmsWhatATerminalWouldObey) {
  EXPECT_EQ(printable(") R 1 \x1b[31m"), ") R 1 \\x1b[31m");
  EXPECT_EQ(printable("a\nb\tc\x7f"), "a\\x0ab\\x09c\\x7f");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "\\xc2\\x9b"
            "31m");  // C1 CSI
  EXPECT_EQ(printable("\xe2\x80\xae"
                      "x"),
            "\\xe2\\x80\\xae"
            "x");  // right-to-left override
}

TEST(Printable, ShowsBytesThatAreNotUtf8) {
  EXPECT_EQ(printable("\xff\xc0\xaf"), "\\xff\\xc0\\xaf");
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // a surrogate
  EXPECT_EQ(printable("\xe2\x82"), "\\xe2\\x82");           // cut short
}

TEST(Printable, StopsAtTheLimit) { EXPECT_EQ(printable("aaaaaaaaaa", 4), "aaaa..."); }

TEST(FormatValue, UsesTheUnitOfTheMetric) {
  EXPECT_EQ(format_bytes(512), "512 B");
  EXPECT_EQ(format_bytes(1536), "1.5 KiB");
  EXPECT_EQ(format_value(Metric::kRssBytes, 512.0 * 1024 * 1024), "512 MiB");
  EXPECT_EQ(format_value(Metric::kGoroutines, 1234567), "1,234,567");
  EXPECT_EQ(format_value(Metric::kGcCpuFraction, 0.013), "1.3 %");
  EXPECT_EQ(format_rate(Metric::kGoroutines, 240), "+240/h");
  EXPECT_EQ(format_rate(Metric::kRssBytes, -2048), "-2.0 KiB/h");
  EXPECT_GT(format_value(Metric::kGoroutines, 1e308).size(), 400U);
  EXPECT_FALSE(format_value(Metric::kRssBytes, 1e308).empty());
}

}  // namespace
}  // namespace soakwatch
