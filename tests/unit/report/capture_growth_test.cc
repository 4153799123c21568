#include "report/capture_growth.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "evidence/gunzip.h"
#include "storage/capture_folder.h"

namespace soakwatch {
namespace {

const WallTime kStart = from_unix_ms(1795164000000);

class CaptureGrowthTest : public ::testing::Test {
 protected:
  CaptureGrowthTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "soakwatch-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    std::filesystem::create_directory(captures_folder(database()));
  }
  ~CaptureGrowthTest() override { std::filesystem::remove_all(folder_); }
  [[nodiscard]] std::filesystem::path database() const { return folder_ / "s.db"; }

  // Goroutines of one function, as goroutine?debug=2 has them.
  void add(InstanceId instance, int minute, int goroutines) {
    std::string text;
    for (int i = 1; i <= goroutines; ++i) {
      text += "goroutine " + std::to_string(i) +
              " [chan receive]:\nmain.leak()\n\t/src/leak.go:7 +0x1d\n\n";
    }
    Capture capture;
    capture.id = static_cast<CaptureId>(captures_.size() + 1);
    capture.instance = instance;
    capture.kind = CaptureKind::kGoroutine;
    capture.time = kStart + std::chrono::minutes(minute);
    capture.file = capture_file_name(capture, "t", "txt.gz");
    std::ofstream(captures_folder(database()) / capture.file, std::ios::binary)
        << gzip(text).value();
    captures_.push_back(capture);
  }

  std::filesystem::path folder_;
  std::vector<Capture> captures_;
};

TEST_F(CaptureGrowthTest, ComparesTheFirstWithTheNewest) {
  add(1, 0, 3);
  add(1, 10, 30);
  add(1, 20, 50);
  const auto growth = growth_between(database(), captures_, 10);
  ASSERT_EQ(growth.size(), 1U);
  EXPECT_EQ(growth[0].weight_before, 3);
  EXPECT_EQ(growth[0].weight_after, 50);
  ASSERT_EQ(growth[0].groups.size(), 1U);
  EXPECT_EQ(growth[0].groups[0].after.name, "main.leak");
  EXPECT_EQ(growth[0].groups[0].now - growth[0].groups[0].before, 47);
}

TEST_F(CaptureGrowthTest, LeavesOtherProcessesOut) {
  add(1, 0, 3);
  add(2, 10, 30);
  EXPECT_TRUE(growth_between(database(), captures_, 10).empty());
}

TEST_F(CaptureGrowthTest, NothingGrewWhereNothingDid) {
  add(1, 0, 3);
  add(1, 10, 3);
  const auto growth = growth_between(database(), captures_, 10);
  ASSERT_EQ(growth.size(), 1U);
  EXPECT_TRUE(growth[0].groups.empty());
}

TEST_F(CaptureGrowthTest, PassesOverAFileThatIsGone) {
  add(1, 0, 3);
  add(1, 10, 30);
  std::filesystem::remove(captures_folder(database()) / captures_[0].file);
  EXPECT_TRUE(growth_between(database(), captures_, 10).empty());
}

}  // namespace
}  // namespace soakwatch
