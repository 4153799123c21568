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
  EXPECT_EQ(version(), 7);
  EXPECT_EQ(db_.execAndGet("SELECT count(*) FROM pragma_table_list "
                           "WHERE type = 'table' AND strict = 1")
                .getInt(),
            11);
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

TEST_F(SchemaTest, TheDocumentNamesEveryColumnAndItsQueriesRun) {
  ASSERT_TRUE(migrate(db_, schema_migrations()));
  const std::string text = read_text(std::string(SOAKWATCH_FIXTURES) + "/../../docs/schema.md");
  constexpr std::string_view kOpen = "```sql\n";
  int queries = 0;
  for (std::size_t at = 0; (at = text.find(kOpen, at)) != std::string::npos; ++queries) {
    at += kOpen.size();
    const std::string query = text.substr(at, text.find("```", at) - at);
    EXPECT_NO_THROW(SQLite::Statement(db_, query).executeStep()) << query;
  }
  EXPECT_EQ(queries, 7);
  SQLite::Statement columns(db_,
                            "SELECT DISTINCT c.name FROM sqlite_schema t, "
                            "pragma_table_info(t.name) c WHERE t.type = 'table'");
  EXPECT_NE(text.find("`PRAGMA user_version` = " + std::to_string(schema_version()) + "."),
            std::string::npos);
  while (columns.executeStep()) {
    std::string name = columns.getColumn(0).getString();
    // Of a metric, the document says once what `_min`, `_max` and `_avg` are.
    for (const std::string suffix : {"_min", "_max", "_avg"}) {
      if (name.ends_with(suffix)) name.resize(name.size() - suffix.size());
    }
    EXPECT_NE(text.find("`" + name + "`"), std::string::npos) << name;
  }
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
