#include "fault_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace soakwatch {
namespace {

constexpr std::size_t kSectorBytes = 512;

// A write, or (without data) a change of the size to `offset`.
struct Change {
  std::size_t offset = 0;
  std::string data;
  bool truncates = false;
};

struct Disk {
  std::string synced;            // what the disk has for sure
  std::vector<Change> unsynced;  // in order
  bool entry_synced = false;     // its name is in the folder for sure
  bool deleted = false;          // the name is gone, but perhaps not on the disk
  // The file that had the name before, while the folder may still say so.
  std::optional<std::string> before;
};

// The state of the shim: one, as SQLite's list of VFSs is one.
struct State {
  std::mutex mutex;
  sqlite3_vfs* real = nullptr;
  std::function<int(FaultVfs::Call, const std::string&)> decide;
  bool watching = false;
  bool dead = false;
  bool lies = false;
  int calls_left = 0;  // 0: no cut is planned
  std::map<std::string, Disk> disks;

  int ask(FaultVfs::Call call, const std::string& name) {
    if (!decide) return SQLITE_OK;
    return decide(call, name);
  }
  // Before a write, truncation or sync.
  bool is_dead() {
    if (!dead && calls_left > 0 && --calls_left == 0) dead = true;
    return dead;
  }
  Disk* disk(const std::string& name) {
    const auto found = disks.find(name);
    return watching && found != disks.end() ? &found->second : nullptr;
  }
  void sync_folder() {
    for (auto entry = disks.begin(); entry != disks.end();) {
      entry->second.entry_synced = true;
      entry->second.before.reset();
      entry = entry->second.deleted ? disks.erase(entry) : std::next(entry);
    }
  }
};

State& state() {
  static State the_state;
  return the_state;
}

void apply(std::string& content, const Change& change) {
  if (change.truncates) {
    content.resize(change.offset);
    return;
  }
  content.resize(std::max(content.size(), change.offset + change.data.size()));
  content.replace(change.offset, change.data.size(), change.data);
}

std::string read_file(const std::string& name) {
  std::ifstream in(name, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// What SQLite holds for an open file; the real VFS's own lies behind it.
struct ShimFile {
  sqlite3_file base;
  std::string* name;
  bool is_log;  // whose first sync syncs the folder as well: UNIXFILE_DIRSYNC of os_unix.c
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

ShimFile& shim(sqlite3_file* file) { return *reinterpret_cast<ShimFile*>(file); }
sqlite3_file* real(sqlite3_file* file) { return shim(file).real(); }

int x_close(sqlite3_file* file) {
  delete std::exchange(shim(file).name, nullptr);
  return real(file)->pMethods->xClose(real(file));
}

int x_read(sqlite3_file* file, void* to, int count, sqlite3_int64 offset) {
  {
    const std::lock_guard lock(state().mutex);
    if (const int code = state().ask(FaultVfs::Call::kRead, *shim(file).name)) return code;
  }
  return real(file)->pMethods->xRead(real(file), to, count, offset);
}

int x_write(sqlite3_file* file, const void* from, int count, sqlite3_int64 offset) {
  const std::lock_guard lock(state().mutex);
  if (state().is_dead()) return SQLITE_IOERR_WRITE;
  if (const int code = state().ask(FaultVfs::Call::kWrite, *shim(file).name)) return code;
  if (Disk* disk = state().disk(*shim(file).name)) {
    const auto* bytes = static_cast<const char*>(from);
    disk->unsynced.push_back({static_cast<std::size_t>(offset),
                              std::string(bytes, static_cast<std::size_t>(count)), false});
  }
  return real(file)->pMethods->xWrite(real(file), from, count, offset);
}

int x_truncate(sqlite3_file* file, sqlite3_int64 size) {
  const std::lock_guard lock(state().mutex);
  if (state().is_dead()) return SQLITE_IOERR_TRUNCATE;
  if (Disk* disk = state().disk(*shim(file).name)) {
    disk->unsynced.push_back({static_cast<std::size_t>(size), {}, true});
  }
  return real(file)->pMethods->xTruncate(real(file), size);
}

int x_sync(sqlite3_file* file, int flags) {
  const std::lock_guard lock(state().mutex);
  if (state().is_dead()) return SQLITE_IOERR_FSYNC;
  if (const int code = state().ask(FaultVfs::Call::kSync, *shim(file).name)) return code;
  if (Disk* disk = state().disk(*shim(file).name); disk != nullptr && !state().lies) {
    for (const Change& change : disk->unsynced) apply(disk->synced, change);
    disk->unsynced.clear();
    if (std::exchange(shim(file).is_log, false)) state().sync_folder();
  }
  // Not done really: what counts is remembered here, and a test makes thousands.
  if (state().watching) return SQLITE_OK;
  return real(file)->pMethods->xSync(real(file), flags);
}

int x_file_size(sqlite3_file* file, sqlite3_int64* size) {
  return real(file)->pMethods->xFileSize(real(file), size);
}
int x_lock(sqlite3_file* file, int level) { return real(file)->pMethods->xLock(real(file), level); }
int x_unlock(sqlite3_file* file, int level) {
  return real(file)->pMethods->xUnlock(real(file), level);
}
int x_check_reserved(sqlite3_file* file, int* result) {
  return real(file)->pMethods->xCheckReservedLock(real(file), result);
}
int x_file_control(sqlite3_file* file, int operation, void* argument) {
  return real(file)->pMethods->xFileControl(real(file), operation, argument);
}
// As a disk that promises nothing.
int x_sector_size(sqlite3_file*) { return static_cast<int>(kSectorBytes); }
int x_characteristics(sqlite3_file*) { return 0; }
int x_shm_map(sqlite3_file* file, int page, int size, int extend, void volatile** where) {
  return real(file)->pMethods->xShmMap(real(file), page, size, extend, where);
}
int x_shm_lock(sqlite3_file* file, int offset, int n, int flags) {
  return real(file)->pMethods->xShmLock(real(file), offset, n, flags);
}
void x_shm_barrier(sqlite3_file* file) { real(file)->pMethods->xShmBarrier(real(file)); }
int x_shm_unmap(sqlite3_file* file, int remove) {
  return real(file)->pMethods->xShmUnmap(real(file), remove);
}

constexpr sqlite3_io_methods kMethods{2,
                                      x_close,
                                      x_read,
                                      x_write,
                                      x_truncate,
                                      x_sync,
                                      x_file_size,
                                      x_lock,
                                      x_unlock,
                                      x_check_reserved,
                                      x_file_control,
                                      x_sector_size,
                                      x_characteristics,
                                      x_shm_map,
                                      x_shm_lock,
                                      x_shm_barrier,
                                      x_shm_unmap,
                                      nullptr,
                                      nullptr};

int x_open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  const std::lock_guard lock(state().mutex);
  file->pMethods = nullptr;
  const std::string path = name == nullptr ? "" : name;
  if (const int code = state().ask(FaultVfs::Call::kOpen, path)) return code;
  if (state().dead && !path.empty() && !std::filesystem::exists(path)) return SQLITE_CANTOPEN;
  ShimFile& made = shim(file);
  const bool existed = !path.empty() && std::filesystem::exists(path);
  const int code = state().real->xOpen(state().real, name, made.real(), flags, out_flags);
  if (code != SQLITE_OK) return code;
  made.base.pMethods = &kMethods;
  made.name = new std::string(path);
  made.is_log = (flags & SQLITE_OPEN_CREATE) != 0 &&
                (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) != 0;
  if (state().watching && !path.empty()) {
    const auto [disk, added] = state().disks.try_emplace(path);
    if (added) {
      disk->second.synced = read_file(path);
      // The main file is made empty just before it is opened.
      disk->second.entry_synced = existed && !disk->second.synced.empty();
    } else if (disk->second.deleted) {  // another file under the name
      Disk again;
      if (disk->second.entry_synced) again.before = std::move(disk->second.synced);
      disk->second = std::move(again);
    }
  }
  return SQLITE_OK;
}

int x_delete(sqlite3_vfs*, const char* name, int sync_folder) {
  const std::lock_guard lock(state().mutex);
  if (state().is_dead()) return SQLITE_IOERR_DELETE;
  if (Disk* disk = state().disk(name)) disk->deleted = true;
  const int code = state().real->xDelete(state().real, name, 0);
  if (sync_folder != 0 && state().watching) state().sync_folder();
  return code;
}

}  // namespace

FaultVfs& FaultVfs::install() {
  static FaultVfs vfs;
  static sqlite3_vfs shim_vfs;
  if (state().real == nullptr) {
    state().real = sqlite3_vfs_find("unix");
    shim_vfs = *state().real;
    shim_vfs.zName = "fault";
    shim_vfs.pNext = nullptr;
    shim_vfs.szOsFile = static_cast<int>(sizeof(ShimFile)) + state().real->szOsFile;
    shim_vfs.xOpen = x_open;
    shim_vfs.xDelete = x_delete;
    sqlite3_vfs_register(&shim_vfs, 1);
  }
  vfs.heal();
  return vfs;
}

void FaultVfs::fail(std::function<int(Call, const std::string&)> decide) {
  const std::lock_guard lock(state().mutex);
  state().decide = std::move(decide);
}

void FaultVfs::heal() {
  const std::lock_guard lock(state().mutex);
  state().decide = nullptr;
  state().watching = state().dead = state().lies = false;
  state().calls_left = 0;
  state().disks.clear();
}

void FaultVfs::watch_syncs() {
  const std::lock_guard lock(state().mutex);
  state().watching = true;
}

std::size_t FaultVfs::cut() {
  const std::lock_guard lock(state().mutex);
  state().dead = true;
  std::size_t count = 0;
  for (const auto& [name, disk] : state().disks) count += disk.unsynced.size();
  return count;
}

void FaultVfs::lie() {
  const std::lock_guard lock(state().mutex);
  state().lies = true;
}

void FaultVfs::cut_after(int calls) {
  const std::lock_guard lock(state().mutex);
  state().calls_left = calls;
}

bool FaultVfs::is_cut() const {
  const std::lock_guard lock(state().mutex);
  return state().dead;
}

void FaultVfs::restore_after_cut(std::mt19937_64& chance) {
  const std::lock_guard lock(state().mutex);
  const auto coin = [&] { return (chance() & 1U) != 0; };
  for (auto& [name, disk] : state().disks) {
    if ((disk.deleted || !disk.entry_synced) && coin()) {
      std::filesystem::remove(name);
      if (disk.before) std::ofstream(name, std::ios::binary) << *disk.before;
      continue;
    }
    std::string content = disk.synced;
    for (const Change& change : disk.unsynced) {
      if (change.truncates) {
        if (coin()) apply(content, change);
        continue;
      }
      for (std::size_t at = 0; at < change.data.size();) {
        // To the end of the sector.
        const std::size_t count =
            std::min(change.data.size() - at, kSectorBytes - (change.offset + at) % kSectorBytes);
        if (coin()) apply(content, {change.offset + at, change.data.substr(at, count), false});
        at += count;
      }
    }
    std::ofstream(name, std::ios::binary | std::ios::trunc) << content;
  }
  state().disks.clear();
  state().watching = state().dead = state().lies = false;
  state().calls_left = 0;
}

}  // namespace soakwatch
