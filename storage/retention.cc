#include "storage/retention.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "storage/row_cursor.h"

namespace soakwatch {
namespace {

// What a row takes, about: 29 metrics, with all figures in minutes.
constexpr std::int64_t kRawBytes = 150;
constexpr std::int64_t kMinuteBytes = 600;
// Free pages are reused; a file gives back what is beyond a share that comes and goes.
constexpr std::int64_t kFreeShare = 16;
constexpr std::int64_t kFreePages = 256;
constexpr int kUnitsPerPage = 4;
constexpr int kPagesPerStep = 8;

}  // namespace

Retention::Retention(SQLite::Database& db, const RetentionOptions& options)
    : db_(db),
      options_(options),
      ages_(options),
      tiers_(db),
      history_(db, options.limit_alerts),
      instances_(db, options.limit_instances) {
  constexpr std::int64_t kIncremental = 2;  // sqlite.org/pragma.html#pragma_auto_vacuum
  can_shrink_ = pragma("auto_vacuum") == kIncremental;
}

std::int64_t Retention::pragma(const char* name) {
  return db_.execAndGet(fmt::format("PRAGMA {}", name)).getInt64();
}

Retention::Slice Retention::work(const ClockReading& now, const SliceLimit& limit) {
  if (phase_ == Phase::kIdle) {
    is_over_ = false;
    is_trusted_ = now.is_trusted();
    ages_.begin_pass(now.sure());
    enter_tier(Tier::kRaw);
  }
  SliceWork work(limit);
  db_.exec("BEGIN IMMEDIATE");
  try {
    do {
      step(work);
    } while (phase_ != Phase::kIdle && !work.is_over());
    if (phase_ == Phase::kIdle) keep(now);
    db_.exec("COMMIT");
  } catch (const SQLite::Exception&) {
    db_.tryExec("ROLLBACK");
    phase_ = Phase::kIdle;
    throw;
  }
  work.done.more = phase_ != Phase::kIdle;
  return std::move(work.done);
}

// Each step is short, so that the one in which the time runs out cannot last.
void Retention::step(SliceWork& work) {
  const std::int64_t expiry = ages_.expiry_ms(Tier::kHours);
  switch (phase_) {
    case Phase::kRaw:
      return sweep(Tier::kRaw, work, Phase::kMinutes);
    case Phase::kMinutes:
      return sweep(Tier::kMinutes, work, Phase::kHours);
    case Phase::kHours:
      return sweep(Tier::kHours, work, Phase::kEvents);
    case Phase::kEvents:
      if (!history_.step_events(expiry, work)) enter(Phase::kAlerts);
      return;
    case Phase::kAlerts:
      if (!history_.step_alerts(ages_.configured_expiry_ms(Tier::kHours), work))
        enter(Phase::kOrphans);
      return;
    case Phase::kOrphans:
      if (!instances_.step_orphans(expiry, work)) enter(Phase::kCrowd);
      return;
    case Phase::kCrowd:
      if (!instances_.step_crowd(work)) enter(Phase::kSize);
      return;
    case Phase::kSize:
      return check_size(work);
    case Phase::kGiveBack:
      return give_back(work);
    case Phase::kIdle:
      return;
  }
}

void Retention::enter(Phase phase) {
  phase_ = phase;
  if (phase == Phase::kMinutes) tiers_.enter(Tier::kMinutes);
  if (phase == Phase::kHours) tiers_.enter(Tier::kHours);
  if (phase == Phase::kEvents) history_.begin_events();
  if (phase == Phase::kAlerts) history_.begin_alerts();
  if (phase == Phase::kOrphans) instances_.begin_orphans();
  if (phase == Phase::kCrowd) instances_.begin_crowd();
}

void Retention::enter_tier(Tier tier) {
  constexpr std::array kPhases{Phase::kRaw, Phase::kMinutes, Phase::kHours};
  enter(kPhases[static_cast<std::size_t>(tier)]);
  tiers_.enter(tier);
}

void Retention::sweep(Tier tier, SliceWork& work, Phase next) {
  if (!tiers_.step(ages_.expiry_ms(tier), !ages_.is_shortened(), work)) enter(next);
}

// Both ends of the keys tell the number of rows well enough, and at once.
std::int64_t Retention::row_span(const char* table) {
  return db_
      .execAndGet(fmt::format("SELECT coalesce((SELECT max(rowid) FROM {0}) - "
                              "(SELECT min(rowid) FROM {0}), 0)",
                              table))
      .getInt64();
}

void Retention::check_size(SliceWork& work) {
  ++work.done.units;
  const std::int64_t limit = options_.limit_bytes;
  if (limit <= 0) return enter(Phase::kGiveBack);
  const std::int64_t used = (pragma("page_count") - pragma("freelist_count")) * pragma("page_size");
  if (used > limit) {
    const bool raw = row_span("samples") * kRawBytes >= row_span("minutes") * kMinuteBytes;
    if (const auto cut = ages_.shorten(tiers_.oldest_ms(), raw, is_trusted_)) {
      is_over_ = true;
      return enter_tier(*cut);
    }
  }
  work.done.notice = ages_.tell(is_over_ || used > limit, used, limit);
  enter(Phase::kGiveBack);
}

void Retention::give_back(SliceWork& work) {
  ++work.done.units;
  const std::int64_t free = pragma("freelist_count");
  const std::int64_t stays = (pragma("page_count") - free) / kFreeShare + kFreePages;
  if (!can_shrink_ || free <= stays) return enter(Phase::kIdle);
  const std::int64_t pages = std::min<std::int64_t>(kPagesPerStep, free - stays);
  // One step of it frees one page: exec() makes them all.
  db_.exec(fmt::format("PRAGMA incremental_vacuum({})", pages));
  work.done.units += static_cast<int>(pages) * kUnitsPerPage;
}

void Retention::keep(const ClockReading& now) {
  SQLite::Statement store(db_, "REPLACE INTO clock VALUES (1, ?, ?, ?)");
  ParameterCursor p(store);
  p.time(now.wall);
  p.integer(now.ahead.count());
  p.integer(now.steady.count());
  store.exec();
}

}  // namespace soakwatch
