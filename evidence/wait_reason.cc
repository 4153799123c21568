#include "evidence/wait_reason.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace soakwatch {
namespace {

struct Wait {
  std::string_view function;
  std::string_view words;
};

// Who calls gopark or blocks in the kernel, and what runtime/runtime2.go (waitReasonStrings) calls
// it; of Go 1.10 to 1.26. Where several frames of one wait are in the table, as a lock and the
// semaphore within it, the innermost one that is here decides: semacquire1 is not.
constexpr std::array kWaits = std::to_array<Wait>({
    {"runtime.chanrecv", "chan receive"},
    {"runtime.chanrecv1", "chan receive"},
    {"runtime.chanrecv2", "chan receive"},
    {"runtime.chansend", "chan send"},
    {"runtime.chansend1", "chan send"},
    {"runtime.selectgo", "select"},
    {"runtime.block", "select (no cases)"},
    {"time.Sleep", "sleep"},
    {"runtime.netpollblock", "IO wait"},
    {"internal/poll.runtime_pollWait", "IO wait"},
    {"internal/poll.runtime_Semacquire", "semacquire"},
    {"sync.(*Mutex).lockSlow", "sync.Mutex.Lock"},
    {"sync.(*Mutex).Lock", "sync.Mutex.Lock"},
    {"internal/sync.(*Mutex).lockSlow", "sync.Mutex.Lock"},
    {"internal/sync.(*Mutex).Lock", "sync.Mutex.Lock"},
    {"sync.(*RWMutex).RLock", "sync.RWMutex.RLock"},
    {"sync.(*RWMutex).Lock", "sync.RWMutex.Lock"},
    {"sync.(*WaitGroup).Wait", "sync.WaitGroup.Wait"},
    {"sync.(*Cond).Wait", "sync.Cond.Wait"},
    {"runtime.gcParkAssist", "GC assist wait"},
    {"runtime.GC", "wait for GC cycle"},
    {"runtime.coroswitch", "coroutine"},
    {"syscall.Syscall", "syscall"},
    {"syscall.Syscall6", "syscall"},
    {"syscall.RawSyscall", "syscall"},
    {"syscall.RawSyscall6", "syscall"},
    {"syscall.syscall", "syscall"},
    {"syscall.syscall6", "syscall"},
    {"syscall.rawVforkSyscall", "syscall"},
    {"runtime/internal/syscall.Syscall6", "syscall"},
    {"internal/runtime/syscall.Syscall6", "syscall"},
    {"internal/runtime/syscall/linux.Syscall6", "syscall"},
    {"runtime.notetsleepg", "syscall"},
    {"os/signal.signal_recv", "syscall"},
    {"runtime.cgocall", "cgo call"},
});

// "main._Cfunc_sleep", which cgo writes for each C function; all that is left of a call into C
// where the runtime's frames are left out.
bool is_cgo_wrapper(std::string_view function) {
  return function.find("._Cfunc_") != std::string_view::npos;
}

}  // namespace

std::string wait_reason(std::span<const Frame> stack) {
  if (stack.empty()) return {};
  bool semaphore = false;
  for (const Frame& frame : stack) {
    const auto wait = std::find_if(kWaits.begin(), kWaits.end(), [&](const Wait& known) {
      return known.function == frame.function;
    });
    if (wait != kWaits.end()) return std::string(wait->words);
    if (is_cgo_wrapper(frame.function)) return "cgo call";
    // What comes after was called by the program, and does not wait itself.
    if (!is_standard_library(frame.function)) break;
    semaphore = semaphore || frame.function == "runtime.semacquire1";
  }
  return semaphore ? "semacquire" : "running";
}

}  // namespace soakwatch
