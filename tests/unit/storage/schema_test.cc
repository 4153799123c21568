#include "storage/schema.h"

#include <SQLiteCpp/Statement.h>

#include "store_fixture.h"

namespace soakwatch {
namespace {

class SchemaTest : public testing::Test {
 protected:
  SQLite::Database db_{":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE};
  int version() { return db_.execAndGet("PRAGMA user_version").getInt(); }
};

TEST_F(SchemaTest, MakesEveryTableStrictWithAColumnForEachMetric) {
  ASSERT_TRUE(migrate(db_, schema_migrations()));
  EXPECT_EQ(version(), 1);
  EXPECT_EQ(db_.execAndGet("SELECT count(*) FROM pragma_table_list "
                           "WHERE type = 'table' AND strict = 1")
                .getInt(),
            6);
  for (const MetricDescriptor& metric : all_metrics()) {
    const std::string type = db_.execAndGet(
        "SELECT type FROM pragma_table_info('samples') "
        "WHERE name = '" +
        std::string(metric.name) + "'");
    EXPECT_EQ(type, is_integral(metric.id) ? "INTEGER" : "REAL") << metric.name;
  }
}

TEST_F(SchemaTest, AppliesOnlyTheStepsThatAreMissing) {
  const std::string first = "CREATE TABLE a (x INTEGER) STRICT;";
  ASSERT_TRUE(migrate(db_, {first}));
  ASSERT_TRUE(migrate(db_, {first, "ALTER TABLE a ADD COLUMN y INTEGER;"}));
  EXPECT_EQ(version(), 2);
  EXPECT_EQ(db_.execAndGet("SELECT count(*) FROM pragma_table_info('a')").getInt(), 2);
}

TEST_F(SchemaTest, AFailingStepLeavesTheVersionBeforeIt) {
  EXPECT_THROW((void)migrate(db_, {"CREATE TABLE a (x INTEGER);",
                                   "CREATE TABLE b (x INTEGER); CREATE TABLE a (x INTEGER);"}),
               SQLite::Exception);
  EXPECT_EQ(version(), 1);
  EXPECT_FALSE(db_.tableExists("b"));
}

TEST_F(SchemaTest, RefusesANewerVersion) {
  db_.exec("PRAGMA user_version = 9");
  const Result<void> migrated = migrate(db_, schema_migrations());
  ASSERT_FALSE(migrated);
  EXPECT_EQ(migrated.error().kind, ErrorKind::kInvalid);
  EXPECT_NE(migrated.error().message.find("version 9"), std::string::npos);
}

}  // namespace
}  // namespace soakwatch
