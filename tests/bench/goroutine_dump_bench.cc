// A goroutine dump of 100 MB: how fast it is read, and with how much memory besides its own text.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <new>
#include <string>

#include "evidence/goroutine_dump.h"

namespace {

// Of this program alone, which has one thread: bytes that operator new has given out.
std::size_t live_bytes = 0;
std::size_t peak_bytes = 0;
constexpr std::size_t kSizeBytes = alignof(std::max_align_t);  // before each block: its size

}  // namespace

void* operator new(std::size_t size) {
  auto* const block = static_cast<std::size_t*>(std::malloc(size + kSizeBytes));
  if (block == nullptr) throw std::bad_alloc();
  *block = size;
  live_bytes += size;
  peak_bytes = std::max(peak_bytes, live_bytes);
  return reinterpret_cast<char*>(block) + kSizeBytes;
}

void operator delete(void* memory) noexcept {
  if (memory == nullptr) return;
  auto* const block = reinterpret_cast<std::size_t*>(static_cast<char*>(memory) - kSizeBytes);
  live_bytes -= *block;
  std::free(block);
}

void operator delete(void* memory, std::size_t /*size*/) noexcept { operator delete(memory); }

namespace soakwatch::bench {
namespace {

constexpr std::size_t kDumpBytes = 100'000'000;

// Goroutines of `stacks` distinct stacks, of about 390 bytes each.
std::string dump_of(std::size_t stacks) {
  std::string text;
  text.reserve(kDumpBytes + 1000);
  for (std::size_t id = 1; text.size() < kDumpBytes; ++id) {
    fmt::format_to(
        std::back_inserter(text),
        "goroutine {} [chan receive, {} minutes]:\n"
        "example.com/app/internal/worker.(*Pool).wait(0xc{:09x}, {{0x7d81c0, 0xc{:09x}}})\n"
        "\t/src/app/internal/worker/pool.go:{} +0x1c\n"
        "example.com/app/internal/worker.(*Pool).run(0xc{:09x})\n"
        "\t/src/app/internal/worker/pool.go:42 +0x85\n"
        "created by example.com/app/internal/worker.Start in goroutine 1\n"
        "\t/src/app/internal/worker/start.go:17 +0x17e\n\n",
        id, id % 600 + 1, id, id * 7, id % stacks + 1, id);
  }
  return text;
}

void read_dump(benchmark::State& state) {
  const std::string text = dump_of(static_cast<std::size_t>(state.range(0)));
  std::size_t peak = 0;
  double goroutines = 0;
  for ([[maybe_unused]] auto _ : state) {
    const std::size_t before = live_bytes;
    peak_bytes = before;
    const auto dump = parse_goroutine_dump(text, {});
    if (!dump) {
      state.SkipWithError(dump.error().message.c_str());
      return;
    }
    goroutines = dump->total_count;
    peak = std::max(peak, peak_bytes - before);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
  state.counters["goroutines"] = goroutines;
  state.counters["memory_MB"] = static_cast<double>(peak) / 1e6;
  state.counters["memory/text"] = static_cast<double>(peak) / static_cast<double>(text.size());
}
// Distinct stacks: a leak, a large program, and one that means to exhaust the reader.
BENCHMARK(read_dump)->Arg(10)->Arg(1'000)->Arg(1'000'000'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace soakwatch::bench
