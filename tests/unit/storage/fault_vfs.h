// A disk that fails on request, below SQLite: every file that SQLite opens in this process goes
// through it once it is installed, and the code under test does not know of it.
//
// It also remembers what was written and not synced, so that a power cut can be played: cut()
// leaves what was synced, and of the rest an arbitrary part.
#pragma once

#include <cstdint>
#include <functional>
#include <random>
#include <string>

namespace soakwatch {

class FaultVfs {
 public:
  // Becomes the default VFS, once per process; calls reach the unix VFS while nothing is asked for.
  static FaultVfs& install();

  // Each call of a kind may fail. `file`: the end of its name ("-wal", "soak.db"). Return an SQLite
  // code, SQLITE_OK: go on. Called on SQLite's threads, with the shim's own mutex held.
  enum class Call : std::uint8_t { kRead, kWrite, kSync, kOpen };
  void fail(std::function<int(Call, const std::string& file)> decide);
  void heal();

  // From here on what is not synced is remembered, of the files that are opened from now on.
  void watch_syncs();
  // The power is gone: every later write, truncation and sync does nothing and says SQLITE_IOERR.
  // Returns the number of writes and truncations that were not synced.
  std::size_t cut();
  // cut() comes by itself, at the n-th write, truncation or sync from now.
  void cut_after(int calls);
  [[nodiscard]] bool is_cut() const;
  // Syncs are acknowledged, and nothing is safe: a test that finds no loss then is worth nothing.
  void lie();
  // Makes the files what a disk may hold after the cut: of each sector of 512 bytes that was
  // written and not synced the old or one of the newer contents, of each change of size the old or
  // a newer one; a file that was made since its folder was last synced may be gone. Then the power
  // is back.
  void restore_after_cut(std::mt19937_64& chance);

 private:
  FaultVfs() = default;
};

}  // namespace soakwatch
