// How much room the file system must keep, and a file to give up when there is none left.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "model/result.h"

namespace soakwatch {

struct FileSystemSpace {
  std::int64_t free_bytes = 0;  // for this user
  std::int64_t total_bytes = 0;
};

// Of the file system that `folder` lies on. Error kDenied, kIo.
Result<FileSystemSpace> file_system_space(const std::filesystem::path& folder);

// The folder that a file lies in, or would.
std::filesystem::path folder_of(const std::filesystem::path& file);

// What is to stay free where `wanted_bytes` are asked for: on a small file system less.
std::int64_t floor_bytes(std::int64_t wanted_bytes, const FileSystemSpace& space);

struct SpaceOptions {
  std::int64_t min_free_bytes = 0;  // the floor; 0: none
  // Of `<database>.ballast`, which holds room until the disk is full; 0: none is made.
  std::int64_t ballast_bytes = 0;
  // As file_system_space(), which an empty one stands for.
  std::function<Result<FileSystemSpace>(const std::filesystem::path&)> measure{};
};

// Not thread-safe: the writer's own.
class SpaceGuard {
 public:
  SpaceGuard(const std::filesystem::path& database, SpaceOptions options);
  ~SpaceGuard();  // the ballast goes: it is of use to a writer only
  SpaceGuard(const SpaceGuard&) = delete;
  SpaceGuard& operator=(const SpaceGuard&) = delete;

  // Why samples must wait, for a person; empty: there is room. Costs a call of statvfs(), 1 µs.
  // Once below the floor there is room again where an eighth of the floor more is free, so that it
  // does not go to and fro; that is also when the ballast is made again.
  const std::string& shortage();
  // The disk refused a write for want of room. The ballast is given up, so that what matters more
  // than samples can be written; for samples there is room again where it could be made again.
  void refused();
  // The files beside it may be gone: the ballast is made anew.
  void renew() { drop_ballast(); }
  [[nodiscard]] bool has_ballast() const { return has_ballast_; }

 private:
  void make_ballast();
  void drop_ballast();

  const SpaceOptions options_;
  const std::filesystem::path folder_;
  const std::filesystem::path ballast_;
  bool has_ballast_ = false;
  bool gave_up_ = false;  // the ballast, and there is no room for it yet
  std::string shortage_;
};

}  // namespace soakwatch
