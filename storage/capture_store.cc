#include "storage/capture_store.h"

#include <fmt/format.h>

#include <atomic>
#include <limits>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "model/printable.h"
#include "storage/capture_folder.h"
#include "storage/capture_row.h"
#include "storage/database_file.h"
#include "storage/reader_connection.h"

namespace soakwatch {

struct CaptureStore::Impl {
  Impl(SampleStore& sample_store, const CaptureOptions& capture_options)
      : store(sample_store), options(capture_options), folder(sample_store.database()) {}

  // With the mutex held, all of them.
  Result<void> load();
  // Where the database was moved aside, the captures went with it.
  Result<void> follow_database();
  // What is needed, once everything queued is committed.
  Result<CaptureUse> use();
  // The captures that must go for `incoming`.
  Result<std::vector<CaptureId>> make_room(const Capture& incoming);
  Result<void> remove(CaptureId id);
  Result<void> remove_strays(WallTime now);
  [[nodiscard]] std::vector<Capture> list() const;
  void keep(const Capture& capture);

  SampleStore& store;
  const CaptureOptions options;
  mutable std::mutex mutex;  // guards what follows
  CaptureFolder folder;
  std::map<CaptureId, Capture> captures;
  std::uint64_t followed = 0;  // StoreStats::replaced_files

  // Of `captures`; read without the mutex.
  std::atomic<std::size_t> stored_captures{0};
  std::atomic<std::int64_t> stored_bytes{0};
};

namespace {

// What a name can tell. Within it, sums of times do not overflow.
bool is_storable(WallTime time) {
  constexpr WallTime kEnd = from_unix_ms(253402300800000);  // 10000-01-01
  return time >= WallTime{} && time < kEnd;
}

Error too_large(const Capture& incoming, const CaptureBudget& budget, std::string_view why) {
  return {ErrorKind::kTooLarge,
          fmt::format("no room for a {} capture of {}: {} {}", to_string(incoming.kind),
                      format_bytes(static_cast<double>(incoming.bytes)), why,
                      format_bytes(static_cast<double>(budget.max_bytes)))};
}

}  // namespace

std::vector<Capture> CaptureStore::Impl::list() const {
  std::vector<Capture> all;
  all.reserve(captures.size() + 1);
  for (const auto& [id, capture] : captures) all.push_back(capture);
  return all;
}

void CaptureStore::Impl::keep(const Capture& capture) {
  if (!captures.emplace(capture.id, capture).second) return;
  ++stored_captures;
  stored_bytes += disk_bytes(capture.bytes);
}

// A row without a file goes, and one that is none of ours: anybody may have written it. The size is
// the file's.
Result<void> CaptureStore::Impl::load() {
  auto files = folder.files();
  if (!files) return files.error();
  std::map<std::string, std::int64_t> sizes;
  for (CaptureFolder::File& file : *files) {
    if (file.complete) sizes.emplace(std::move(file.name), file.bytes);
  }
  auto db = connect_reader(store.database());
  if (!db) return db.error();
  try {
    CaptureQuery all;
    all.limit_rows = std::numeric_limits<std::int64_t>::max();
    for (Capture& capture : select_captures(**db, all, std::nullopt)) {
      const auto size = sizes.find(capture.file);
      if (size == sizes.end() || capture.id <= 0 || !is_storable(capture.time)) {
        store.remove_capture(capture.id);
        continue;
      }
      capture.bytes = size->second;
      keep(capture);
    }
  } catch (const SQLite::Exception& error) {
    return sqlite_error(store.database(), error);
  }
  return {};
}

Result<void> CaptureStore::Impl::follow_database() {
  const std::uint64_t replaced = store.stats().replaced_files;
  if (replaced == followed) return {};
  followed = replaced;
  captures.clear();
  stored_captures = 0;
  stored_bytes = 0;
  return load();
}

Result<CaptureUse> CaptureStore::Impl::use() {
  // An alert that was opened just now may still be queued.
  if (auto flushed = store.flush(options.flush_timeout); !flushed) return flushed.error();
  auto db = connect_reader(store.database());
  if (!db) return db.error();
  try {
    return select_capture_use(**db);
  } catch (const SQLite::Exception& error) {
    return sqlite_error(store.database(), error);
  }
}

Result<std::vector<CaptureId>> CaptureStore::Impl::make_room(const Capture& incoming) {
  if (disk_bytes(incoming.bytes) > options.budget.max_bytes)
    return too_large(incoming, options.budget, "all captures together may have");
  const Result<CaptureUse> needed = use();
  if (!needed) {
    // A database that does not answer is no reason to lose evidence that has room.
    if (stored_bytes + disk_bytes(incoming.bytes) <= options.budget.max_bytes)
      return std::vector<CaptureId>();
    return needed.error().in("cannot tell which captures may go for a new one");
  }
  std::vector<Capture> all = list();
  all.push_back(incoming);
  CaptureSelection selection = captures_to_remove(std::move(all), *needed, options.budget,
                                                  options.now ? options.now() : incoming.time);
  if (!selection.fits) {
    return too_large(incoming, options.budget, "open alerts need what is in the");
  }
  return std::move(selection.remove);
}

Result<void> CaptureStore::Impl::remove(CaptureId id) {
  const auto found = captures.find(id);
  if (found == captures.end()) return {};
  if (auto removed = folder.remove(found->second.file); !removed) return removed;
  // Where the queue is full, the next start finds a row without a file.
  store.remove_capture(id);
  --stored_captures;
  stored_bytes -= disk_bytes(found->second.bytes);
  captures.erase(found);
  return {};
}

Result<void> CaptureStore::Impl::remove_strays(WallTime now) {
  const auto files = folder.files();
  if (!files) return files.error();
  std::set<std::string> known;
  for (const auto& [id, capture] : captures) known.insert(capture.file);
  for (const CaptureFolder::File& file : *files) {
    if (known.count(file.name) > 0 || now - file.modified <= options.stray_age) continue;
    if (auto removed = folder.remove(file.name); !removed) return removed;
  }
  return {};
}

CaptureStore::CaptureStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CaptureStore::~CaptureStore() = default;

Result<std::unique_ptr<CaptureStore>> CaptureStore::open(SampleStore& store,
                                                         const CaptureOptions& options,
                                                         WallTime now) {
  std::unique_ptr<CaptureStore> captures(new CaptureStore(std::make_unique<Impl>(store, options)));
  if (auto loaded = captures->impl_->load(); !loaded) return loaded.error();
  if (auto tidied = captures->tidy(now); !tidied) return tidied.error();
  return captures;
}

Result<Capture> CaptureStore::add(Capture capture, std::string_view content,
                                  std::string_view extension) {
  if (content.empty()) return invalid("an empty capture is not stored");
  if (extension != "pb.gz" && extension != "txt.gz") {
    return invalid(fmt::format("'{}' is no extension of a capture", printable(extension)));
  }
  if (!is_storable(capture.time)) return invalid("a capture's time is of the years 1970 to 9999");
  const auto target = impl_->store.target_name(capture.target);
  if (!target)
    return not_found(fmt::format("a capture of target {}, which is not stored", capture.target));
  const std::lock_guard held(impl_->mutex);
  if (auto followed = impl_->follow_database(); !followed) return followed.error();
  capture.id = 0;
  if (capture.alert == AlertId{0}) capture.alert.reset();
  capture.bytes = static_cast<std::int64_t>(content.size());
  const auto go = impl_->make_room(capture);
  if (!go) return go.error();
  capture.id = impl_->store.next_capture_id();
  capture.file = capture_file_name(capture, *target, extension);
  // The new one is safe before an old one goes.
  if (auto written = impl_->folder.write(capture.file, content, impl_->options.min_free_bytes);
      !written) {
    return written.error();
  }
  Result<void> done;
  for (const CaptureId id : *go) {
    if (done) done = impl_->remove(id);
  }
  if (done && !impl_->store.add_capture(capture)) {
    done = Error{ErrorKind::kUnavailable, "too much waits to be written: a capture was not stored"};
  }
  if (!done) {
    (void)impl_->folder.remove(capture.file);  // else it is a stray
    return done.error();
  }
  impl_->keep(capture);
  return capture;
}

Result<std::size_t> CaptureStore::tidy(WallTime now) {
  const std::lock_guard held(impl_->mutex);
  if (auto followed = impl_->follow_database(); !followed) return followed.error();
  if (auto strays = impl_->remove_strays(now); !strays) return strays.error();
  if (impl_->captures.empty()) return std::size_t{0};
  const Result<CaptureUse> needed = impl_->use();
  if (!needed) return needed.error();
  const CaptureSelection selection =
      captures_to_remove(impl_->list(), *needed, impl_->options.budget, now);
  for (const CaptureId id : selection.remove) {
    if (auto removed = impl_->remove(id); !removed) return removed.error();
  }
  return selection.remove.size();
}

CaptureStats CaptureStore::stats() const { return {impl_->stored_captures, impl_->stored_bytes}; }

}  // namespace soakwatch
