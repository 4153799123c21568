// The CSV that grows beside the database.
#include <algorithm>
#include <atomic>

#include "storage/csv_export.h"
#include "store_fixture.h"

namespace soakwatch {
namespace {

class LiveCsvTest : public StoreTest {
 protected:
  LiveCsvTest() { options_.live_csv = folder_ / "live.csv"; }
  void add_row(SampleStore& store, double rss) {
    const InstanceId id = store.instance_id(store.target_id("a", {}, kNow), process(7), kNow).id;
    store.add_sample(sample(id, kNow, rss));
    (void)store.flush(kFlushTimeout);
  }
  static std::string row(const std::string& rss) {
    return "2026-11-20T08:40:00.123Z,a,7," + rss + std::string(kMetricCount - 1, ',') + "\n";
  }
  const std::string header_ = CsvWriter({}).header();
};

TEST_F(LiveCsvTest, GrowsWithEachCommitAndAcrossRestarts) {
  add_row(*open(), 1);
  const auto store = open();
  add_row(*store, 2);
  EXPECT_EQ(read_text(options_.live_csv), header_ + row("1") + row("2"));
  EXPECT_EQ(store->stats().last_error, "");
}

TEST_F(LiveCsvTest, MovesAFileWithAnotherHeaderAside) {
  write_text(options_.live_csv, "time,rss_mb\n08:40:00,1\n");
  add_row(*open(), 1);
  EXPECT_EQ(read_text(options_.live_csv), header_ + row("1"));
  int others = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
    if (entry.path().filename().string().rfind("live.csv.", 0) != 0) continue;
    ++others;
    EXPECT_EQ(read_text(entry.path()), "time,rss_mb\n08:40:00,1\n");
  }
  EXPECT_EQ(others, 1);
}

TEST_F(LiveCsvTest, RemovesALineThatAKillCutShort) {
  write_text(options_.live_csv, header_ + row("1") + "2026-11-20T08:40");
  add_row(*open(), 2);
  EXPECT_EQ(read_text(options_.live_csv), header_ + row("1") + row("2"));
}

TEST_F(LiveCsvTest, BeginsAgainWhenTheFileWasRemoved) {
  const auto store = open();
  add_row(*store, 1);
  std::filesystem::remove(options_.live_csv);
  add_row(*store, 2);
  EXPECT_EQ(read_text(options_.live_csv), header_ + row("2"));
}

// What waits behind a slow disk is written in pieces.
TEST_F(LiveCsvTest, AnEndBehindManySamplesCostsNoLine) {
  constexpr int kRows = 5000;
  const auto store = open();
  const InstanceId id = store->instance_id(store->target_id("a", {}, kNow), process(7), kNow).id;
  ASSERT_TRUE(store->flush(kFlushTimeout));
  {
    SQLite::Database person(options_.database.string(), SQLite::OPEN_READWRITE);
    person.exec("BEGIN IMMEDIATE");
    for (int i = 0; i < kRows; ++i) store->add_sample(sample(id, kNow, i));
    store->end_instance({id, kNow, "process ended"});
    person.exec("ROLLBACK");
  }
  ASSERT_TRUE(store->flush(kFlushTimeout));
  const std::string text = read_text(options_.live_csv);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), kRows + 1);
}

// While the disk is full, the end is written before the samples.
TEST_F(LiveCsvTest, AnEndBeforeItsSamplesCostsNoLine) {
  constexpr int kRows = 10;
  std::atomic<bool> full = true;
  options_.space.min_free_bytes = 1000;
  options_.space.measure = [&](const std::filesystem::path&) -> Result<FileSystemSpace> {
    return FileSystemSpace{full ? 10 : 100000, 1000000};
  };
  options_.retry_interval = milliseconds(20);
  const auto store = open();
  const InstanceId id = store->instance_id(store->target_id("a", {}, kNow), process(7), kNow).id;
  for (int i = 0; i < kRows; ++i) store->add_sample(sample(id, kNow, i));
  store->end_instance({id, kNow, "process ended"});
  ASSERT_TRUE(within_deadline(
      [&] { return ask("SELECT count(*) FROM instances WHERE ended_ms IS NOT NULL") == "1"; }));
  EXPECT_EQ(ask("SELECT count(*) FROM samples"), "0");
  full = false;
  ASSERT_TRUE(store->flush(kFlushTimeout));
  const std::string text = read_text(options_.live_csv);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), kRows + 1);
}

TEST_F(LiveCsvTest, AnInstanceThatIsSeenAgainInTheSameBatchGoesOn) {
  options_.batch_linger = std::chrono::hours(1);  // flush() ends it
  const auto store = open();
  add_row(*store, 1);
  const TargetId target = store->target_id("a", {}, kNow);
  const InstanceId id = store->instance_id(target, process(7), kNow).id;
  store->end_instance({id, kNow, "lost"});
  add_row(*store, 2);
  store->add_sample(sample(id, kNow, 3));
  ASSERT_TRUE(store->flush(kFlushTimeout));
  EXPECT_EQ(read_text(options_.live_csv), header_ + row("1") + row("2") + row("3"));
}

TEST_F(LiveCsvTest, AFailureHarmsNothingButItself) {
  options_.live_csv = folder_ / "missing/live.csv";
  const auto store = open();
  add_row(*store, 1);
  EXPECT_EQ(store->stats().committed_samples, 1U);
  EXPECT_EQ(store->stats().failed_writes, 0U);
  EXPECT_NE(store->stats().last_error.find("live.csv"), std::string::npos);
}

}  // namespace
}  // namespace soakwatch
