#include "daemon/capture_fetch.h"

#include <utility>

#include "collectors/pprof/pprof_client.h"
#include "daemon/background_task.h"
#include "evidence/execution_trace.h"
#include "evidence/gunzip.h"
#include "evidence/read_breakdown.h"

namespace soakwatch {

namespace asio = boost::asio;

namespace {

// A profile comes compressed by Go, a text is compressed by us.
Result<FetchedCapture> packed(std::string bytes) {
  if (is_gzip(bytes)) return FetchedCapture{std::move(bytes), "pb.gz"};
  auto compressed = gzip(bytes);
  if (!compressed) return compressed.error();
  return FetchedCapture{std::move(*compressed), "txt.gz"};
}

bool is_memory(CaptureKind kind) {
  return kind == CaptureKind::kHeap || kind == CaptureKind::kAllocs;
}

// A server may answer anything. What cannot be read is no capture: kept, it would take the room of
// one, and stand as the baseline of what nobody can compare with it.
Result<FetchedCapture> checked(CaptureKind kind, std::string bytes) {
  // Of a trace the beginning is enough: `go tool trace` may know a form that we do not.
  if (kind == CaptureKind::kTrace) {
    if (!is_execution_trace(bytes)) return invalid("the answer is no execution trace");
    return FetchedCapture{std::move(bytes), "trace"};
  }
  CaptureLimits limits;
  limits.max_decompressed_bytes = limits.profile.max_decompressed_bytes;
  const auto breakdown = read_breakdown(bytes, limits);
  if (!breakdown) return breakdown.error().in("the answer is no profile");
  if (breakdown->kind != kind && !(is_memory(kind) && is_memory(breakdown->kind))) {
    return invalid("the answer is of the kind " + std::string(to_string(breakdown->kind)));
  }
  return packed(std::move(bytes));
}

asio::awaitable<Result<std::string>> fetch_from_pprof(CaptureKind kind,
                                                      const CaptureSource& source) {
  if (!source.pprof) {
    co_return Error{ErrorKind::kUnavailable, "no pprof server was found in the process"};
  }
  HttpLimits limits = source.limits;
  if (kind == CaptureKind::kCpu || kind == CaptureKind::kTrace) limits.timeout += source.duration;
  PprofClient client(source.executor, *source.pprof, limits);
  if (kind == CaptureKind::kGoroutine && source.goroutine_dump) {
    co_return co_await client.fetch_goroutine_dump();
  }
  co_return co_await client.fetch_profile(kind, source.duration);
}

}  // namespace

bool is_from_pprof(CaptureKind kind) {
  return kind != CaptureKind::kFds && kind != CaptureKind::kMappings;
}

asio::awaitable<Result<FetchedCapture>> fetch_capture(CaptureKind kind, CaptureSource source) {
  if (is_from_pprof(kind)) {
    auto body = co_await fetch_from_pprof(kind, source);
    if (!body) co_return body.error();
    if (body->empty()) co_return invalid("the answer is empty");
    const auto check = [&body, kind] { return checked(kind, std::move(*body)); };
    co_return co_await run_on(source.workers->get_executor(), check);
  }
  const auto read = [process = source.process, kind]() -> Result<FetchedCapture> {
    auto text = kind == CaptureKind::kFds ? process->read_fd_table() : process->read_smaps();
    if (!text) return text.error();
    return packed(std::move(*text));
  };
  co_return co_await run_on(source.workers->get_executor(), read);
}

}  // namespace soakwatch
