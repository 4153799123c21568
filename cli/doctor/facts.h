// What `soakwatch doctor` found out, before anything is judged. Absent: could not be found out.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/daemon_stats.h"
#include "model/timestamp.h"

namespace soakwatch {

struct MachineFacts {
  std::string kernel_release;  // "6.1.0-30-amd64"
  bool has_smaps_rollup = false;
  // Of the mount at /proc; absent: something else, or nothing, is mounted there.
  std::optional<std::string> proc_options;
  bool is_root = false;
  std::uint64_t capabilities = 0;  // effective ones, a bit each (linux/capability.h)
  std::optional<int> ptrace_scope;
  std::string sqlite_version;
  Moment now;
  std::uint64_t soft_open_files = 0;
  std::uint64_t hard_open_files = 0;
  bool cgroup_v2 = false;
};

// What soakwatch.service reads and writes, as far as its usual places and their file tell.
struct ServicePlaces {
  std::string config;
  std::string database;
};

struct ConfigFacts {
  std::string file;
  bool named = false;  // by --config
  bool found = false;
  std::vector<std::string> mistakes;
  std::size_t targets = 0;
  int targets_line = 0;  // of the key, from 1; 0: it is not there
  bool writable = true;  // by us
  ServicePlaces of_system;
  ServicePlaces of_user;  // empty for root, whose places are the system's
};

struct RunningTarget {
  std::string name;
  milliseconds interval{0};
  std::optional<WallTime> newest_sample;
};

struct StoreFacts {
  // kSilent: its file system does not answer, and nothing else is known.
  enum class State { kReadable, kMissing, kDenied, kOlder, kNotOurs, kBroken, kSilent };
  std::string file;
  bool named = false;  // by --db
  State state = State::kMissing;
  std::string trouble;  // why it is not readable
  int schema_version = 0;
  bool writer_runs = false;
  int writer_pid = 0;
  std::string writer_program;
  std::int64_t wal_bytes = 0;
  std::string folder;  // the nearest that is there
  std::optional<std::int64_t> free_bytes;
  std::string captures_folder;
  std::optional<std::int64_t> capture_bytes;  // absent: may not be read
  std::int64_t max_capture_bytes = 0;
  std::vector<RunningTarget> running;
  std::optional<DaemonStats> stats;  // the newest of the daemon that writes
};

struct UnitFacts {
  // kRestarting: it ended by itself, and systemd waits to start it again.
  enum class State {
    kNoSystemctl,
    kNoAnswer,
    kNotInstalled,
    kInactive,
    kActive,
    kRestarting,
    kFailed
  };
  bool of_user = false;
  State state = State::kNoSystemctl;
  std::string detail;              // "active (running)"
  int main_pid = 0;                // 0: no process
  std::string user;                // "soakwatch"; empty: root, or of the user's service
  std::optional<unsigned> uid;     // absent: there is no such user
  std::uint64_t capabilities = 0;  // that its processes have: with its drop-ins
};

// Absent `trouble`: it is reachable.
struct ServiceFacts {
  std::vector<UnitFacts> units;
  std::optional<std::string> logind_trouble;
  std::optional<std::string> notification_trouble;
  std::optional<std::string> go_tool;  // its path
};

// One thing that may be read of a process; empty `trouble`: it was.
struct ReadFacts {
  std::string what;  // "statm"
  std::string found;
  std::string trouble;
};

struct PprofFacts {
  bool off = false;
  bool named = false;                 // by ,pprof=URL
  std::string url;                    // empty: none found
  std::size_t listening_sockets = 0;  // that were asked
  std::string trouble;
  std::optional<milliseconds> index_latency;
  std::string index_trouble;
  std::optional<milliseconds> heap_latency;
  std::string heap_trouble;
  milliseconds timeout{0};
};

struct TargetFacts {
  std::string spec;
  std::string trouble;  // the search itself failed
  std::size_t matches = 0;
  int pid = 0;  // that would be watched
  std::string comm;
  bool is_own = true;  // of our user
  std::optional<unsigned> uid;
  // In this order, as far as the process lived: statm, fd count, fd links, smaps_rollup, environ.
  std::vector<ReadFacts> reads;
  PprofFacts pprof;
  std::vector<std::string> missing_proc;   // names of metrics
  std::vector<std::string> missing_pprof;  // names of metrics
  std::size_t present = 0;
};

struct DoctorFacts {
  MachineFacts machine;
  ConfigFacts config;
  StoreFacts store;
  ServiceFacts services;
  std::optional<TargetFacts> target;
};

}  // namespace soakwatch
