#include "tests/bench/detection/go_traces.h"

#include <zlib.h>

#include <array>
#include <boost/json.hpp>
#include <fstream>
#include <memory>
#include <sstream>

#include "storage/csv_import.h"

namespace soakwatch::bench {
namespace {

namespace json = boost::json;

// A day of all metrics at 5 s takes 5 MB.
constexpr std::size_t kTextLimitBytes = 64U << 20U;

std::vector<std::string> words(const json::array& list) {
  std::vector<std::string> result;
  for (const json::value& word : list) result.emplace_back(word.as_string());
  return result;
}

// The settings that the program was run with, in the form that record.py gives them: plain numbers.
void read_environment(const json::object& env, ProcessInfo& process) {
  if (const json::value* gogc = env.if_contains("GOGC")) {
    process.gogc_off = gogc->as_string() == "off";
    if (!process.gogc_off) process.gogc_percent = std::stod(std::string(gogc->as_string()));
  }
  if (const json::value* limit = env.if_contains("GOMEMLIMIT")) {
    process.gomemlimit_bytes = std::stod(std::string(limit->as_string()));
  }
}

// Throws what Boost.JSON and the standard library throw when a member is missing or of another
// kind.
GoTrace described(const json::object& entry) {
  GoTrace trace;
  trace.name = entry.at("name").as_string();
  trace.process.comm = trace.name;
  read_environment(entry.at("env").as_object(), trace.process);
  if (const json::value* leak = entry.if_contains("leak")) {
    trace.is_leak = true;
    trace.onset = seconds(leak->at("onset_seconds").as_int64());
    trace.cause = leak->at("cause").as_string();
    trace.expected_detectors = words(leak->at("expected").as_array());
  }
  return trace;
}

// zlib reads a file that is not compressed as it stands.
Result<std::string> unpacked(const std::filesystem::path& file) {
  const std::unique_ptr<gzFile_s, int (*)(gzFile_s*)> in(gzopen(file.c_str(), "rb"), gzclose);
  if (!in) return Error{ErrorKind::kNotFound, "cannot be opened"};
  std::string text;
  std::array<char, 65536> buffer;
  for (;;) {
    const int got = gzread(in.get(), buffer.data(), static_cast<unsigned>(buffer.size()));
    // A file that was cut short is told by no return value.
    int status = Z_OK;
    gzerror(in.get(), &status);
    if (got < 0 || status != Z_OK) return invalid("broken gzip file");
    if (got == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
    if (text.size() > kTextLimitBytes) return Error{ErrorKind::kTooLarge, "too long"};
  }
}

Result<void> read_samples(const std::string& text, GoTrace& trace) {
  std::istringstream in(text);
  std::optional<WallTime> start;
  std::optional<std::int64_t> pid;
  InstanceId instance = 0;
  const auto summary = read_csv(in, {}, [&](const CsvSample& row) {
    if (!start) start = row.time;
    if (instance == 0 || row.pid != pid) ++instance;
    pid = row.pid;
    trace.samples.push_back({instance, row.time, row.time - *start, row.values});
    return true;
  });
  if (!summary) return summary.error();
  if (trace.samples.empty()) return invalid("no samples");
  return {};
}

Result<std::vector<GoTrace>> read_manifest(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) return Error{ErrorKind::kNotFound, file.string() + ": cannot be opened"};
  std::ostringstream text;
  text << in.rdbuf();
  try {
    std::vector<GoTrace> traces;
    const json::value manifest = json::parse(text.str());
    for (const json::value& entry : manifest.at("traces").as_array()) {
      traces.push_back(described(entry.as_object()));
    }
    return traces;
  } catch (const std::exception& error) {
    return invalid(file.string() + ": " + error.what());
  }
}

}  // namespace

Result<std::vector<GoTrace>> load_go_traces(const std::filesystem::path& folder) {
  auto traces = read_manifest(folder / "manifest.json");
  if (!traces) return traces.error();
  for (GoTrace& trace : *traces) {
    std::filesystem::path file = folder / (trace.name + ".csv.gz");
    if (!std::filesystem::exists(file)) file.replace_extension();
    const auto text = unpacked(file);
    if (!text) return text.error().in(file.string());
    const Result<void> read = read_samples(*text, trace);
    if (!read) return read.error().in(file.string());
  }
  return traces;
}

}  // namespace soakwatch::bench
