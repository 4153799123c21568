#include "config/paths.h"

#include <gtest/gtest.h>

#include <map>

namespace soakwatch {
namespace {

Surroundings with(const std::map<std::string, std::string>& variables, bool is_root = false) {
  return {[variables](const char* name) -> std::optional<std::string> {
            const auto found = variables.find(name);
            if (found == variables.end()) return std::nullopt;
            return found->second;
          },
          is_root};
}

TEST(DefaultDatabase, FollowsXdgForAUser) {
  EXPECT_EQ(default_database(with({{"HOME", "/home/ann"}})),
            "/home/ann/.local/state/soakwatch/soakwatch.db");
  EXPECT_EQ(default_database(with({{"HOME", "/home/ann"}, {"XDG_STATE_HOME", "/s"}})),
            "/s/soakwatch/soakwatch.db");
}

TEST(DefaultDatabase, IgnoresRelativeFolders) {
  EXPECT_EQ(default_database(with({{"HOME", "/home/ann"}, {"XDG_STATE_HOME", "s"}})),
            "/home/ann/.local/state/soakwatch/soakwatch.db");
  EXPECT_EQ(default_database(with({{"HOME", ""}})), "soakwatch.db");
  EXPECT_EQ(default_database(with({})), "soakwatch.db");
}

TEST(DefaultDatabase, FollowsFhsForRoot) {
  EXPECT_EQ(default_database(with({{"HOME", "/root"}, {"XDG_STATE_HOME", "/s"}}, true)),
            "/var/lib/soakwatch/soakwatch.db");
}

TEST(DefaultDatabase, TheVariableWins) {
  EXPECT_EQ(default_database(with({{"SOAKWATCH_DB", "x.db"}}, true)), "x.db");
  EXPECT_EQ(default_database(with({{"SOAKWATCH_DB", ""}}, true)),
            "/var/lib/soakwatch/soakwatch.db");
}

TEST(DefaultConfigFile, FollowsXdgAndFhs) {
  EXPECT_EQ(default_config_file(with({{"HOME", "/home/ann"}})),
            "/home/ann/.config/soakwatch/soakwatch.yaml");
  EXPECT_EQ(default_config_file(with({{"HOME", "/home/ann"}, {"XDG_CONFIG_HOME", "/c"}})),
            "/c/soakwatch/soakwatch.yaml");
  EXPECT_EQ(default_config_file(with({}, true)), "/etc/soakwatch/soakwatch.yaml");
}

TEST(ExpandHome, OnlyAtTheStart) {
  const Surroundings around = with({{"HOME", "/home/ann"}});
  EXPECT_EQ(expand_home("~/a.db", around), "/home/ann/a.db");
  EXPECT_EQ(expand_home("~", around), "/home/ann");
  EXPECT_EQ(expand_home("a/~/b", around), "a/~/b");
  EXPECT_EQ(expand_home("~bob/b", around), "~bob/b");
  EXPECT_EQ(expand_home("", around), "");
  EXPECT_EQ(expand_home("~/a.db", with({})), "~/a.db");
}

}  // namespace
}  // namespace soakwatch
