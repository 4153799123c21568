// Reads one process through /proc. It holds directory and file descriptors of the process, so that
// a pid that the kernel gave to another process can never be read by mistake: reads then fail with
// kNotFound.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "model/metric.h"
#include "model/process_id.h"
#include "model/result.h"

namespace soakwatch {

// About 90,000 mappings; the kernel's default limit is 65,530 (vm.max_map_count).
inline constexpr std::size_t kMaxSmapsBytes = std::size_t{64} << 20;

class ProcessReader {
 public:
  // Error kNotFound: no such process; kDenied: /proc hides it; kIo otherwise. `boot_id` goes into
  // the id; under `cgroup_root` lie the control groups that may limit it.
  static Result<ProcessReader> open(const std::filesystem::path& proc_root, pid_t pid,
                                    const std::string& boot_id,
                                    const std::filesystem::path& cgroup_root = "/sys/fs/cgroup");
  ProcessReader(ProcessReader&&) noexcept;
  ProcessReader& operator=(ProcessReader&&) noexcept;
  ~ProcessReader();

  [[nodiscard]] const ProcessInfo& info() const;
  // A round saw that the process runs another program than info() tells of: systemd's own copy of a
  // service, or a start script, became the program by exec. Not seen where /proc hides the path of
  // the executable, nor when the kernel's name for the process stays the same.
  [[nodiscard]] bool program_replaced() const;
  // Reads info() anew, apart from the id. Not beside any other call.
  void renew_info();

  // Metrics of Source::kProcRound. Microseconds; called on the loop. kNotFound when the process has
  // ended (or is a zombie). A value that cannot be read for want of privilege is missing, which is
  // no error; so is the count of descriptors in some rounds where it takes long, see
  // listing_pace.h.
  Result<MetricValues> read_round();

  // Metrics of Source::kProcDetail. May take seconds on a huge process: call it on a worker thread,
  // at most one at a time; it may run beside read_round().
  Result<MetricValues> read_detail() const;

  // The open descriptors, in the form that fd_table.h states, and the text of smaps as it is: for a
  // worker thread, as above. Errors: kNotFound (ended; smaps also: a process without memory),
  // kDenied, kTooLarge (more than kMaxSmapsBytes), kIo.
  [[nodiscard]] Result<std::string> read_fd_table() const;
  [[nodiscard]] Result<std::string> read_smaps() const;

  // It was stopped by a signal or a debugger, and answers nobody until it goes on. False as well
  // where that cannot be read. For any thread.
  [[nodiscard]] bool is_stopped() const;

  // Inodes of the sockets that the process holds, for finding its servers. Lists /proc/PID/fd.
  [[nodiscard]] Result<std::vector<std::uint64_t>> socket_inodes() const;

 private:
  struct Impl;
  explicit ProcessReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// /proc/sys/kernel/random/boot_id under proc_root, without the newline.
Result<std::string> read_boot_id(const std::filesystem::path& proc_root);

}  // namespace soakwatch
