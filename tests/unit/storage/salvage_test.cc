// What comes out of a file with broken pages: every row that does not lie in one of them.
#include "storage/salvage.h"

#include <fstream>
#include <random>
#include <set>

#include "store_fixture.h"

namespace soakwatch {
namespace {

constexpr int kRows = 6000;
constexpr std::size_t kPageBytes = 4096;

class SalvageTest : public StoreTest {
 protected:
  SalvageTest() {
    options_.queue_limit_rows = 2 * kRows;
    const auto store = open();
    const TargetId target = store->target_id("a", name_spec("a"), kNow);
    const InstanceId id = store->instance_id(target, process(7), kNow).id;
    for (int i = 0; i < kRows; ++i) {
      store->add_sample(sample(id, kNow + seconds(i), i));
      if (i % 10 == 0) store->add_event({kNow, EventKind::kStep, target, id, "event"});
    }
    if (!store->close(kFlushTimeout)) throw std::runtime_error("not stored");
  }

  // The pages of a table by their kind, `leaf` or `internal`, but its root.
  std::vector<int> pages(const std::string& table, const std::string& kind) const {
    SQLite::Database db(options_.database.string());
    std::vector<int> found;
    SQLite::Statement select(
        db, "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = ? AND path <> '/'");
    select.bind(1, table);
    select.bind(2, kind);
    while (select.executeStep()) found.push_back(select.getColumn(0).getInt());
    return found;
  }
  int rows_in(const std::string& table, int page) const {
    return std::stoi(ask("SELECT ncell FROM dbstat WHERE name = '" + table +
                         "' AND pageno = " + std::to_string(page)));
  }
  void destroy(int page) const {
    std::fstream file(options_.database, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(page - 1) * static_cast<std::streamoff>(kPageBytes));
    file << std::string(kPageBytes, '\xAA');
  }
  static const SalvagedTable& table(const Salvage& salvaged, const std::string& name) {
    for (const SalvagedTable& one : salvaged.tables) {
      if (one.name == name) return one;
    }
    throw std::runtime_error(name);
  }
  std::filesystem::path fresh() const { return folder_ / "fresh.db"; }
};

TEST_F(SalvageTest, OfASoundFileAllComesOver) {
  const std::string before = read_text(options_.database);
  const Salvage salvaged = salvage(options_.database, fresh()).value();
  EXPECT_EQ(table(salvaged, "samples").rows, kRows);
  EXPECT_EQ(table(salvaged, "events").rows, kRows / 10);
  EXPECT_EQ(table(salvaged, "targets").rows, 1);
  for (const SalvagedTable& one : salvaged.tables) EXPECT_EQ(one.broken_ranges, 0) << one.name;
  EXPECT_EQ(read_text(options_.database), before);
  options_.database = fresh();
  EXPECT_EQ(ask("PRAGMA integrity_check"), "ok");
  EXPECT_EQ(ask("PRAGMA auto_vacuum"), "2");  // it can shrink
  open();                                     // it is one of ours
  EXPECT_EQ(rows().size(), static_cast<std::size_t>(kRows));
  EXPECT_FALSE(std::filesystem::exists(fresh().string() + ".salvage"));
}

TEST_F(SalvageTest, OfBrokenLeavesEachOtherRowComesOver) {
  std::mt19937_64 chance(20261120);
  std::vector<int> leaves = pages("samples", "leaf");
  std::shuffle(leaves.begin(), leaves.end(), chance);
  ASSERT_GT(leaves.size(), 50U);
  leaves.resize(7);
  std::int64_t gone = 0;
  for (const int page : leaves) gone += rows_in("samples", page);
  for (const int page : leaves) destroy(page);
  const std::string broken = read_text(options_.database);
  const Salvage salvaged = salvage(options_.database, fresh()).value();
  EXPECT_EQ(table(salvaged, "samples").rows, kRows - gone);
  EXPECT_GE(table(salvaged, "samples").broken_ranges, 1);
  EXPECT_LE(table(salvaged, "samples").broken_ranges, 7);
  EXPECT_EQ(table(salvaged, "events").rows, kRows / 10);
  EXPECT_EQ(read_text(options_.database), broken);
  options_.database = fresh();
  EXPECT_EQ(ask("PRAGMA integrity_check"), "ok");
  EXPECT_EQ(ask("SELECT count(*) FROM samples"), std::to_string(kRows - gone));
}

TEST_F(SalvageTest, ABrokenIndexCostsNothing) {
  for (const int page : pages("samples_by_instance", "leaf")) destroy(page);
  const Salvage salvaged = salvage(options_.database, fresh()).value();
  EXPECT_EQ(table(salvaged, "samples").rows, kRows);
  EXPECT_EQ(table(salvaged, "samples").broken_ranges, 0);
}

TEST_F(SalvageTest, AFileThatWasCutOffKeepsItsBeginning) {
  const auto size = std::filesystem::file_size(options_.database);
  std::filesystem::resize_file(options_.database, size / 2 / kPageBytes * kPageBytes);
  const Salvage salvaged = salvage(options_.database, fresh()).value();
  EXPECT_GT(table(salvaged, "samples").rows, kRows / 4);
  EXPECT_LT(table(salvaged, "samples").rows, kRows);
  EXPECT_EQ(table(salvaged, "targets").rows, 1);
}

TEST_F(SalvageTest, TheLogBesideItCounts) {
  const auto copy = folder_ / "copy.db";
  {
    options_.checkpoint_interval = std::chrono::hours(1);
    const auto store = open();
    store->add_sample(sample(1, kNow + seconds(kRows), 1));
    ASSERT_TRUE(store->flush(kFlushTimeout));
    for (const char* part : {"", "-wal"}) {  // as a kill would leave them
      std::filesystem::copy_file(options_.database.string() + part, copy.string() + part);
    }
  }
  EXPECT_EQ(table(salvage(copy, fresh()).value(), "samples").rows, kRows + 1);
}

TEST_F(SalvageTest, RefusesWhatIsNoneOfOursAndOverwritesNothing) {
  write_text(fresh(), "mine");
  EXPECT_EQ(salvage(options_.database, fresh()).error().kind, ErrorKind::kInvalid);
  EXPECT_EQ(read_text(fresh()), "mine");
  std::filesystem::remove(fresh());
  const auto foreign = folder_ / "foreign.db";
  SQLite::Database(foreign.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE)
      .exec("CREATE TABLE t (x)");
  EXPECT_EQ(salvage(foreign, fresh()).error().kind, ErrorKind::kInvalid);
  EXPECT_FALSE(std::filesystem::exists(fresh()));
  EXPECT_EQ(salvage(folder_ / "none.db", fresh()).error().kind, ErrorKind::kNotFound);
  const auto store = open();
  EXPECT_EQ(salvage(options_.database, fresh()).error().kind, ErrorKind::kUnavailable);
}

}  // namespace
}  // namespace soakwatch
