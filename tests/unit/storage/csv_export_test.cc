#include "storage/csv_export.h"

#include <cstdlib>
#include <ctime>
#include <limits>

#include "store_fixture.h"

namespace soakwatch {
namespace {

// A time zone for one test: spreadsheets get local time.
class TimeZone {
 public:
  explicit TimeZone(const char* name) { set(name); }
  ~TimeZone() { set("UTC"); }

 private:
  static void set(const char* name) {
    ::setenv("TZ", name, 1);
    ::tzset();
  }
};

struct Rows {
  TargetRow target;
  InstanceRow instance;
  Sample full;
  Sample sparse;

  Rows() {
    target.id = 1;
    target.name = "sidecar";
    instance.id = 1;
    instance.target = 1;
    instance.process.id.pid = 4711;
    full.time = kNow;
    for (const MetricDescriptor& metric : all_metrics()) {
      const auto n = static_cast<double>(index_of(metric.id) + 1);
      full.values.set(metric.id, is_integral(metric.id) ? n * 1048576 : n / 7);
    }
    sparse.time = from_unix_ms(1795164060000);
    sparse.values.set(Metric::kRssBytes, 36175872);
    sparse.values.set(Metric::kGoroutines, 12);
  }
  [[nodiscard]] std::string text(const CsvOptions& options) const {
    const CsvWriter writer(options);
    std::string out = writer.header();
    writer.append({&target, &instance, 1, full}, out);
    writer.append({&target, &instance, 2, sparse}, out);
    return out;
  }
};

std::string golden(const std::string& name) {
  return read_text(std::string(SOAKWATCH_FIXTURES) + "/storage/" + name);
}

TEST(CsvExport, WritesTheGoldenFiles) {
  const TimeZone zone("Europe/Berlin");
  const Rows rows;
  CsvOptions options;
  EXPECT_EQ(rows.text(options), golden("golden_wide.csv"));
  options.format = CsvFormat::kLong;
  EXPECT_EQ(rows.text(options), golden("golden_long.csv"));
  options.format = CsvFormat::kMemMonitor;
  EXPECT_EQ(rows.text(options), golden("golden_mem_monitor.csv"));
  options.format = CsvFormat::kWide;
  options.spreadsheet = true;
  options.decimal = ',';
  EXPECT_EQ(rows.text(options), golden("golden_spreadsheet.csv"));
}

TEST(CsvExport, NamesEveryMetricInTheOrderOfTheContract) {
  EXPECT_EQ(CsvWriter({}).header(),
            "time,target,pid,rss_bytes,rss_anon_bytes,rss_file_bytes,pss_bytes,swap_bytes,"
            "vsize_bytes,lazy_free_bytes,anon_huge_bytes,mappings,open_fds,threads,"
            "cpu_seconds_total,major_faults_total,goroutines,heap_alloc_bytes,heap_inuse_bytes,"
            "heap_idle_bytes,heap_released_bytes,heap_sys_bytes,heap_objects,stack_inuse_bytes,"
            "next_gc_bytes,sys_bytes,alloc_bytes_total,mallocs_total,frees_total,gc_cycles_total,"
            "gc_pause_seconds_total,gc_cpu_fraction\n");
}

TEST(CsvExport, WritesTheScriptsRowsWithoutEmptyCells) {
  const TimeZone zone("UTC");
  CsvOptions options;
  options.format = CsvFormat::kMemMonitor;
  Sample empty;
  empty.time = kNow;
  std::string out;
  EXPECT_EQ(CsvWriter(options).append({nullptr, nullptr, 1, empty}, out), 1);
  EXPECT_EQ(out, "08:40:00,N/A,N/A,N/A,N/A\n");
}

TEST(CsvExport, ALongRowForEachValue) {
  CsvOptions options;
  options.format = CsvFormat::kLong;
  const Rows rows;
  std::string out;
  EXPECT_EQ(CsvWriter(options).append({&rows.target, &rows.instance, 1, rows.sparse}, out), 2);
  EXPECT_EQ(CsvWriter(options).append({&rows.target, &rows.instance, 1, rows.full}, out), 29);
}

TEST(CsvExport, LeavesOutWhatIsNoNumber) {
  Sample odd;
  odd.time = kNow;
  odd.values.set(Metric::kRssBytes, std::numeric_limits<double>::infinity());
  odd.values.set(Metric::kPssBytes, 1e30);
  odd.values.set(Metric::kCpuSecondsTotal, std::numeric_limits<double>::quiet_NaN());
  std::string out;
  CsvWriter({}).append({nullptr, nullptr, 1, odd}, out);
  EXPECT_EQ(out, "2026-11-20T08:40:00.123Z" + std::string(kMetricCount + 2, ',') + "\n");
}

TEST(CsvCell, QuotesAndGuardsText) {
  EXPECT_EQ(csv_cell("plain", ',', false), "plain");
  EXPECT_EQ(csv_cell("a,b", ',', false), "\"a,b\"");
  EXPECT_EQ(csv_cell("a,b", ';', false), "a,b");
  EXPECT_EQ(csv_cell("say \"hi\"", ',', false), "\"say \"\"hi\"\"\"");
  EXPECT_EQ(csv_cell("two\nlines", ',', false), "\"two\nlines\"");
  EXPECT_EQ(csv_cell("", ',', false), "");
}

TEST(CsvCell, DisarmsFormulas) {
  for (const std::string& text :
       {std::string("=1+1"), std::string("+1"), std::string("-1"), std::string("@SUM(A1)"),
        std::string("\t=1"), std::string("\0x", 2)}) {
    EXPECT_EQ(csv_cell(text, ',', false), "'" + text);
    EXPECT_EQ(csv_cell(text, ',', true), text);
  }
  EXPECT_EQ(csv_cell("\r=1", ',', false), "\"'\r=1\"");
  EXPECT_EQ(csv_cell("=1,\"2\"", ',', false), "\"'=1,\"\"2\"\"\"");
  EXPECT_EQ(csv_cell("a=1", ',', false), "a=1");
}

}  // namespace
}  // namespace soakwatch
