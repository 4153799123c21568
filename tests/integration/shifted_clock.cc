// For LD_PRELOAD: a program sees the wall clock and the clock that counts suspend moved, each by as
// much as a file says at that moment, and all other clocks as they are.
//
// $SHIFTED_CLOCK names the file: two numbers of 64 bits, milliseconds, for CLOCK_REALTIME and for
// CLOCK_BOOTTIME. test_clocks.py writes them.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <ctime>

namespace {

struct Shifts {
  std::int64_t wall_ms;
  std::int64_t boot_ms;
};

const volatile Shifts* shifts() {
  static const volatile Shifts* const mapped = []() -> const volatile Shifts* {
    const char* file = std::getenv("SHIFTED_CLOCK");
    if (file == nullptr) return nullptr;
    const int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return nullptr;
    void* memory = mmap(nullptr, sizeof(Shifts), PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    return memory == MAP_FAILED ? nullptr : static_cast<const volatile Shifts*>(memory);
  }
  ();
  return mapped;
}

std::int64_t shift_ms(clockid_t clock) {
  const volatile Shifts* now = shifts();
  if (now == nullptr) return 0;
  if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) return now->wall_ms;
  if (clock == CLOCK_BOOTTIME || clock == CLOCK_BOOTTIME_ALARM) return now->boot_ms;
  return 0;
}

}  // namespace

extern "C" int clock_gettime(clockid_t clock, struct timespec* out) noexcept {
  constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;
  const long result = syscall(SYS_clock_gettime, clock, out);
  if (result != 0) return static_cast<int>(result);
  const std::int64_t shift = shift_ms(clock);
  std::int64_t nanoseconds = out->tv_nsec + shift % 1000 * 1'000'000;
  out->tv_sec += shift / 1000;
  if (nanoseconds < 0) {
    nanoseconds += kNanosecondsPerSecond;
    --out->tv_sec;
  } else if (nanoseconds >= kNanosecondsPerSecond) {
    nanoseconds -= kNanosecondsPerSecond;
    ++out->tv_sec;
  }
  out->tv_nsec = nanoseconds;
  return 0;
}

extern "C" int gettimeofday(struct timeval* out, void*) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  out->tv_sec = now.tv_sec;
  out->tv_usec = now.tv_nsec / 1000;
  return 0;
}

extern "C" time_t time(time_t* out) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (out != nullptr) *out = now.tv_sec;
  return now.tv_sec;
}
