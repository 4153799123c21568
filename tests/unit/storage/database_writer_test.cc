#include "storage/database_writer.h"

#include "storage/database_file.h"
#include "store_fixture.h"

namespace soakwatch {
namespace {

class DatabaseWriterTest : public StoreTest {
 protected:
  DatabaseWriterTest() {
    if (!prepare_database_file(options_.database)) throw std::runtime_error("no file");
    Result<OpenedDatabase> opened = open_database(options_.database);
    writer_ = std::make_unique<DatabaseWriter>(std::move(opened->connection));
  }
  std::string counts() const {
    return ask(
        "SELECT (SELECT count(*) FROM samples) || ' ' || (SELECT count(*) FROM events) || "
        "' ' || (SELECT count(*) FROM alert_history) || ' ' || (SELECT count(*) FROM captures)");
  }
  static Batch batch() {
    Batch b;
    b.records.emplace_back(TargetRecord{1, "a", "name:a", kNow});
    b.records.emplace_back(InstanceRecord{1, 1, process(7), kNow});
    b.records.emplace_back(EventRecord{1, {kNow, EventKind::kGap, 1, 1, "x"}});
    auto transition = std::make_unique<TransitionRecord>();
    transition->id = 1;
    transition->transition.alert.id = 1;
    transition->transition.alert.target = 1;
    b.records.emplace_back(std::move(transition));
    for (const CaptureId id : {1, 2}) {
      Capture capture;
      capture.id = id;
      capture.target = 1;
      b.records.emplace_back(std::move(capture));
    }
    b.records.emplace_back(CaptureRemoval{2});
    b.samples.push_back({1, sample(1, kNow, 1)});
    b.samples.push_back({2, sample(1, kNow, 2)});
    return b;
  }

  std::unique_ptr<DatabaseWriter> writer_;
};

// After a COMMIT that failed on its way, nobody knows whether the batch is there.
TEST_F(DatabaseWriterTest, WritingABatchAgainDoublesNothing) {
  const Batch b = batch();
  writer_->write(b);
  writer_->write(b);
  EXPECT_EQ(counts(), "2 1 1 1");
  EXPECT_EQ(writer_->rejected_rows(), 0U);
}

TEST_F(DatabaseWriterTest, ARowThatCannotBeStoredDoesNotHoldUpTheOthers) {
  Batch b = batch();
  b.records.emplace_back(InstanceRecord{2, 1, process(7), kNow});  // the same process, another id
  writer_->write(b);
  EXPECT_EQ(counts(), "2 1 1 1");
  EXPECT_EQ(writer_->rejected_rows(), 1U);
  EXPECT_NE(writer_->last_rejection().find("UNIQUE"), std::string::npos);
}

TEST_F(DatabaseWriterTest, AFailedBatchLeavesNothingBehind) {
  SQLite::Database person(options_.database.string(), SQLite::OPEN_READWRITE);
  person.exec("DROP TABLE samples");  // fails after the records have been written
  EXPECT_THROW(writer_->write(batch()), SQLite::Exception);
  EXPECT_EQ(ask("SELECT (SELECT count(*) FROM targets) + (SELECT count(*) FROM events)"), "0");
}

}  // namespace
}  // namespace soakwatch
