// A command and all that came of it: which of its processes is the one to watch.
//
// Processes of the command that lost their parent become children of soakwatch, which is their
// subreaper (prctl(2)): so one that daemonises is still found.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace soakwatch {

struct FamilyProcess {
  pid_t pid = 0;
  pid_t parent = 0;
  pid_t session = 0;
  std::uint64_t start_ticks = 0;
  std::string program;  // path of the executable; its name for the kernel where that is hidden
  bool ended = false;   // a zombie
};

// Every process of the machine whose stat can be read; those of other users have no path.
std::vector<FamilyProcess> scan_processes(const std::filesystem::path& proc_root);

struct FamilyRoots {
  pid_t self = 0;                        // soakwatch
  pid_t leader = 0;                      // the process that it started, which leads a session
  std::uint64_t leader_start_ticks = 0;  // 0: not known
  std::string watched_program;           // of the process that was watched last; empty: none was
};

// Of `all`, the leader, its descendants and the orphans that came to us. The oldest first.
std::vector<FamilyProcess> family_of(const std::vector<FamilyProcess>& all,
                                     const FamilyRoots& roots);

// Shells and other programs that start the one that is meant, and wait for it.
bool is_launcher(const std::string& program);

// The process to watch: the leader; where that is a launcher, or has ended in order, the oldest of
// its family that is no launcher - once something was watched, only one of the same program, or one
// below a launcher that still runs. Absent: there is none now.
std::optional<FamilyProcess> chosen_process(const std::vector<FamilyProcess>& family,
                                            const FamilyRoots& roots);

}  // namespace soakwatch
