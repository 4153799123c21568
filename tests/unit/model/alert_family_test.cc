#include "model/alert_family.h"

#include <gmock/gmock.h>

namespace soakwatch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const WallTime kStart = from_unix_ms(1795164000000);

Alert alert(AlertId id, const std::string& detector, const std::string& root = "") {
  Alert a;
  a.id = id;
  a.instance = 1;
  a.state = AlertState::kFiring;
  a.pending_since = kStart;
  a.finding.detector = detector;
  a.finding.root = root;
  return a;
}

std::vector<AlertId> roots(const std::vector<AlertFamily>& families) {
  std::vector<AlertId> ids;
  for (const AlertFamily& family : families) ids.push_back(family.root->id);
  return ids;
}

std::vector<AlertId> children(const AlertFamily& family) {
  std::vector<AlertId> ids;
  for (const Alert* child : family.children) ids.push_back(child->id);
  return ids;
}

TEST(AlertFamilies, AChildIsBelowItsRootWhateverTheirOrder) {
  const std::vector<Alert> alerts{alert(3, "rss", "heap"), alert(1, "heap", "goroutines"),
                                  alert(2, "goroutines"), alert(4, "fds")};
  const auto families = families_of(alerts);
  ASSERT_THAT(roots(families), ElementsAre(4, 2));
  EXPECT_THAT(children(families[0]), IsEmpty());
  EXPECT_THAT(children(families[1]), ElementsAre(3, 1));
}

TEST(AlertFamilies, AChildWhoseRootIsNotThereStandsAlone) {
  Alert other = alert(2, "goroutines");
  other.instance = 9;
  const std::vector<Alert> alerts{alert(1, "heap", "goroutines"), other};
  EXPECT_THAT(roots(families_of(alerts)), ElementsAre(2, 1));
}

TEST(AlertFamilies, AlertsThatExplainEachOtherAreEachListedOnce) {
  const std::vector<Alert> alerts{alert(1, "a", "b"), alert(2, "b", "a"), alert(3, "c", "c")};
  std::size_t listed = 0;
  for (const AlertFamily& family : families_of(alerts)) listed += 1 + family.children.size();
  EXPECT_EQ(listed, 3U);
}

TEST(AlertFamilies, TheMostUrgentComesFirst) {
  std::vector<Alert> alerts;
  for (AlertId id = 1; id <= 6; ++id) alerts.push_back(alert(id, "d" + std::to_string(id)));
  alerts[0].finding.severity = Severity::kCritical;
  alerts[2].state = AlertState::kPlateau;
  alerts[3].state = AlertState::kPending;
  alerts[4].state = AlertState::kPending;
  alerts[4].finding.grade = Grade::kSuspect;
  alerts[4].finding.severity = Severity::kCritical;
  alerts[5].state = AlertState::kResolved;
  alerts[5].finding.severity = Severity::kCritical;
  EXPECT_THAT(roots(families_of(alerts)), ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST(Explains, IsTheAlertThatWasOpenAtTheSameTime) {
  Alert early = alert(1, "goroutines");
  early.state = AlertState::kResolved;
  early.resolved_at = kStart + seconds(10);
  Alert late = alert(4, "goroutines");
  late.pending_since = kStart + seconds(100);
  Alert first = alert(2, "heap", "goroutines");
  first.state = AlertState::kResolved;
  first.resolved_at = kStart + seconds(20);
  Alert second = alert(5, "heap", "goroutines");
  second.pending_since = kStart + seconds(110);
  const std::vector<Alert> alerts{second, late, first, early};
  EXPECT_EQ(explains(alerts[0], alerts), &alerts[1]);
  EXPECT_EQ(explains(alerts[2], alerts), &alerts[3]);
  EXPECT_EQ(explains(alerts[1], alerts), nullptr);
}

}  // namespace
}  // namespace soakwatch
