#include "collectors/procfs/process_reader.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>

#include "collectors/procfs/cmdline.h"
#include "collectors/procfs/fd_table.h"
#include "collectors/procfs/go_environment.h"
#include "collectors/procfs/kernel_text.h"
#include "collectors/procfs/listing_pace.h"
#include "collectors/procfs/process_directory.h"
#include "collectors/procfs/process_limits.h"
#include "collectors/procfs/smaps_rollup.h"
#include "collectors/procfs/stat.h"
#include "collectors/procfs/statm.h"
#include "collectors/procfs/status.h"

namespace soakwatch {
namespace {

constexpr std::size_t kMaxStatmBytes = 256;
// status lists the supplementary groups before the memory: room for 10,000 of them.
constexpr std::size_t kMaxStatusBytes = std::size_t{64} * 1024;
constexpr std::size_t kMaxSmapsRollupBytes = 4096;
// About 2,600,000 mappings; the kernel's default limit is 65,530 (vm.max_map_count).
constexpr std::size_t kMaxMapsBytes = std::size_t{256} << 20;
constexpr std::size_t kMapsChunkBytes = std::size_t{64} * 1024;

// What is not there because it is hidden or has no memory is missing; all else is an error.
bool is_missing(const Error& error) {
  return error.kind == ErrorKind::kDenied || error.kind == ErrorKind::kTooLarge;
}

Result<void> read_statm(const ProcFile& file, double page_bytes, MetricValues& out) {
  std::array<char, kMaxStatmBytes> buffer;
  const auto text = file.read_once(buffer);
  if (!text) return text.error();
  const auto statm = parse_statm(*text);
  if (!statm) return statm.error();
  if (statm->size_pages == 0) return {};
  out.set(Metric::kRssBytes, static_cast<double>(statm->resident_pages) * page_bytes);
  out.set(Metric::kVsizeBytes, static_cast<double>(statm->size_pages) * page_bytes);
  return {};
}

void set_if(MetricValues& out, Metric metric, const std::optional<std::uint64_t>& value) {
  if (value) out.set(metric, static_cast<double>(*value));
}

Result<void> read_status(const ProcFile& file, MetricValues& out) {
  std::array<char, kMaxStatusBytes> buffer;
  const auto text = file.read_once(buffer);
  if (!text) return text.error();
  const auto status = parse_status(whole_lines(*text));
  if (!status) return status.error();
  set_if(out, Metric::kRssAnonBytes, status->rss_anon_bytes);
  set_if(out, Metric::kRssFileBytes, status->rss_file_bytes);
  set_if(out, Metric::kSwapBytes, status->swap_bytes);
  return {};
}

Result<void> read_smaps_rollup(const ProcessDirectory& folder, MetricValues& out) {
  const auto text = read_proc_file(folder.fd(), "smaps_rollup", kMaxSmapsRollupBytes);
  if (!text) return text.error();
  const auto rollup = parse_smaps_rollup(whole_lines(*text));
  if (!rollup) return rollup.error();
  out.set(Metric::kPssBytes, static_cast<double>(rollup->pss_bytes));
  set_if(out, Metric::kLazyFreeBytes, rollup->lazy_free_bytes);
  set_if(out, Metric::kAnonHugeBytes, rollup->anon_huge_bytes);
  return {};
}

// A line for each mapping, counted on the way; the file itself may be many MiB.
Result<void> count_mappings(const ProcessDirectory& folder, MetricValues& out) {
  const auto file = ProcFile::open(folder.fd(), "maps");
  if (!file) return file.error();
  std::string chunk(kMapsChunkBytes, '\0');
  std::size_t total_bytes = 0;
  std::uint64_t lines = 0;
  while (true) {
    const auto text = file->read_at(total_bytes, chunk);
    if (!text) return text.error();
    if (text->empty()) break;
    total_bytes += text->size();
    if (total_bytes > kMaxMapsBytes) return Error{ErrorKind::kTooLarge, "maps: too long"};
    lines += static_cast<std::uint64_t>(std::count(text->begin(), text->end(), '\n'));
  }
  if (lines > 0) out.set(Metric::kMappings, static_cast<double>(lines));
  return {};
}

// In pieces: it is mostly far shorter than it may be.
Result<std::string> read_smaps_text(const ProcessDirectory& folder) {
  const auto file = ProcFile::open(folder.fd(), "smaps");
  if (!file) return file.error();
  std::string chunk(kMapsChunkBytes, '\0');
  std::string all;
  while (true) {
    const auto text = file->read_at(all.size(), chunk);
    if (!text) return text.error();
    if (text->empty()) break;
    if (all.size() + text->size() > kMaxSmapsBytes) {
      return Error{ErrorKind::kTooLarge, "smaps: too long"};
    }
    all += *text;
  }
  if (all.empty()) return not_found("smaps: the process has no memory");
  return all;
}

// All but the id and comm.
ProcessInfo read_info(const ProcessDirectory& folder, const std::filesystem::path& cgroup_root) {
  ProcessInfo info;
  if (auto exe = read_proc_link(folder.fd(), "exe")) info.exe = std::move(*exe);
  if (const auto text = read_proc_file(folder.fd(), "cmdline", kMaxCmdlineBytes)) {
    info.cmdline = parse_cmdline(*text).joined;
  }
  if (const auto text = read_proc_file(folder.fd(), "environ", kMaxEnvironBytes)) {
    const GoEnvironment environment = parse_go_environment(*text);
    info.gogc_percent = environment.gogc_percent;
    info.gogc_off = environment.gogc_off;
    info.gomemlimit_bytes = environment.gomemlimit_bytes;
  }
  info.limits = read_process_limits(folder.fd(), cgroup_root);
  return info;
}

}  // namespace

struct ProcessReader::Impl {
  Impl(ProcessDirectory folder_in, ProcFile stat_in, ProcFile statm_in, ProcFile status_in)
      : folder(std::move(folder_in)),
        stat_file(std::move(stat_in)),
        statm_file(std::move(statm_in)),
        status_file(std::move(status_in)) {}

  // kNotFound as well when the start time says that this is another process.
  [[nodiscard]] Result<ProcStat> read_stat() const;
  // The folder to read memory and descriptors from where it is not the process' own; empty where it
  // is. kNotFound: the process has ended.
  [[nodiscard]] Result<std::optional<ProcessDirectory>> stand_in(const ProcStat& stat) const;
  Result<void> count_fds(const ProcessDirectory& from, MetricValues& out);
  // Whether what was just read from `thread`, or from the folder of the process, had its memory and
  // descriptors all the while. kNotFound: the process has ended; kUnavailable: that thread has.
  [[nodiscard]] Result<void> check_lives(const std::optional<ProcessDirectory>& thread) const;
  void renew_info(const ProcessDirectory& from, ProcStat stat);
  void look_for_exec(const ProcessDirectory& from, const ProcStat& stat);

  ProcessDirectory folder;
  ProcFile stat_file;
  ProcFile statm_file;
  ProcFile status_file;
  ProcessInfo info;
  std::filesystem::path cgroup_root;
  std::string newest_comm;
  std::uint64_t start_stack = 0;  // ProcStat's, of the program that `info` tells of
  bool program_replaced = false;
  double page_bytes = static_cast<double>(sysconf(_SC_PAGESIZE));
  double ticks_per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
  bool size_counts_fds = true;  // until the kernel shows that it does not
  ListingPace listing_pace;
};

Result<ProcStat> ProcessReader::Impl::read_stat() const {
  auto stat = read_stat_file(stat_file);
  if (stat && stat->start_ticks != info.id.start_ticks) {
    return not_found("the pid belongs to another process now");
  }
  return stat;
}

Result<std::optional<ProcessDirectory>> ProcessReader::Impl::stand_in(const ProcStat& stat) const {
  if (!stat.main_thread_ended() && stat.vsize_bytes != 0) return std::nullopt;
  auto thread = folder.living_thread(info.id.pid);
  if (thread) return std::optional<ProcessDirectory>(std::move(*thread));
  if (stat.main_thread_ended()) return not_found("the process has ended");
  return std::nullopt;  // a kernel thread
}

Result<void> ProcessReader::Impl::check_lives(const std::optional<ProcessDirectory>& thread) const {
  const auto stat = read_stat();
  if (!stat) return stat.error();
  if (!thread && !stat->main_thread_ended()) return {};
  const auto others = stand_in(*stat);
  if (!others) return others.error();
  const auto of_thread = thread ? thread->read_stat() : stat;
  if (of_thread && !of_thread->main_thread_ended()) return {};
  return Error{ErrorKind::kUnavailable, "the thread that was read has ended"};
}

Result<void> ProcessReader::Impl::count_fds(const ProcessDirectory& from, MetricValues& out) {
  if (size_counts_fds) {
    const auto size = from.fd_count_by_size();
    if (!size) return size.error();
    if (*size > 0) {
      out.set(Metric::kOpenFds, static_cast<double>(*size));
      return {};
    }
  }
  // The size 0 stands for none at all, or for a kernel before 6.2.
  const auto begin = ListingPace::Clock::now();
  if (!listing_pace.due(begin)) return {};
  const auto listed = from.fd_count_by_listing();
  listing_pace.listed(listed ? *listed : kMaxListedFds, begin, ListingPace::Clock::now());
  if (!listed) return listed.error();
  if (*listed > 0) size_counts_fds = false;
  out.set(Metric::kOpenFds, static_cast<double>(*listed));
  return {};
}

void ProcessReader::Impl::renew_info(const ProcessDirectory& from, ProcStat stat) {
  constexpr int kMaxReads = 3;
  for (int i = 0; i < kMaxReads; ++i) {
    ProcessInfo read = read_info(from, cgroup_root);
    read.id = info.id;
    read.comm = stat.comm;
    info = std::move(read);
    start_stack = stat.start_stack;
    // An exec meanwhile would have mixed two programs.
    auto after = read_stat();
    if (!after || (after->comm == stat.comm && after->start_stack == stat.start_stack)) break;
    stat = std::move(*after);
  }
  newest_comm = info.comm;
}

// An exec moves the stack, by chance, also where a program starts itself anew. Where that is
// hidden, or not moved: the kernel renames a process at its exec. But a program may name itself,
// even in each round: the executable tells the one from the other.
void ProcessReader::Impl::look_for_exec(const ProcessDirectory& from, const ProcStat& stat) {
  if (stat.start_stack != 0 && start_stack != 0 && stat.start_stack != start_stack) {
    program_replaced = true;
    return;
  }
  if (stat.comm == newest_comm) return;
  newest_comm = stat.comm;
  const auto exe = read_proc_link(from.fd(), "exe");
  if (!exe || info.exe.empty()) return;
  program_replaced = without_deleted(*exe) != without_deleted(info.exe);
}

ProcessReader::ProcessReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ProcessReader::ProcessReader(ProcessReader&&) noexcept = default;
ProcessReader& ProcessReader::operator=(ProcessReader&&) noexcept = default;
ProcessReader::~ProcessReader() = default;

const ProcessInfo& ProcessReader::info() const { return impl_->info; }

bool ProcessReader::program_replaced() const { return impl_->program_replaced; }

void ProcessReader::renew_info() {
  impl_->program_replaced = false;
  auto stat = impl_->read_stat();
  if (!stat) return;  // the next round says why
  const auto thread = impl_->stand_in(*stat);
  if (!thread) return;
  impl_->renew_info(*thread ? **thread : impl_->folder, std::move(*stat));
}

Result<ProcessReader> ProcessReader::open(const std::filesystem::path& proc_root, pid_t pid,
                                          const std::string& boot_id,
                                          const std::filesystem::path& cgroup_root) {
  const std::string where = (proc_root / std::to_string(pid)).string();
  auto folder = ProcessDirectory::open(AT_FDCWD, where);
  if (!folder) return folder.error();
  auto stat_file = ProcFile::open(folder->fd(), "stat");
  if (!stat_file) return stat_file.error().in(where);
  auto statm_file = ProcFile::open(folder->fd(), "statm");
  if (!statm_file) return statm_file.error().in(where);
  auto status_file = ProcFile::open(folder->fd(), "status");
  if (!status_file) return status_file.error().in(where);
  auto stat = read_stat_file(*stat_file);
  if (!stat) return stat.error().in(where);

  folder->keep_fd_folder();
  auto impl = std::make_unique<Impl>(std::move(*folder), std::move(*stat_file),
                                     std::move(*statm_file), std::move(*status_file));
  impl->info.id = {boot_id, pid, stat->start_ticks};
  const auto thread = impl->stand_in(*stat);
  if (!thread) return thread.error().in(where);
  impl->cgroup_root = cgroup_root;
  impl->renew_info(*thread ? **thread : impl->folder, std::move(*stat));
  return ProcessReader(std::move(impl));
}

Result<MetricValues> ProcessReader::read_round() {
  const auto stat = impl_->read_stat();
  if (!stat) return stat.error();
  const auto thread = impl_->stand_in(*stat);
  if (!thread) return thread.error();
  impl_->look_for_exec(*thread ? **thread : impl_->folder, *stat);

  MetricValues out;
  out.set(Metric::kThreads, static_cast<double>(stat->threads));
  out.set(Metric::kCpuSecondsTotal,
          (static_cast<double>(stat->user_ticks) + static_cast<double>(stat->system_ticks)) /
              impl_->ticks_per_second);
  out.set(Metric::kMajorFaultsTotal, static_cast<double>(stat->major_faults));

  const auto read_from = [&](const ProcFile& statm, const ProcFile& status,
                             const ProcessDirectory& folder) -> Result<void> {
    for (const auto& result : {read_statm(statm, impl_->page_bytes, out), read_status(status, out),
                               impl_->count_fds(folder, out)}) {
      if (!result && !is_missing(result.error())) return result.error();
    }
    return {};
  };
  if (!*thread) {
    const auto done = read_from(impl_->statm_file, impl_->status_file, impl_->folder);
    if (!done) return done.error();
  } else {
    // The thread may end at any moment, which is not the end of the process: then its values are
    // missing in this round.
    const auto statm = ProcFile::open((*thread)->fd(), "statm");
    const auto status = ProcFile::open((*thread)->fd(), "status");
    if (statm && status) {
      const auto done = read_from(*statm, *status, **thread);
      if (!done && done.error().kind != ErrorKind::kNotFound) return done.error();
    }
  }
  // Who ends has no descriptors before it has an end: that 0 is none.
  if (out.get(Metric::kOpenFds) == 0.0 || (stat->vsize_bytes > 0 && !out.has(Metric::kRssBytes))) {
    const auto lives = impl_->check_lives(*thread);
    if (!lives && lives.error().kind == ErrorKind::kNotFound) return lives.error();
    if (!lives) out.clear(Metric::kOpenFds);
  }
  return out;
}

Result<MetricValues> ProcessReader::read_detail() const {
  const auto stat = impl_->read_stat();
  if (!stat) return stat.error();
  const auto thread = impl_->stand_in(*stat);
  if (!thread) return thread.error();
  const ProcessDirectory& folder = *thread ? **thread : impl_->folder;

  MetricValues out;
  for (const auto& result : {read_smaps_rollup(folder, out), count_mappings(folder, out)}) {
    // kNotFound: a kernel without smaps_rollup (before 4.14), a process without memory, or the end,
    // which is told from these below.
    if (!result && !is_missing(result.error()) && result.error().kind != ErrorKind::kNotFound) {
      return result.error();
    }
  }
  if (const auto lives = impl_->check_lives(*thread); !lives) return lives.error();
  return out;
}

Result<std::string> ProcessReader::read_fd_table() const {
  const auto stat = impl_->read_stat();
  if (!stat) return stat.error();
  const auto thread = impl_->stand_in(*stat);
  if (!thread) return thread.error();
  auto text = soakwatch::read_fd_table(*thread ? **thread : impl_->folder, FdTableLimits{});
  // A process that ends closes its descriptors first: an empty list of one that is gone is none.
  if (const auto lives = impl_->check_lives(*thread); !lives) return lives.error();
  return text;
}

Result<std::string> ProcessReader::read_smaps() const {
  const auto stat = impl_->read_stat();
  if (!stat) return stat.error();
  const auto thread = impl_->stand_in(*stat);
  if (!thread) return thread.error();
  auto text = read_smaps_text(*thread ? **thread : impl_->folder);
  // When the process ends meanwhile the text ends as well, in the middle and without an error.
  if (const auto lives = impl_->check_lives(*thread); !lives) return lives.error();
  return text;
}

bool ProcessReader::is_stopped() const {
  const auto stat = impl_->read_stat();
  return stat && stat->stopped();
}

Result<std::vector<std::uint64_t>> ProcessReader::socket_inodes() const {
  const auto stat = impl_->read_stat();
  if (!stat) return stat.error();
  const auto thread = impl_->stand_in(*stat);
  if (!thread) return thread.error();
  return (*thread ? **thread : impl_->folder).socket_inodes();
}

Result<std::string> read_boot_id(const std::filesystem::path& proc_root) {
  constexpr std::size_t kUuidBytes = 36;
  const std::string path = (proc_root / "sys/kernel/random/boot_id").string();
  auto text = read_proc_file(AT_FDCWD, path, kUuidBytes + 1);
  if (!text) return text.error();
  while (text->ends_with('\n')) text->pop_back();
  if (text->size() != kUuidBytes ||
      text->find_first_not_of("0123456789abcdef-") != std::string::npos) {
    return invalid(path + ": not a boot id");
  }
  return text;
}

}  // namespace soakwatch
