// Captured trees, and small ones that a test writes itself.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace soakwatch {

inline std::filesystem::path captured_tree(const std::string& name) {
  return std::filesystem::path(SOAKWATCH_FIXTURES) / "procfs" / name;
}

// A folder of its own for the running test; removed at the end.
class WrittenTree {
 public:
  WrittenTree() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    root_ = std::filesystem::path(testing::TempDir()) /
            (std::string("soakwatch_") + test->test_suite_name() + "_" + test->name() + "_" +
             std::to_string(getpid()));
    std::filesystem::create_directories(root_);
  }
  WrittenTree(const WrittenTree&) = delete;
  WrittenTree& operator=(const WrittenTree&) = delete;
  ~WrittenTree() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }

  [[nodiscard]] const std::filesystem::path& root() const { return root_; }

  void write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path, std::ios::binary | std::ios::trunc) << text;
  }

  // A process with memory and no descriptors.
  void write_process(int pid, const std::string& comm, char state, int start_ticks) const {
    const std::string folder = std::to_string(pid);
    write(folder + "/stat", folder + " (" + comm + ") " + state +
                                " 1 1 1 0 -1 0 0 0 7 0 250 50 0 0 20 0 3 0 " +
                                std::to_string(start_ticks) + " 8192000 0\n");
    write(folder + "/statm", "2000 500 0 0 0 0 0\n");
    write(folder + "/status",
          "State:\tS (sleeping)\nRssAnon:\t 4 kB\nRssFile:\t 8 kB\n"
          "VmSwap:\t 0 kB\nThreads:\t3\n");
    std::filesystem::create_directories(root_ / folder / "fd");
  }

 private:
  std::filesystem::path root_;
};

}  // namespace soakwatch
