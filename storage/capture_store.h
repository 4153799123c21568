// The one keeper of captures: their files in `<database>.captures`, their rows through SampleStore,
// both within a budget.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "model/capture.h"
#include "model/result.h"
#include "model/timestamp.h"
#include "storage/capture_budget.h"
#include "storage/sample_store.h"

namespace soakwatch {

struct CaptureOptions {
  CaptureBudget budget;
  // Of the file system: a capture that would leave less is refused.
  std::int64_t min_free_bytes = std::int64_t{512} * 1024 * 1024;
  // By which a new one makes old ones go; empty: its own time is taken as the present.
  std::function<WallTime()> now;
  // A file of ours without a row is what a crash left, once it is so old.
  std::chrono::seconds stray_age = std::chrono::hours(1);
  // For what is queued, before it is decided what may go.
  std::chrono::milliseconds flush_timeout{10000};
};

struct CaptureStats {
  std::size_t captures = 0;
  std::int64_t bytes = 0;  // on the disk
};

// All methods may be called from any thread, one call at a time does its work. They wait for the
// disk and for SampleStore, so that the loop must not call them; stats() alone never waits.
class CaptureStore {
 public:
  // `store` must outlive it. Takes over what an earlier run left: rows without a file and files
  // without a row go, and what is beyond the budget. Makes no folder. Errors: kDenied and kInvalid
  // (the folder is not ours), kIo, and those of SampleReader::open().
  static Result<std::unique_ptr<CaptureStore>> open(SampleStore& store,
                                                    const CaptureOptions& options, WallTime now);
  ~CaptureStore();
  CaptureStore(const CaptureStore&) = delete;
  CaptureStore& operator=(const CaptureStore&) = delete;

  // Stores `content` as it is; `extension` is "pb.gz" (a profile) or "txt.gz" (text, compressed by
  // gzip). Id, file and bytes of `capture` are given out here; its target must be stored. What must
  // go for it goes (storage/capture_budget.h). The file is synced when this returns, the row is
  // queued. Errors: kTooLarge (the budget, or too little free space: all stays as it was),
  // kInvalid, kNotFound (no such target), kDenied, kIo, kUnavailable.
  Result<Capture> add(Capture capture, std::string_view content, std::string_view extension);

  // Removes what is too old or no longer needed, and what a crash left behind; for now and then.
  // How many captures went.
  Result<std::size_t> tidy(WallTime now);

  [[nodiscard]] CaptureStats stats() const;

 private:
  struct Impl;
  explicit CaptureStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace soakwatch
