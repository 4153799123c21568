// Whether a daemon runs, and how it does.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "cli/doctor/judgement.h"
#include "report/words.h"

namespace soakwatch {

namespace {

// The service whose database is looked at; null: neither, or it is not installed. Its pid is the
// proof; while nothing writes, the places tell.
const UnitFacts* service_of_store(const DoctorFacts& facts) {
  const StoreFacts& store = facts.store;
  for (const UnitFacts& unit : facts.services.units) {
    if (unit.main_pid > 0 && store.writer_runs && unit.main_pid == store.writer_pid) return &unit;
  }
  for (const UnitFacts& unit : facts.services.units) {
    const ServicePlaces& places = unit.of_user ? facts.config.of_user : facts.config.of_system;
    if (places.database != store.file) continue;
    // It would not read the file that --config names.
    if (facts.config.named && facts.config.file != places.config) continue;
    return &unit;
  }
  return nullptr;
}

std::string command_by_hand(const DoctorFacts& facts) {
  const StoreFacts& store = facts.store;
  std::string command = "soakwatchd --config " + shell_word(facts.config.file);
  if (store.named) command += " --db " + shell_word(store.file);
  if (!store.writer_runs || store.writer_pid <= 0) return command;
  // The lock refuses a second writer.
  const std::string pid = std::to_string(store.writer_pid);
  const std::string ended = "tail --pid=" + pid + " -f /dev/null && " + command;
  return store.writer_program == "soakwatchd" ? "kill " + pid + " && " + ended : ended;
}

}  // namespace

std::string start_command(const DoctorFacts& facts) {
  const UnitFacts* unit = service_of_store(facts);
  if (unit == nullptr) return command_by_hand(facts);
  const bool another_writes =
      facts.store.writer_runs && (unit->state != UnitFacts::State::kActive ||
                                  (unit->main_pid > 0 && unit->main_pid != facts.store.writer_pid));
  if (another_writes) return command_by_hand(facts);
  const std::string systemctl = unit->of_user ? "systemctl --user " : "sudo systemctl ";
  switch (unit->state) {
    case UnitFacts::State::kInactive:
    case UnitFacts::State::kFailed:
      return systemctl + "enable --now soakwatch";
    case UnitFacts::State::kActive:
      return systemctl + "restart soakwatch";
    case UnitFacts::State::kRestarting:  // which it does by itself, in vain
      return journal_command(*unit);
    case UnitFacts::State::kNoSystemctl:
    case UnitFacts::State::kNoAnswer:
    case UnitFacts::State::kNotInstalled:
      break;
  }
  return command_by_hand(facts);
}

namespace {

using State = StoreFacts::State;

// A sample is late after three rounds and what a queue may take to be written.
constexpr int kLateRounds = 3;
constexpr seconds kWritePatience{60};
// A clock that was set back makes samples of the future.
constexpr seconds kClockPatience{60};

DoctorLine judge_writer(const DoctorFacts& facts) {
  const StoreFacts& store = facts.store;
  if (!store.writer_runs) {
    return {Health::kWarn, "daemon", "nothing writes this database now", start_command(facts), {}};
  }
  const std::string program = store.writer_program.empty() ? "a program" : store.writer_program;
  return {Health::kPass,
          "daemon",
          store.writer_pid > 0 ? fmt::format("{} runs, pid {}", program, store.writer_pid)
                               : program + " runs",
          {},
          {}};
}

// A throttled interval is 20 s at most (daemon/throttle.h), which the patience has room for.
bool is_late(const RunningTarget& target, WallTime now) {
  if (!target.newest_sample) return true;
  return now - *target.newest_sample > kLateRounds * target.interval + kWritePatience;
}

DoctorLine judge_samples(const DoctorFacts& facts) {
  const StoreFacts& store = facts.store;
  const WallTime now = facts.machine.now.wall;
  DoctorLine line{Health::kPass, "samples", {}, {}, {}};
  if (store.running.empty()) {
    line.health = Health::kWarn;
    line.found = "the daemon runs, but none of its targets does";
    line.mend = "soakwatch status";
    return line;
  }
  std::optional<WallTime> newest;
  std::size_t late = 0;
  for (const RunningTarget& target : store.running) {
    if (target.newest_sample) newest = std::max(newest.value_or(WallTime{}), *target.newest_sample);
    if (!is_late(target, now)) continue;
    ++late;
    line.details.push_back(target.name + ": " +
                           (target.newest_sample
                                ? format_duration(now - *target.newest_sample) + " ago"
                                : std::string("none yet")) +
                           ", interval " + format_duration(target.interval));
  }
  if (late > 0) {
    line.health = Health::kFail;
    line.found = fmt::format("the daemon lives but is silent about {} of {} running targets", late,
                             store.running.size());
    line.mend = fmt::format("journalctl -n 50 _PID={}", store.writer_pid);
    return line;
  }
  if (*newest > now + kClockPatience) {
    line.health = Health::kWarn;
    line.found = "the newest sample is of the future: the clock was set back";
    line.mend = "timedatectl status";
    return line;
  }
  line.found =
      fmt::format("newest {} ago, {} running",
                  format_duration(std::max(now - *newest, milliseconds(0))), store.running.size());
  return line;
}

DoctorLine judge_ceilings(const DaemonStats& stats) {
  const auto level = stats.get(DaemonFigure::kThrottleLevel).value_or(0);
  const bool short_of_memory = stats.get(DaemonFigure::kShortOfMemory).value_or(0) > 0;
  if (level <= 0 && !short_of_memory) {
    return {Health::kPass, "ceilings", "the daemon is below them and leaves nothing out", {}, {}};
  }
  std::string found = "the daemon does less";
  if (level > 0) {
    found += fmt::format(
        " to stay within self.max_cpu (level {:.0f}, intervals {:.0f} times as long, up to 20 s)",
        level, stats.get(DaemonFigure::kIntervalFactor).value_or(1));
  }
  if (short_of_memory) {
    found +=
        std::string(level > 0 ? ", and" : "") + " to stay within self.max_memory (no captures)";
  }
  return {
      Health::kWarn, "ceilings", found, "soakwatch status    # what it takes, and what for", {}};
}

// Since the daemon started: whoever reads this wants to know that something is missing.
DoctorLine judge_losses(const DaemonStats& stats, int pid) {
  DoctorLine line{Health::kPass, "losses", "none since the daemon started", {}, {}};
  for (const auto& [figure, what] :
       {std::pair{DaemonFigure::kDroppedSamplesTotal, "samples dropped, the disk was too slow"},
        std::pair{DaemonFigure::kDroppedEventsTotal, "events dropped, the disk was too slow"},
        std::pair{DaemonFigure::kDroppedRecordsTotal, "records dropped, the disk was too slow"},
        std::pair{DaemonFigure::kRejectedRowsTotal, "rows refused by the database"},
        std::pair{DaemonFigure::kLostRowsTotal, "rows lost with a file that was removed"},
        std::pair{DaemonFigure::kDroppedNotificationsTotal, "notifications dropped"},
        std::pair{DaemonFigure::kFailedNotificationsTotal, "notifications not delivered"}}) {
    const double count = stats.get(figure).value_or(0);
    if (count > 0) line.details.push_back(fmt::format("{:.0f} {}", count, what));
  }
  if (line.details.empty()) return line;
  line.health = Health::kWarn;
  line.found = "something was lost since the daemon started";
  line.mend = fmt::format("journalctl -p warning _PID={}", pid);
  return line;
}

}  // namespace

std::vector<DoctorLine> judge_daemon(const DoctorFacts& facts) {
  const StoreFacts& store = facts.store;
  if (store.state == State::kSilent) return {};
  // Who may not look at the folder does not see the lock either.
  if (store.state == State::kDenied && !store.writer_runs) return {};
  std::vector<DoctorLine> lines{judge_writer(facts)};
  const bool by_daemon = store.writer_program.empty() || store.writer_program == "soakwatchd";
  if (store.state == State::kReadable && store.writer_runs && by_daemon) {
    lines.push_back(judge_samples(facts));
  }
  if (store.stats) {
    lines.push_back(judge_ceilings(*store.stats));
    lines.push_back(judge_losses(*store.stats, store.writer_pid));
  }
  return lines;
}

}  // namespace soakwatch
