// A database in a folder of its own, and things to put into it.
#pragma once

#include <SQLiteCpp/Database.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "storage/sample_reader.h"
#include "storage/sample_store.h"

namespace soakwatch {

inline constexpr std::chrono::seconds kFlushTimeout{30};
inline constexpr WallTime kNow = from_unix_ms(1795164000123);  // 2026-11-20T08:40:00.123Z

inline ProcessInfo process(pid_t pid, std::uint64_t start_ticks = 100) {
  ProcessInfo info;
  info.id = {"boot-1", pid, start_ticks};
  info.comm = "sidecar";
  info.exe = "/usr/bin/sidecar";
  info.cmdline = "sidecar --serve";
  return info;
}

inline TargetSpec name_spec(const std::string& value) {
  TargetSpec spec;
  spec.value = value;
  return spec;
}

inline Sample sample(InstanceId instance, WallTime time, double rss) {
  Sample s;
  s.instance = instance;
  s.time = time;
  s.monotonic = milliseconds(to_unix_ms(time) % 1000000);
  s.values.set(Metric::kRssBytes, rss);
  return s;
}

inline std::string read_text(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

inline void write_text(const std::filesystem::path& file, const std::string& text) {
  std::ofstream(file, std::ios::binary) << text;
}

class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "soakwatch-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

template <class Condition>
bool within_deadline(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + kFlushTimeout;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(milliseconds(1));
  }
  return true;
}

class StoreTest : public testing::Test {
 protected:
  StoreTest() {
    options_.database = folder_ / "soak.db";
    options_.batch_linger = milliseconds(1);
    options_.retry_interval = milliseconds(5);
  }
  std::unique_ptr<SampleStore> open() const {
    auto store = SampleStore::open(options_);
    if (!store) throw std::runtime_error(store.error().message);
    return std::move(*store);
  }
  SampleReader reader() const { return SampleReader::open(options_.database).value(); }
  // A single value, read by a connection of its own.
  std::string ask(const std::string& sql) const {
    constexpr int kBusyTimeoutMs = 10000;  // a writer that recovers after a kill
    SQLite::Database db(options_.database.string(), SQLite::OPEN_READONLY, kBusyTimeoutMs);
    return db.execAndGet(sql).getString();
  }
  std::vector<SampleRow> rows(const SampleQuery& query = {}) const {
    std::vector<SampleRow> result;
    SampleReader r = reader();
    auto done = r.for_each(query, [&](const SampleRow& row) {
      result.push_back(row);
      return true;
    });
    if (!done) throw std::runtime_error(done.error().message);
    return result;
  }

  TempFolder folder_;
  StoreOptions options_;
};

}  // namespace soakwatch
