// Any bytes as a CSV: no crash, and what is accepted survives being exported and read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>

#include "storage/csv_export.h"
#include "storage/csv_import.h"

namespace {

using soakwatch::CsvSample;

void check_round_trip(const CsvSample& sample) {
  soakwatch::TargetRow target;
  target.name = sample.target.value_or("");
  soakwatch::InstanceRow instance;
  soakwatch::SampleRow row;
  row.target = &target;
  row.instance = &instance;
  row.sample.time = sample.time;
  row.sample.values = sample.values;
  const soakwatch::CsvWriter writer({});
  std::string text = writer.header();
  writer.append(row, text);
  std::string again_text = writer.header();
  std::istringstream in(text);
  const auto read = soakwatch::read_csv(in, {}, [&](const CsvSample& again) {
    soakwatch::SampleRow second = row;
    second.sample.time = again.time;
    second.sample.values = again.values;
    writer.append(second, again_text);
    return true;
  });
  // Values beyond what a column holds are left out; then nothing may be left of the row.
  if (!read || (read->rows == 1 && again_text != text)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::istringstream in(std::string(reinterpret_cast<const char*>(data), size));
  soakwatch::CsvReadOptions options;
  options.max_line_bytes = 4096;
  int checked = 0;
  const auto read = soakwatch::read_csv(in, options, [&](const CsvSample& sample) {
    if (++checked <= 4) check_round_trip(sample);
    return true;
  });
  (void)read;
  (void)soakwatch::day_from_file_name({reinterpret_cast<const char*>(data), size});
  return 0;
}
