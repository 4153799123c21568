// Facts of `soakwatch doctor` for tests, to be changed in what a test is about.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>

#include "cli/doctor/judgement.h"

namespace soakwatch {

inline constexpr std::int64_t kMebibyte = std::int64_t{1} << 20;
inline const WallTime kToday(std::chrono::seconds(1'795'190'400));  // 2026-11-20

// Of a machine on which everything passes.
inline DoctorFacts fit() {
  using namespace std::chrono_literals;
  DoctorFacts facts;
  facts.machine.kernel_release = "6.12.5-amd64";
  facts.machine.has_smaps_rollup = true;
  facts.machine.proc_options = "rw";
  facts.machine.sqlite_version = "3.40.1";
  facts.machine.now = {kToday, 10h, 10h};
  facts.machine.soft_open_files = facts.machine.hard_open_files = 1024;
  facts.machine.cgroup_v2 = true;
  facts.config.file = "/etc/s.yaml";
  facts.config.found = true;
  facts.config.targets = 1;
  facts.store.file = "/var/s.db";
  facts.store.state = StoreFacts::State::kReadable;
  facts.store.writer_runs = true;
  facts.store.writer_pid = 17;
  facts.store.writer_program = "soakwatchd";
  facts.store.free_bytes = 4096 * kMebibyte;
  facts.store.capture_bytes = kMebibyte;
  facts.store.max_capture_bytes = 256 * kMebibyte;
  facts.store.running = {{"sidecar", 5s, kToday - 4s}};
  facts.store.stats = DaemonStats{kToday - 20s, 17, {}};
  return facts;
}

inline DoctorFacts fit_with_target() {
  using namespace std::chrono_literals;
  DoctorFacts facts = fit();
  TargetFacts target;
  target.spec = "name:sidecar";
  target.matches = 1;
  target.pid = 99;
  target.reads = {{"statm", "readable", ""}, {"environ", "readable", ""}};
  target.pprof.url = "http://127.0.0.1:6060/debug/pprof/";
  target.pprof.index_latency = target.pprof.heap_latency = 3ms;
  target.pprof.timeout = 5s;
  target.present = 30;
  facts.target = target;
  return facts;
}

inline UnitFacts unit_in(bool of_user, UnitFacts::State state) {
  UnitFacts unit;
  unit.of_user = of_user;
  unit.state = state;
  unit.detail = "as systemctl says";
  return unit;
}

inline DoctorLine line_of(const DoctorFacts& facts, const std::string& check) {
  for (const DoctorLine& line : judge(facts)) {
    if (line.check == check) return line;
  }
  ADD_FAILURE() << "no line for " << check;
  return {};
}

}  // namespace soakwatch
