// Whose file it is, who may write it, and what happens to a broken one.
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "storage/lock_file.h"
#include "store_fixture.h"

namespace soakwatch {
namespace {

class DatabaseFileTest : public StoreTest {
 protected:
  Error refused() const {
    auto store = SampleStore::open(options_);
    if (store) throw std::runtime_error("the store opened");
    return store.error();
  }
  // The only file left in the folder beginning with `prefix`; empty: none.
  std::filesystem::path find(const std::string& prefix) const {
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
      if (entry.path().filename().string().rfind(prefix, 0) == 0) return entry.path();
    }
    return {};
  }
};

TEST_F(DatabaseFileTest, IsPrivateInAPrivateFolder) {
  options_.database = folder_ / "a/b/soak.db";
  const auto store = open();
  struct stat info {};
  ASSERT_EQ(::stat(options_.database.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  ASSERT_EQ(::stat((folder_ / "a/b").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0700U);
}

TEST_F(DatabaseFileTest, LeavesATextFileUntouched) {
  const std::string text(500, 'x');
  write_text(options_.database, text);
  const Error error = refused();
  EXPECT_EQ(error.kind, ErrorKind::kInvalid);
  EXPECT_NE(error.message.find(options_.database.string()), std::string::npos);
  EXPECT_EQ(read_text(options_.database), text);
  EXPECT_EQ(find("soak.db."), "");  // no lock file either
}

TEST_F(DatabaseFileTest, LeavesTheDatabaseOfAnotherProgramUntouched) {
  {
    SQLite::Database other(options_.database.string(),
                           SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    other.exec("CREATE TABLE bookmarks (url TEXT)");
  }
  const std::string before = read_text(options_.database);
  EXPECT_EQ(refused().kind, ErrorKind::kInvalid);
  EXPECT_EQ(read_text(options_.database), before);
  EXPECT_EQ(SampleReader::open(options_.database).error().kind, ErrorKind::kInvalid);
}

TEST_F(DatabaseFileTest, RefusesAFolderAndAFifo) {
  options_.database = folder_ / "folder";
  std::filesystem::create_directory(options_.database);
  EXPECT_EQ(refused().kind, ErrorKind::kInvalid);
  options_.database = folder_ / "fifo";
  ASSERT_EQ(::mkfifo(options_.database.c_str(), 0600), 0);
  EXPECT_EQ(refused().kind, ErrorKind::kInvalid);
}

TEST_F(DatabaseFileTest, RefusesANewerVersionAndLeavesIt) {
  open().reset();
  {
    SQLite::Database db(options_.database.string(), SQLite::OPEN_READWRITE);
    db.exec("PRAGMA user_version = 99");
  }
  const std::string before = read_text(options_.database);
  EXPECT_EQ(refused().kind, ErrorKind::kInvalid);
  EXPECT_EQ(read_text(options_.database), before);
  const auto reader = SampleReader::open(options_.database);
  ASSERT_FALSE(reader);
  EXPECT_NE(reader.error().message.find("version 99"), std::string::npos);
}

TEST_F(DatabaseFileTest, HasOneWriterWhosePidTheSecondLearns) {
  const auto store = open();
  const Error error = refused();
  EXPECT_EQ(error.kind, ErrorKind::kUnavailable);
  EXPECT_NE(error.message.find("process " + std::to_string(getpid())), std::string::npos);
  const WriterState state = writer_state(options_.database);
  EXPECT_TRUE(state.running);
  EXPECT_EQ(state.pid, getpid());
}

TEST_F(DatabaseFileTest, TheLockFileSaysWhichProgramWrites) {
  options_.program = "soakwatch import";
  const auto store = open();
  EXPECT_EQ(writer_state(options_.database).program, "soakwatch import");
  EXPECT_EQ(read_text(options_.database.string() + ".lock"),
            std::to_string(getpid()) + "\nsoakwatch import\n");
  EXPECT_NE(refused().message.find("(soakwatch import)"), std::string::npos);
  // As older programs wrote it; and nonsense.
  write_text(options_.database.string() + ".lock", "4711\n");
  EXPECT_EQ(writer_state(options_.database).pid, 4711);
  EXPECT_EQ(writer_state(options_.database).program, "");
  for (const char* text : {"", "\n", "\n\n", "x", "1\ny"}) {
    write_text(options_.database.string() + ".lock", text);
    EXPECT_TRUE(writer_state(options_.database).running);
  }
}

TEST_F(DatabaseFileTest, KnowsTheWriterByAnyPathAndAfterItsEnd) {
  auto store = open();
  const std::filesystem::path link = folder_ / "link.db";
  std::filesystem::create_symlink(options_.database, link);
  EXPECT_TRUE(writer_state(link).running);
  store.reset();
  EXPECT_FALSE(writer_state(options_.database).running);
  EXPECT_NO_THROW(open());
}

TEST_F(DatabaseFileTest, MovesABrokenFileAsideAndBeginsANewOne) {
  open().reset();
  std::string bytes = read_text(options_.database);
  ASSERT_GT(bytes.size(), 8192U);
  for (std::size_t i = 100; i < 4000; ++i) bytes[i] = '\x5A';  // the page of the schema
  write_text(options_.database, bytes);
  write_text(options_.database.string() + "-wal", "of an unclean stop");
  const auto store = open();
  EXPECT_NE(store->startup_notice().find(".corrupt-"), std::string::npos);
  const std::filesystem::path aside = find("soak.db.corrupt-");
  ASSERT_FALSE(aside.empty());
  EXPECT_EQ(store->target_id("a", {}, kNow), 1);
  EXPECT_TRUE(store->flush(kFlushTimeout));
}

TEST_F(DatabaseFileTest, KeepsASoundFileAfterAnUncleanStop) {
  open()->target_id("a", {}, kNow);
  write_text(options_.database.string() + "-wal", "cut short");
  const auto store = open();
  EXPECT_EQ(store->startup_notice(), "");
  EXPECT_EQ(ask("SELECT name FROM targets"), "a");
}

TEST_F(DatabaseFileTest, LeavesNoLogAfterACleanStop) {
  open()->target_id("a", {}, kNow);
  EXPECT_FALSE(std::filesystem::exists(options_.database.string() + "-wal"));
}

TEST_F(DatabaseFileTest, CanBeReadInAFolderThatCannotBeWritten) {
  open()->target_id("a", {}, kNow);
  std::filesystem::permissions(options_.database, std::filesystem::perms(0644));
  std::filesystem::permissions(folder_.path(), std::filesystem::perms(0555));
  const pid_t child = fork();
  if (child == 0) {
    constexpr uid_t kNobody = 65534;
    if (getuid() == 0 && setuid(kNobody) != 0) _exit(2);
    auto reader = SampleReader::open(options_.database);
    _exit(reader && reader->targets() && reader->targets()->size() == 1 ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  std::filesystem::permissions(folder_.path(), std::filesystem::perms(0700));
  EXPECT_EQ(status, 0);
}

TEST_F(DatabaseFileTest, AnEmptyFileIsNotYetADatabase) {
  write_text(options_.database, "");
  const auto reader = SampleReader::open(options_.database);
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().kind, ErrorKind::kUnavailable);
  EXPECT_NE(reader.error().message.find("is empty"), std::string::npos);
  EXPECT_NO_THROW(open());  // the daemon begins one there
  EXPECT_TRUE(SampleReader::open(options_.database));
}

TEST_F(DatabaseFileTest, IsNotWrittenUnderASecondName) {
  open()->target_id("a", {}, kNow);
  const std::filesystem::path second = folder_ / "second.db";
  std::filesystem::create_hard_link(options_.database, second);
  const Error error = refused();
  EXPECT_EQ(error.kind, ErrorKind::kInvalid);
  EXPECT_NE(error.message.find("2 names"), std::string::npos);
  EXPECT_EQ(ask("SELECT name FROM targets"), "a");
  std::filesystem::remove(second);
  EXPECT_NO_THROW(open());
}

TEST_F(DatabaseFileTest, AReaderSaysWhereItLooked) {
  const auto reader = SampleReader::open(folder_ / "none.db");
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().kind, ErrorKind::kNotFound);
  EXPECT_NE(reader.error().message.find("none.db"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "none.db"));
}

}  // namespace
}  // namespace soakwatch
