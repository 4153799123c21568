// Two captures of one kind, and what grew between them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "evidence/breakdown.h"
#include "model/capture.h"
#include "model/result.h"
#include "storage/sample_reader.h"

namespace soakwatch {

struct CaptureBytes {
  std::string name;  // of the file, or "capture 17", printable
  std::string bytes;
  std::optional<Capture> stored;  // absent: a file that was named
};

// Reads at most 128 MiB; of a pipe as well. Errors name the file: kNotFound, kTooLarge.
Result<CaptureBytes> read_capture_at(const std::filesystem::path& file);
Result<CaptureBytes> read_stored(const std::filesystem::path& database, const Capture& capture);
// kNotFound tells the newest ones that there are.
Result<Capture> find_capture(SampleReader& reader, CaptureId id);

struct CapturePair {
  std::optional<Capture> stored_before;
  std::optional<Capture> stored_after;
  Breakdown before;
  Breakdown after;
  std::vector<GroupGrowth> growth;  // the most first, those that shrank last
};

// kInvalid: not captures, or of two kinds; the message names what was wrong.
Result<CapturePair> pair_of(const CaptureBytes& before, const CaptureBytes& after);

}  // namespace soakwatch
