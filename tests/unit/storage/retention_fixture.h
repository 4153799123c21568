// A database with old samples in it, and retention that is told what time it is.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include "storage/database_file.h"
#include "storage/retention.h"
#include "store_fixture.h"

namespace soakwatch {

using namespace std::chrono_literals;

// A full hour, UTC.
inline constexpr WallTime kHour = from_unix_ms(1795161600000);

// Some metrics of each kind, with gaps.
inline Sample mixed_sample(InstanceId instance, WallTime time, std::mt19937& random) {
  Sample s;
  s.instance = instance;
  s.time = time;
  s.monotonic = time - kHour + 1h;
  const auto value = [&](double most) {
    return static_cast<double>(random() % 100000) / 1e5 * most;
  };
  s.values.set(Metric::kRssBytes, std::floor(value(1e9)));
  if (random() % 3 == 0) s.values.set(Metric::kPssBytes, std::floor(value(1e9)));
  if (random() % 100 == 0) s.values.set(Metric::kOpenFds, std::floor(value(1000)));
  s.values.set(Metric::kCpuSecondsTotal, static_cast<double>(s.monotonic.count()) / 7000);
  if (random() % 4 == 0)
    s.values.set(Metric::kGcCyclesTotal, static_cast<double>(s.monotonic / 1s));
  if (random() % 2 == 0) s.values.set(Metric::kGcCpuFraction, value(1));
  return s;
}

class RetentionTest : public StoreTest {
 protected:
  RetentionTest() {
    keep_.keep_raw = 24h;
    keep_.keep_minutes = 240h;
    keep_.keep_hours = 2400h;
  }
  // `count` samples, `step` apart from `from` on, of a process of its own; remembers them.
  InstanceId record(pid_t pid, WallTime from, int count, milliseconds step,
                    const std::string& boot = "boot-1", const std::string& target = "a") {
    auto store = open();
    ProcessInfo info = process(pid);
    info.id.boot_id = boot;
    const InstanceId id = store->instance_id(store->target_id(target, {}, from), info, from).id;
    for (int i = 0; i < count; ++i) {
      const Sample s = mixed_sample(id, from + i * step, random_);
      written_.push_back(s);
      store->add_sample(s);
      if (i % 5000 == 4999 && !store->flush(kFlushTimeout)) throw std::runtime_error("flush");
    }
    store->end_instance({id, from + (count - 1) * step, "exit"});
    if (!store->close(kFlushTimeout)) throw std::runtime_error("close");
    return id;
  }
  // Passes to the end; returns how many slices that took.
  int pass(WallTime now, int limit_units = 500) { return pass(ClockReading{now}, limit_units); }
  int pass(const ClockReading& now, int limit_units = 500) {
    auto db = connect_writer(options_.database);
    Retention retention(*db, keep_);
    int slices = 1;
    longest_ = 0;
    notices_.clear();
    for (bool more = true; more; ++slices) {
      const Retention::Slice slice = retention.work(now, {limit_units});
      longest_ = std::max(longest_, slice.units);
      if (!slice.notice.empty()) notices_.push_back(slice.notice);
      more = slice.more;
    }
    db->exec("PRAGMA wal_checkpoint(TRUNCATE)");
    return slices;
  }
  std::int64_t number(const std::string& sql) const { return std::stoll(ask(sql)); }
  // In all tiers.
  std::int64_t samples_in_all() const {
    return number(
        "SELECT (SELECT count(*) FROM samples) + (SELECT coalesce(sum(samples), 0) FROM minutes) + "
        "(SELECT coalesce(sum(samples), 0) FROM hours)");
  }
  std::int64_t in(const std::string& table) const {
    return number("SELECT count(*) FROM " + table);
  }

  RetentionOptions keep_;
  std::mt19937 random_{7};
  std::vector<Sample> written_;
  int longest_ = 0;
  std::vector<std::string> notices_;
};

}  // namespace soakwatch
