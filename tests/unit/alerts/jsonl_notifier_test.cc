#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "alerts/notifier.h"
#include "example_alerts.h"

namespace soakwatch {
namespace {

namespace fs = std::filesystem;

class JsonlNotifierTest : public ::testing::Test {
 protected:
  TemporaryFolder folder_;
  fs::path file_ = folder_.path() / "alerts.jsonl";
  std::unique_ptr<Notifier> notifier_ = make_jsonl_notifier(file_);
};

TEST_F(JsonlNotifierTest, AppendsALineForEachTransition) {
  ASSERT_TRUE(notifier_->notify(to_firing()));
  ASSERT_TRUE(notifier_->notify(to_resolved()));
  EXPECT_EQ(content_of(file_), to_json(to_firing()) + "\n" + to_json(to_resolved()) + "\n");
}

TEST_F(JsonlNotifierTest, ANoticeIsALineAsWell) {
  const Notice notice{from_unix_ms(1795164000000), "store_replaced", Severity::kCritical,
                      "soak.db was broken\x1b"};
  ASSERT_TRUE(notifier_->tell(notice));
  EXPECT_EQ(content_of(file_), to_json(notice) + "\n");
  EXPECT_EQ(to_json(notice), R"({"time":"2026-11-20T08:40:00Z","notice":"store_replaced",)"
                             R"("severity":"critical","summary":"soak.db was broken\\x1b"})");
}

TEST_F(JsonlNotifierTest, KeepsWhatTheFileHeld) {
  std::ofstream(file_) << "{}\n";
  ASSERT_TRUE(notifier_->notify(to_firing()));
  EXPECT_EQ(content_of(file_), "{}\n" + to_json(to_firing()) + "\n");
}

TEST_F(JsonlNotifierTest, MakesTheFileForItsOwnerOnly) {
  ASSERT_TRUE(notifier_->notify(to_firing()));
  EXPECT_EQ(fs::status(file_).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(JsonlNotifierTest, GoesOnAfterTheFileWasRotatedAway) {
  ASSERT_TRUE(notifier_->notify(to_firing()));
  fs::rename(file_, folder_.path() / "alerts.jsonl.1");
  ASSERT_TRUE(notifier_->notify(to_resolved()));
  EXPECT_EQ(content_of(file_), to_json(to_resolved()) + "\n");
}

TEST_F(JsonlNotifierTest, SaysWhenItCannotBeOpened) {
  const auto notifier = make_jsonl_notifier(folder_.path() / "absent" / "alerts.jsonl");
  const auto told = notifier->notify(to_firing());
  ASSERT_FALSE(told);
  EXPECT_EQ(told.error().kind, ErrorKind::kIo);
  EXPECT_EQ(told.error().message, "cannot be opened: No such file or directory");
}

TEST_F(JsonlNotifierTest, SaysWhenItCannotBeWritten) {
  // A file that may not grow stands for the full disk. SIGXFSZ would end the process.
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto old_handler = ::signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = 20;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto torn = notifier_->notify(to_firing());
  const auto refused = notifier_->notify(to_firing());
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, old_handler);

  ASSERT_FALSE(torn);
  EXPECT_NE(torn.error().message.find("only a part of a line"), std::string::npos);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("cannot be written"), std::string::npos);
  ASSERT_TRUE(notifier_->notify(to_resolved()));  // on a line of its own
  EXPECT_EQ(content_of(file_),
            to_json(to_firing()).substr(0, 20) + "\n" + to_json(to_resolved()) + "\n");
}

TEST_F(JsonlNotifierTest, RefusesAPipeInsteadOfHangingInIt) {
  ASSERT_EQ(::mkfifo(file_.c_str(), 0600), 0);
  EXPECT_FALSE(notifier_->notify(to_firing()));  // nobody reads it
  const int reader = ::open(file_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  const auto told = notifier_->notify(to_firing());
  ::close(reader);
  ASSERT_FALSE(told);
  EXPECT_EQ(told.error().message, "is not a regular file");
}

}  // namespace
}  // namespace soakwatch
