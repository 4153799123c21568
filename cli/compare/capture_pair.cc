#include "cli/compare/capture_pair.h"

#include <fmt/format.h>

#include <fstream>

#include "evidence/read_breakdown.h"
#include "model/printable.h"
#include "storage/capture_folder.h"

namespace soakwatch {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFileBytes = std::size_t{128} << 20;
constexpr std::size_t kNewestTold = 5;

Result<Breakdown> breakdown_of(const CaptureBytes& capture) {
  auto breakdown = read_breakdown(capture.bytes);
  if (!breakdown) return breakdown.error().in(capture.name);
  return breakdown;
}

}  // namespace

Result<CaptureBytes> read_capture_at(const fs::path& file) {
  CaptureBytes capture;
  capture.name = printable(file.string());
  std::ifstream in(file, std::ios::binary);
  std::error_code ignored;
  if (!in || fs::is_directory(file, ignored)) return not_found("cannot read " + capture.name);
  std::string block(1 << 16, '\0');
  while (in.read(block.data(), static_cast<std::streamsize>(block.size())) || in.gcount() > 0) {
    capture.bytes.append(block, 0, static_cast<std::size_t>(in.gcount()));
    if (capture.bytes.size() > kMaxFileBytes) {
      return Error{ErrorKind::kTooLarge,
                   fmt::format("{}: more than {}", capture.name,
                               format_bytes(static_cast<double>(kMaxFileBytes)))};
    }
  }
  return capture;
}

Result<CaptureBytes> read_stored(const fs::path& database, const Capture& capture) {
  CaptureBytes read;
  read.name = fmt::format("capture {}", capture.id);
  auto bytes = read_capture_file(database, capture, kMaxFileBytes);
  if (!bytes) return bytes.error().in(read.name);
  read.bytes = std::move(*bytes);
  read.stored = capture;
  return read;
}

Result<Capture> find_capture(SampleReader& reader, CaptureId id) {
  auto capture = reader.capture(id);
  if (!capture) return capture.error();
  if (*capture) return **capture;
  CaptureQuery query;
  query.limit_rows = kNewestTold;
  const auto newest = reader.captures(query);
  std::string there;
  if (newest) {
    for (const Capture& one : *newest) {
      there += fmt::format("{}{} ({} of {})", there.empty() ? "" : ", ", one.id,
                           to_string(one.kind), format_local(one.time));
    }
  }
  return not_found(fmt::format("no capture {} in the database{}", id,
                               there.empty() ? ", which holds none" : "; the newest: " + there));
}

Result<CapturePair> pair_of(const CaptureBytes& before, const CaptureBytes& after) {
  auto first = breakdown_of(before);
  if (!first) return first.error();
  auto second = breakdown_of(after);
  if (!second) return second.error();
  if (first->kind != second->kind) {
    return invalid(fmt::format("captures of different kinds: {} and {}", to_string(first->kind),
                               to_string(second->kind)));
  }
  CapturePair pair{before.stored, after.stored, std::move(*first), std::move(*second), {}};
  pair.growth = what_grew(pair.before, pair.after);
  return pair;
}

}  // namespace soakwatch
