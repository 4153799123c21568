// The files of captures: their names, and who may read or remove what.
#include "storage/capture_folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include "store_fixture.h"

namespace soakwatch {
namespace {

Capture heap_baseline(CaptureId id) {
  Capture capture;
  capture.id = id;
  capture.kind = CaptureKind::kHeap;
  capture.reason = CaptureReason::kBaseline;
  capture.time = kNow;
  return capture;
}

std::string name_for(const std::string& target) {
  return capture_file_name(heap_baseline(17), target, "pb.gz");
}

TEST(CaptureNameTest, SaysWhatIsInside) {
  EXPECT_EQ(name_for("sidecar"), "sidecar-heap-baseline-20261120T084000Z-17.pb.gz");
  Capture capture = heap_baseline(1);
  capture.kind = CaptureKind::kGoroutine;
  capture.reason = CaptureReason::kSuspicion;
  EXPECT_EQ(capture_file_name(capture, "api.v2-test", "txt.gz"),
            "api.v2-test-goroutine-suspicion-20261120T084000Z-1.txt.gz");
}

TEST(CaptureNameTest, AHostileTargetMakesAHarmlessName) {
  constexpr std::string_view kRest = "-heap-baseline-20261120T084000Z-17.pb.gz";
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", "_"},
      {"..", "_.."},
      {"../../etc/passwd", "_.._.._etc_passwd"},
      {"-rf", "_-rf"},
      {".hidden", "_.hidden"},
      {"/usr/bin/a b", "_usr_bin_a_b"},
      {std::string("nul\0l", 5), "nul_l"},
      {"\x1b[2J\n", "__2J_"},
      {"caf\xc3\xa9", "caf__"},
      {"$(reboot)`x`;'\"*?\\", "__reboot__x______ _"},
      {std::string(5000, 'x'), std::string(64, 'x')},
  };
  for (const auto& [target, safe] : cases) {
    const std::string name = name_for(target);
    EXPECT_TRUE(is_capture_file_name(name)) << name;
    EXPECT_EQ(name.find('/'), std::string::npos);
    EXPECT_LT(name.size(), 200U);
    if (safe.find(' ') == std::string::npos) {
      EXPECT_EQ(name, safe + std::string(kRest));
    }
  }
}

TEST(CaptureNameTest, OthersAreNotOurs) {
  for (const char* name :
       {"", ".", "..", "notes.txt", "heap.pb.gz", "a-heap-baseline-20261120T084000Z-17.pb",
        "a-heap-baseline-20261120T084000Z-17.pb.gz.bak", "a-heap-baseline-20261120T084000-17.pb.gz",
        "a-heap-baseline-20261120T084000Z-.pb.gz", "a-heap-baseline-20261120T084000Z-1x.pb.gz",
        "a-heap-often-20261120T084000Z-17.pb.gz", "a-heaps-baseline-20261120T084000Z-17.pb.gz",
        "-heap-baseline-20261120T084000Z-17.pb.gz", "heap-baseline-20261120T084000Z-17.pb.gz",
        ".a-heap-baseline-20261120T084000Z-17.pb.gz", "../a-heap-baseline-20261120T084000Z-1.pb.gz",
        "a/a-heap-baseline-20261120T084000Z-17.pb.gz", "a\n-heap-baseline-20261120T084000Z-1.pb.gz",
        "a-heap-baseline-20261120T084000Z-12345678901234567890.pb.gz"}) {
    EXPECT_FALSE(is_capture_file_name(name)) << name;
  }
}

class CaptureFolderTest : public StoreTest {
 protected:
  CaptureFolderTest() : captures_(options_.database) {
    capture_ = heap_baseline(17);
    capture_.file = name_for("a");
  }
  std::string path_of(const std::string& name) const { return captures_.path() / name; }
  Result<std::string> read(std::size_t limit_bytes = 1000) const {
    return read_capture_file(options_.database, capture_, limit_bytes);
  }

  CaptureFolder captures_;
  Capture capture_;
};

TEST_F(CaptureFolderTest, LiesBesideTheDatabaseAndFollowsItsLinks) {
  EXPECT_EQ(captures_.path(), captures_folder(folder_ / "soak.db"));
  EXPECT_EQ(captures_.path().filename(), "soak.db.captures");
  write_text(options_.database, "x");
  std::filesystem::create_symlink(options_.database, folder_ / "link.db");
  EXPECT_EQ(captures_folder(folder_ / "link.db"), captures_.path());
}

TEST_F(CaptureFolderTest, AFileComesBackAsItWasAndIsForItsOwnerAlone) {
  const std::string content("\x1f\x8b\0\xff any bytes", 14);
  ASSERT_TRUE(captures_.write(capture_.file, content, 0));
  EXPECT_EQ(read().value(), content);
  struct stat info {};
  ASSERT_EQ(::stat(captures_.path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0700U);
  ASSERT_EQ(::stat(path_of(capture_.file).c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0600U);
  const auto files = captures_.files().value();
  ASSERT_EQ(files.size(), 1U);
  EXPECT_EQ(files[0].name, capture_.file);
  EXPECT_EQ(files[0].bytes, 14);
  EXPECT_TRUE(files[0].complete);
  EXPECT_TRUE(captures_.remove(capture_.file));
  EXPECT_TRUE(captures_.remove(capture_.file));
  EXPECT_EQ(read().error().kind, ErrorKind::kNotFound);
}

TEST_F(CaptureFolderTest, AFolderOpenToOthersIsClosed) {
  std::filesystem::create_directory(captures_.path());
  ASSERT_EQ(::chmod(captures_.path().c_str(), 0755), 0);
  ASSERT_TRUE(captures_.write(capture_.file, "x", 0));
  struct stat info {};
  ASSERT_EQ(::stat(captures_.path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0700U);
}

TEST_F(CaptureFolderTest, ALinkOrAFileInItsPlaceIsNotUsed) {
  std::filesystem::create_directory(folder_ / "elsewhere");
  std::filesystem::create_directory_symlink(folder_ / "elsewhere", captures_.path());
  auto refused = captures_.write(capture_.file, "x", 0);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kInvalid);
  EXPECT_NE(refused.error().message.find("soak.db.captures is no folder"), std::string::npos);
  EXPECT_TRUE(std::filesystem::is_empty(folder_ / "elsewhere"));
  std::filesystem::remove(captures_.path());
  write_text(captures_.path(), "mine");
  EXPECT_FALSE(captures_.write(capture_.file, "x", 0));
  EXPECT_FALSE(captures_.files());
  EXPECT_EQ(read_text(captures_.path()), "mine");
}

TEST_F(CaptureFolderTest, AFolderOfAnotherUserIsNotUsed) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a folder away";
  std::filesystem::create_directory(captures_.path());
  ASSERT_EQ(::chown(captures_.path().c_str(), 12345, 12345), 0);
  const auto refused = captures_.write(capture_.file, "x", 0);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kDenied);
  EXPECT_NE(refused.error().message.find("uid 12345"), std::string::npos);
}

TEST_F(CaptureFolderTest, AFolderThatCannotBeWrittenSaysWhich) {
  if (geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  ASSERT_EQ(::chmod(folder_.path().c_str(), 0500), 0);
  const auto refused = captures_.write(capture_.file, "x", 0);
  ASSERT_EQ(::chmod(folder_.path().c_str(), 0700), 0);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kDenied);
  EXPECT_NE(refused.error().message.find("soak.db.captures: Permission denied"), std::string::npos);
}

TEST_F(CaptureFolderTest, TooLittleFreeSpaceIsSaidWithFigures) {
  const auto refused = captures_.write(capture_.file, "x", std::int64_t{1} << 62);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kTooLarge);
  EXPECT_NE(refused.error().message.find("4096 PiB are to be left"), std::string::npos)
      << refused.error().message;
  EXPECT_TRUE(captures_.files().value().empty());
}

TEST_F(CaptureFolderTest, ARowCannotNameAnyOtherFile) {
  write_text(folder_ / "secret", "secret");
  std::filesystem::create_directory(captures_.path());
  for (const char* file : {"../secret", "/etc/passwd", "secret", "", "."}) {
    capture_.file = file;
    EXPECT_EQ(read().error().kind, ErrorKind::kInvalid) << file;
  }
  capture_.file = name_for("a");
  std::filesystem::create_symlink(folder_ / "secret", path_of(capture_.file));
  EXPECT_FALSE(read());
  EXPECT_TRUE(captures_.files().value().empty());
  std::filesystem::remove(path_of(capture_.file));
  ASSERT_EQ(::mkfifo(path_of(capture_.file).c_str(), 0600), 0);
  EXPECT_EQ(read().error().kind, ErrorKind::kInvalid);
}

TEST_F(CaptureFolderTest, AFileBeyondTheLimitIsNotRead) {
  ASSERT_TRUE(captures_.write(capture_.file, std::string(1001, 'x'), 0));
  EXPECT_EQ(read(1000).error().kind, ErrorKind::kTooLarge);
  EXPECT_EQ(read(1001).value().size(), 1001U);
}

TEST_F(CaptureFolderTest, AnInterruptedWriteIsListedAsSuchAndReplaced) {
  std::filesystem::create_directory(captures_.path());
  write_text(path_of("." + capture_.file + ".part"), "half");
  write_text(path_of(".notes.part"), "mine");
  const auto files = captures_.files().value();
  ASSERT_EQ(files.size(), 1U);
  EXPECT_FALSE(files[0].complete);
  ASSERT_TRUE(captures_.write(capture_.file, "whole", 0));
  EXPECT_EQ(read().value(), "whole");
  EXPECT_FALSE(std::filesystem::exists(path_of("." + capture_.file + ".part")));
}

}  // namespace
}  // namespace soakwatch
