#include "evidence/path_fold.h"

#include <gtest/gtest.h>

namespace soakwatch {
namespace {

TEST(FoldPath, FoldsWhatAProgramMakesUp) {
  const std::pair<const char*, const char*> cases[] = {
      {"/home/u/.claude/projects/5f3a9c01/12.jsonl", "/home/u/.claude/projects/*/*.jsonl"},
      {"/tmp/leaky-42/leak-17.tmp", "/tmp/leaky-*/leak-*.tmp"},
      {"/s/5f3a9c01-beef-4dad-adad-0123456789ab.jsonl", "/s/*.jsonl"},
      {"/s/2025/01/03/rollout-2025-01-03T10-11-12-5f3a9c01-beef-4dad-adad-0123456789ab.jsonl",
       "/s/*/*/*/rollout-*.jsonl"},
      {"/tmp/tmp.aB3dE9xKlm", "/tmp/tmp.*"},
      {"/tmp/foo.abCdEf", "/tmp/foo.*"},
      {"/tmp/tmpab12cd_x/data", "/tmp/tmp*/data"},
      {"/log/app-20240102T101112Z.log.3.gz", "/log/app-*.log.*.gz"},
      {"/data/shard0003/index.db-wal", "/data/shard*/index.db-wal"},
      {"/x/aG9sYQ-x_Zz9kQ1fG7hJ2kL", "/x/*"},
      {"/dev/pts/3", "/dev/pts/*"},
  };
  for (const auto& [path, folded] : cases) EXPECT_EQ(fold_path(path), folded) << path;
}

TEST(FoldPath, KeepsWords) {
  for (const char* path :
       {"/tmp/myapp-config.toml", "/home/u/MyCamelCaseFileName.txt", "/srv/beef.cafe.decade.txt",
        "/home/u/.claude/projects/-home-u-work", "/tmp/sidecar.socket", "relative/name", "/", "",
        "/a//b/", "/caf\xc3\xa9"}) {
    EXPECT_EQ(fold_path(path), path);
  }
}

TEST(FoldPath, IsTheSameForFilesOfOneKindAndNotForOthers) {
  EXPECT_EQ(fold_path("/a/worker7.sock"), fold_path("/a/worker112.sock"));
  EXPECT_NE(fold_path("/a/worker7.sock"), fold_path("/a/server7.sock"));
  EXPECT_NE(fold_path("/a/7.sock"), fold_path("/a/7.log"));
  EXPECT_NE(fold_path("/a/7/x"), fold_path("/a/7/8/x"));
}

TEST(FoldPath, IsDoneOnceForAll) {
  for (const char* path :
       {"/tmp/leaky-42/leak-17.tmp", "/dev/pts/3", "/log/app-2024-01-02.log.3.gz"}) {
    EXPECT_EQ(fold_path(fold_path(path)), fold_path(path));
  }
}

TEST(FoldPath, TakesLongHostileBytes) {
  const std::string hostile = std::string(200'000, '-') + std::string(200'000, '7') +
                              std::string("\0\xff", 2) + std::string(200'000, '.');
  EXPECT_LE(fold_path(hostile).size(), hostile.size());
}

}  // namespace
}  // namespace soakwatch
