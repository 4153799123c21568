#include "storage/retention.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "storage/alert_row.h"
#include "storage/row_cursor.h"
#include "storage/sample_store.h"

namespace soakwatch {
namespace {

// The newest hour stays as it was sampled, whatever the file takes.
constexpr milliseconds kNewest = std::chrono::hours(1);
constexpr milliseconds kShortLife = std::chrono::hours(1);
// Over the byte budget the age of a tier is cut by this much at a time, and comes back so.
constexpr double kCut = 15.0 / 16;
constexpr milliseconds kBetweenNotices = std::chrono::hours(24);
constexpr double kTellAgain = 0.8;  // of an age that was told
// What a row takes, about: 29 metrics, with all figures in minutes.
constexpr std::int64_t kRawBytes = 150;
constexpr std::int64_t kMinuteBytes = 600;
// A window takes in so many rows that looking for them costs little beside.
constexpr int kRowsPerInstance = 4;
constexpr int kFullWindowRows = 200;
constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::max();
// Instances that are looked at for one unit of work: a search in an index each.
constexpr int kInstancesPerUnit = 4;
constexpr int kOrphanWindow = 500;
// Free pages are reused; a file gives back what is beyond a share that comes and goes.
constexpr std::int64_t kFreeShare = 16;
constexpr std::int64_t kFreePages = 256;
constexpr int kUnitsPerPage = 4;

const std::string kHasNoEvidence =
    " id NOT IN (SELECT instance_id FROM alerts WHERE instance_id IS NOT NULL)"
    " AND id NOT IN (SELECT instance_id FROM captures WHERE instance_id IS NOT NULL)";

std::size_t index_of(Tier tier) { return static_cast<std::size_t>(tier); }

// The span of what rows of the tier become; hours go as hours.
milliseconds bucket_above(Tier tier) {
  return span_of(tier == Tier::kRaw ? Tier::kMinutes : Tier::kHours);
}

std::int64_t scaled(std::int64_t age, double factor) {
  return static_cast<std::int64_t>(static_cast<double>(age) * factor);
}

}  // namespace

Retention::Retention(SQLite::Database& db, RetentionOptions options)
    : db_(db), options_(std::move(options)), rollup_(db) {
  constexpr std::int64_t kIncremental = 2;  // sqlite.org/pragma.html#pragma_auto_vacuum
  can_shrink_ = pragma("auto_vacuum") == kIncremental;
  configured_ = {options_.keep_raw.count(), options_.keep_minutes.count(),
                 options_.keep_hours.count()};
  keep_ = told_keep_ = configured_;
}

std::int64_t Retention::pragma(const char* name) {
  return db_.execAndGet(fmt::format("PRAGMA {}", name)).getInt64();
}

Retention::Slice Retention::work(WallTime now, int limit_units) {
  if (phase_ == Phase::kIdle) begin_pass(now);
  Slice slice;
  db_.exec("BEGIN IMMEDIATE");
  try {
    while (phase_ != Phase::kIdle && slice.units < limit_units) step(slice, limit_units);
    db_.exec("COMMIT");
  } catch (const SQLite::Exception&) {
    db_.tryExec("ROLLBACK");
    phase_ = Phase::kIdle;
    throw;
  }
  slice.more = phase_ != Phase::kIdle;
  return slice;
}

void Retention::begin_pass(WallTime now) {
  now_ = now;
  is_over_ = false;
  // What was cut comes back as room allows.
  for (std::size_t i = 0; i < keep_.size(); ++i)
    keep_[i] = std::min(configured_[i], scaled(keep_[i], 1 / kCut) + 1);
  set_expiries();
  enter_tier(Tier::kRaw);
}

void Retention::set_expiries() {
  for (const Tier tier : {Tier::kRaw, Tier::kMinutes, Tier::kHours}) {
    const std::size_t i = index_of(tier);
    expiry_[i] = bucket_begin_ms(to_unix_ms(now_) - keep_[i], bucket_above(tier));
  }
}

bool Retention::shorten() {
  const std::int64_t now = to_unix_ms(now_);
  const auto can_cut = [&](Tier tier) {
    const std::size_t i = index_of(tier);
    return keep_[i] > kNewest.count() &&
           oldest_[i] < bucket_begin_ms(now - kNewest.count(), bucket_above(tier));
  };
  // Both ends of the keys tell the number of rows well enough, and at once.
  const auto rows = [&](std::string_view table) {
    return db_
        .execAndGet(fmt::format("SELECT coalesce((SELECT max(rowid) FROM {0}) - "
                                "(SELECT min(rowid) FROM {0}), 0)",
                                table))
        .getInt64();
  };
  const bool raw_is_more = rows("samples") * kRawBytes >= rows("minutes") * kMinuteBytes;
  Tier tier = raw_is_more ? Tier::kRaw : Tier::kMinutes;
  if (!can_cut(tier)) tier = raw_is_more ? Tier::kMinutes : Tier::kRaw;
  if (!can_cut(tier)) tier = Tier::kHours;
  if (!can_cut(tier)) return false;
  // Of what there is: an age that nothing has reached would be cut in vain.
  std::int64_t& keep = keep_[index_of(tier)];
  const std::int64_t age = now - oldest_[index_of(tier)];
  keep = std::max(kNewest.count(), scaled(std::min(keep, age), kCut));
  set_expiries();
  enter_tier(tier);
  return true;
}

void Retention::enter(Phase phase) {
  phase_ = phase;
  cursor_ = 0;
}

void Retention::enter_tier(Tier tier) {
  constexpr std::array kPhases{Phase::kRaw, Phase::kMinutes, Phase::kHours};
  enter(kPhases[index_of(tier)]);
  oldest_[index_of(tier)] = kNone;
  window_end_ = std::numeric_limits<std::int64_t>::min();  // the first one only looks
  window_ms_ = bucket_above(tier).count();
  window_rows_ = kFullWindowRows;
  window_instances_ = 0;
}

bool Retention::next_window(Tier tier) {
  const std::int64_t expiry = expiry_[index_of(tier)];
  std::int64_t& oldest = oldest_[index_of(tier)];
  if (oldest >= expiry) return false;
  const milliseconds bucket = bucket_above(tier);
  const int enough = std::max(kFullWindowRows, kRowsPerInstance * window_instances_);
  if (window_rows_ < enough) {
    window_ms_ = std::min(window_ms_ * 2, expiry - oldest);
  } else if (window_rows_ > 4 * enough) {
    window_ms_ /= 2;
  }
  window_ms_ = std::max(bucket.count(), window_ms_);
  window_end_ = std::min(expiry, bucket_begin_ms(oldest + window_ms_, bucket));
  oldest = kNone;
  window_rows_ = window_instances_ = 0;
  cursor_ = 0;
  return true;
}

void Retention::step(Slice& slice, int limit_units) {
  const int left = limit_units - slice.units;
  switch (phase_) {
    case Phase::kRaw:
      return expire_tier(Tier::kRaw, slice, left);
    case Phase::kMinutes:
      return expire_tier(Tier::kMinutes, slice, left);
    case Phase::kHours:
      return expire_tier(Tier::kHours, slice, left);
    case Phase::kEvents:
      return expire_events(slice, left);
    case Phase::kOrphans:
      return remove_orphans(slice);
    case Phase::kCrowd:
      return thin_crowd(slice, left);
    case Phase::kSize:
      return check_size(slice);
    case Phase::kGiveBack:
      return give_back(slice, left);
    case Phase::kIdle:
      return;
  }
}

void Retention::expire_tier(Tier tier, Slice& slice, int limit_units) {
  std::int64_t& oldest_left = oldest_[index_of(tier)];
  ++slice.units;
  for (int looked = 0; looked < kInstancesPerUnit; ++looked) {
    const auto oldest = rollup_.next_instance(tier, cursor_);
    if (!oldest) {
      if (next_window(tier)) return;
      if (tier == Tier::kHours) return enter(Phase::kEvents);
      return enter_tier(tier == Tier::kRaw ? Tier::kMinutes : Tier::kHours);
    }
    const bool exempt = oldest->time_ms < expiry_[index_of(tier)] && is_exempt(oldest->instance);
    if (oldest->time_ms < window_end_ && !exempt) {
      const int rows = rollup_.expire(tier, oldest->instance, window_end_, limit_units);
      slice.units += rows;
      slice.expired_rows += rows;
      window_rows_ += rows;
      return;  // the rest of this instance, if there is, comes with the next step
    }
    if (!exempt) oldest_left = std::min(oldest_left, oldest->time_ms);
    cursor_ = oldest->instance;
    ++window_instances_;
  }
}

bool Retention::is_exempt(InstanceId instance) {
  if (is_shortened()) return false;
  SQLite::Statement select(db_, "SELECT boot_id FROM instances WHERE id = ?");
  select.bind(1, instance);
  return select.executeStep() && ColumnCursor(select).text() == kImportedBootId;
}

void Retention::expire_events(Slice& slice, int limit_units) {
  SQLite::Statement remove(
      db_, fmt::format("DELETE FROM events WHERE id IN (SELECT id FROM events WHERE time_ms < ? "
                       "AND (instance_id IS NULL OR instance_id NOT IN "
                       "(SELECT id FROM instances WHERE ended_ms IS NULL UNION "
                       "SELECT a.instance_id FROM alerts a WHERE {})) ORDER BY time_ms LIMIT ?)",
                       kAlertIsOpen));
  ParameterCursor p(remove);
  p.integer(expiry_[index_of(Tier::kHours)]);
  p.integer(limit_units);
  const int deleted = remove.exec();
  slice.units += deleted + 1;
  if (deleted < limit_units) enter(Phase::kOrphans);
}

void Retention::remove_orphans(Slice& slice) {
  SQLite::Statement window(db_,
                           "SELECT coalesce(max(id), 0) FROM (SELECT id FROM instances WHERE "
                           "id > ? ORDER BY id LIMIT ?)");
  window.bind(1, cursor_);
  window.bind(2, kOrphanWindow);
  window.executeStep();
  const std::int64_t end = window.getColumn(0).getInt64();
  if (end == 0) return enter(Phase::kCrowd);
  SQLite::Statement select(
      db_,
      "SELECT id FROM instances WHERE id > ? AND id <= ? AND ended_ms < ?"
      " AND NOT EXISTS (SELECT 1 FROM samples WHERE instance_id = instances.id)"
      " AND NOT EXISTS (SELECT 1 FROM minutes WHERE instance_id = instances.id)"
      " AND NOT EXISTS (SELECT 1 FROM hours WHERE instance_id = instances.id) AND" +
          kHasNoEvidence);
  select.bind(1, cursor_);
  select.bind(2, end);
  select.bind(3, expiry_[index_of(Tier::kHours)]);
  std::vector<InstanceId> orphans;
  while (select.executeStep()) orphans.push_back(ColumnCursor(select).integer());
  for (const InstanceId orphan : orphans) remove_instance(orphan, slice, kOrphanWindow);
  cursor_ = end;
  slice.units += kOrphanWindow / 20;
}

// With the rows, because an instance without one would be no use to anybody.
void Retention::thin_crowd(Slice& slice, int limit_units) {
  const std::int64_t count = db_.execAndGet("SELECT count(*) FROM instances").getInt64();
  slice.units += 10;
  if (count <= options_.limit_instances) return enter(Phase::kSize);
  SQLite::Statement select(db_, "SELECT id FROM instances WHERE ended_ms - first_seen_ms < ? AND" +
                                    kHasNoEvidence + " ORDER BY id LIMIT ?");
  select.bind(1, kShortLife.count());
  select.bind(2, std::min<std::int64_t>(count - options_.limit_instances, limit_units));
  std::vector<InstanceId> crowd;
  while (select.executeStep()) crowd.push_back(ColumnCursor(select).integer());
  if (crowd.empty()) return enter(Phase::kSize);
  const int end = slice.units + limit_units;
  for (const InstanceId instance : crowd) {
    if (slice.units >= end || !remove_instance(instance, slice, end - slice.units)) return;
  }
}

bool Retention::remove_instance(InstanceId instance, Slice& slice, int limit_units) {
  for (const char* table : {"samples", "minutes", "hours", "events"}) {
    SQLite::Statement remove(db_,
                             fmt::format("DELETE FROM {0} WHERE rowid IN (SELECT rowid FROM {0} "
                                         "WHERE instance_id = ? LIMIT ?)",
                                         table));
    remove.bind(1, instance);
    remove.bind(2, limit_units);
    const int deleted = remove.exec();
    slice.units += deleted;
    slice.expired_rows += deleted;
    limit_units -= deleted;
    if (limit_units <= 0) return false;
  }
  SQLite::Statement remove(db_, "DELETE FROM instances WHERE id = ?");
  remove.bind(1, instance);
  remove.exec();
  slice.units += 4;
  slice.removed_instances.push_back(instance);
  return true;
}

void Retention::check_size(Slice& slice) {
  ++slice.units;
  if (options_.limit_bytes <= 0) return enter(Phase::kGiveBack);
  const std::int64_t used = (pragma("page_count") - pragma("freelist_count")) * pragma("page_size");
  const bool fits = used <= options_.limit_bytes;
  if (!fits && shorten()) {
    is_over_ = true;
    return;
  }
  bool is_news = now_ - told_ >= kBetweenNotices;
  for (std::size_t i = 0; i < keep_.size(); ++i)
    is_news = is_news || keep_[i] < scaled(told_keep_[i], kTellAgain);
  if ((is_over_ || !fits) && is_news) slice.notice = forced_notice(used, fits);
  if (!is_shortened()) told_keep_ = configured_;
  enter(Phase::kGiveBack);
}

std::string Retention::forced_notice(std::int64_t used_bytes, bool fits) {
  told_keep_ = keep_;
  told_ = now_;
  const auto mib = [](std::int64_t bytes) { return static_cast<double>(bytes) / (1 << 20); };
  const auto time_of = [&](Tier tier) { return format_utc(from_unix_ms(expiry_[index_of(tier)])); };
  return fmt::format(
      "the database {} its limit of {:.1f} MiB ({:.1f} MiB in use): samples are kept by the minute "
      "before {}, by the hour before {}, and not at all before {}",
      fits ? "would exceed" : "exceeds", mib(options_.limit_bytes), mib(used_bytes),
      time_of(Tier::kRaw), time_of(Tier::kMinutes), time_of(Tier::kHours));
}

void Retention::give_back(Slice& slice, int limit_units) {
  const std::int64_t free = pragma("freelist_count");
  const std::int64_t stays = (pragma("page_count") - free) / kFreeShare + kFreePages;
  if (!can_shrink_ || free <= stays) return enter(Phase::kIdle);
  const std::int64_t pages = std::clamp<std::int64_t>(limit_units / kUnitsPerPage, 1, free - stays);
  // One step of it frees one page: exec() makes them all.
  db_.exec(fmt::format("PRAGMA incremental_vacuum({})", pages));
  slice.units += static_cast<int>(pages) * kUnitsPerPage;
}

void SlicePace::took(int units, std::chrono::microseconds time) {
  // Far enough below the limit of 50 ms that a slow moment of the disk stays within it, too.
  constexpr double kTargetUs = 10000;
  constexpr int kLeast = 50;
  constexpr int kMost = 2000;
  if (units * 2 < limit_) return;  // too little work to learn from
  const double us = std::max(1.0, static_cast<double>(time.count()));
  const double factor = std::clamp(kTargetUs / us, 0.25, 1.25);
  limit_ = std::clamp(static_cast<int>(limit_ * factor), kLeast, kMost);
}

}  // namespace soakwatch
