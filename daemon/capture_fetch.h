// One capture of a process, fetched as it will be stored.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "collectors/http/http_client.h"
#include "collectors/procfs/process_reader.h"
#include "model/capture.h"
#include "model/result.h"

namespace soakwatch {

// Where captures of one process come from. The executor and the workers must outlive the fetch.
struct CaptureSource {
  boost::asio::any_io_executor executor;
  boost::asio::thread_pool* workers = nullptr;
  std::shared_ptr<const ProcessReader> process;
  std::optional<HttpEndpoint> pprof;  // absent: no profiles
  HttpLimits limits;                  // of one fetch; `duration` comes on top
  std::chrono::seconds duration{5};   // of a cpu profile or a trace
  bool goroutine_dump = false;  // goroutine?debug=2, which stops the process while it is written
};

struct FetchedCapture {
  std::string bytes;      // gzip, but of a trace: `go tool trace` reads none
  std::string extension;  // "pb.gz" for profiles, "txt.gz" for texts, "trace"
};

// Errors: kUnavailable where there is no pprof server to ask, kInvalid and kTooLarge where it
// answered something that cannot be read as that kind, and those of HttpClient::get and
// ProcessReader. A connection of its own, so that the rounds do not wait.
boost::asio::awaitable<Result<FetchedCapture>> fetch_capture(CaptureKind kind,
                                                             CaptureSource source);

// Profiles and traces, which the pprof server of the process is asked for. The others are read from
// /proc.
bool is_from_pprof(CaptureKind kind);

}  // namespace soakwatch
