// The reader over captured and written trees; process_reader_live_test.cc has the real /proc.
#include "collectors/procfs/process_reader.h"

#include <gmock/gmock.h>

#include "fixture_tree.h"

namespace soakwatch {
namespace {

const double kPage = static_cast<double>(sysconf(_SC_PAGESIZE));

TEST(ProcessReader, ReadsAGoProgram) {
  auto reader = ProcessReader::open(captured_tree("linux-6.18"), 4002, "boot");
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->info().id, (ProcessId{"boot", 4002, 160350}));
  EXPECT_EQ(reader->info().comm, "sidecar");
  EXPECT_EQ(reader->info().exe, "/usr/local/bin/sidecar");
  EXPECT_EQ(reader->info().cmdline, "/usr/local/bin/sidecar --listen 127.0.0.1:16060");
  EXPECT_EQ(reader->info().gogc_percent, 50.0);
  EXPECT_FALSE(reader->info().gogc_off);
  EXPECT_EQ(reader->info().gomemlimit_bytes, 512.0 * 1024 * 1024);

  const auto round = reader->read_round();
  ASSERT_TRUE(round);
  MetricValues expected;
  expected.set(Metric::kRssBytes, 1616 * kPage);
  expected.set(Metric::kVsizeBytes, 253449 * kPage);
  expected.set(Metric::kRssAnonBytes, 996 * 1024);
  expected.set(Metric::kRssFileBytes, 5468 * 1024);
  expected.set(Metric::kSwapBytes, 64 * 1024);
  expected.set(Metric::kOpenFds, 10);
  expected.set(Metric::kThreads, 5);
  expected.set(Metric::kCpuSecondsTotal, 150.0 / static_cast<double>(sysconf(_SC_CLK_TCK)));
  expected.set(Metric::kMajorFaultsTotal, 3);
  EXPECT_EQ(*round, expected);

  const auto detail = reader->read_detail();
  ASSERT_TRUE(detail);
  MetricValues expected_detail;
  expected_detail.set(Metric::kPssBytes, 5510 * 1024);
  expected_detail.set(Metric::kLazyFreeBytes, 128 * 1024);
  expected_detail.set(Metric::kAnonHugeBytes, 2048 * 1024);
  expected_detail.set(Metric::kMappings, 56);
  EXPECT_EQ(*detail, expected_detail);
}

TEST(ProcessReader, ReadsEachMetricOfItsSources) {
  auto reader = ProcessReader::open(captured_tree("linux-6.18"), 4002, "boot");
  ASSERT_TRUE(reader);
  const auto round = reader->read_round();
  const auto detail = reader->read_detail();
  ASSERT_TRUE(round);
  ASSERT_TRUE(detail);
  for (const MetricDescriptor& metric : all_metrics()) {
    EXPECT_EQ(round->has(metric.id), metric.source == Source::kProcRound) << metric.name;
    EXPECT_EQ(detail->has(metric.id), metric.source == Source::kProcDetail) << metric.name;
  }
}

TEST(ProcessReader, ReadsAnOlderKernel) {
  auto reader = ProcessReader::open(captured_tree("linux-6.1"), 700, "boot");
  ASSERT_TRUE(reader);
  EXPECT_TRUE(reader->info().gogc_off);
  EXPECT_EQ(reader->info().cmdline, "/opt/metrics/bin/metrics-collector --instance c");
  const auto round = reader->read_round();
  ASSERT_TRUE(round);
  EXPECT_EQ(round->get(Metric::kRssAnonBytes), 996.0 * 1024);
  EXPECT_EQ(round->get(Metric::kOpenFds), 4.0);
  const auto detail = reader->read_detail();
  ASSERT_TRUE(detail);
  EXPECT_EQ(detail->get(Metric::kPssBytes), 5510.0 * 1024);
  EXPECT_FALSE(detail->has(Metric::kMappings));  // no maps in this tree: missing, not 0
}

TEST(ProcessReader, KeepsAHostileNameAsItIs) {
  auto reader = ProcessReader::open(captured_tree("linux-6.18"), 4001, "boot");
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->info().comm, ") R 1 \x1b[31m");
  EXPECT_EQ(reader->read_round().value().get(Metric::kThreads), 1.0);
}

TEST(ProcessReader, AKernelThreadHasNoMemoryRatherThanNone) {
  auto reader = ProcessReader::open(captured_tree("linux-6.18"), 2, "boot");
  ASSERT_TRUE(reader);
  const auto round = reader->read_round();
  ASSERT_TRUE(round);
  EXPECT_EQ(round->get(Metric::kThreads), 1.0);
  for (const Metric metric : {Metric::kRssBytes, Metric::kVsizeBytes, Metric::kRssAnonBytes,
                              Metric::kRssFileBytes, Metric::kSwapBytes}) {
    EXPECT_FALSE(round->has(metric)) << describe(metric).name;
  }
  EXPECT_TRUE(reader->read_detail().value().empty());
}

TEST(ProcessReader, AZombieIsNotFound) {
  const auto reader = ProcessReader::open(captured_tree("linux-6.18"), 4003, "boot");
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().kind, ErrorKind::kNotFound);
}

TEST(ProcessReader, ReadsThroughAThreadWhereTheMainThreadEnded) {
  auto reader = ProcessReader::open(captured_tree("linux-6.18"), 4004, "boot");
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->info().id.start_ticks, 160351U);  // of the process, not of the thread
  EXPECT_EQ(reader->info().exe, "/usr/local/bin/worker");
  const auto round = reader->read_round();
  ASSERT_TRUE(round);
  EXPECT_EQ(round->get(Metric::kRssBytes), 380 * kPage);
  EXPECT_EQ(round->get(Metric::kRssAnonBytes), 120.0 * 1024);
  EXPECT_EQ(round->get(Metric::kOpenFds), 3.0);
  EXPECT_EQ(round->get(Metric::kThreads), 2.0);
  EXPECT_EQ(reader->read_detail().value().get(Metric::kMappings), 31.0);
}

TEST(ProcessReader, SaysWhenThereIsNoSuchProcess) {
  const auto reader = ProcessReader::open(captured_tree("linux-6.18"), 9, "boot");
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().kind, ErrorKind::kNotFound);
  EXPECT_THAT(reader.error().message, testing::HasSubstr("/9: No such file"));
}

TEST(ProcessReader, RefusesAnotherProcessUnderTheSamePid) {
  const WrittenTree tree;
  tree.write_process(50, "first", 'S', 1000);
  auto reader = ProcessReader::open(tree.root(), 50, "boot");
  ASSERT_TRUE(reader);
  EXPECT_TRUE(reader->read_round());
  tree.write_process(50, "second", 'S', 1001);
  EXPECT_EQ(reader->read_round().error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(reader->read_detail().error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(reader->socket_inodes().error().kind, ErrorKind::kNotFound);
}

TEST(ProcessReader, ReadsAnewInEachRound) {
  const WrittenTree tree;
  tree.write_process(50, "grows", 'S', 1000);
  auto reader = ProcessReader::open(tree.root(), 50, "boot");
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->read_round().value().get(Metric::kRssBytes), 500 * kPage);
  EXPECT_EQ(reader->read_round().value().get(Metric::kOpenFds), 0.0);
  tree.write("50/statm", "2000 600 0 0 0 0 0\n");
  tree.write("50/fd/0", "");
  EXPECT_EQ(reader->read_round().value().get(Metric::kRssBytes), 600 * kPage);
  EXPECT_EQ(reader->read_round().value().get(Metric::kOpenFds), 1.0);
}

TEST(ProcessReader, WhatAnOldKernelDoesNotSayIsMissing) {
  const WrittenTree tree;
  tree.write_process(50, "old", 'S', 1000);
  tree.write("50/status", "State:\tS (sleeping)\nVmRSS:\t 12 kB\nThreads:\t3\n");
  auto reader = ProcessReader::open(tree.root(), 50, "boot");
  ASSERT_TRUE(reader);
  const auto round = reader->read_round();
  ASSERT_TRUE(round);
  EXPECT_TRUE(round->has(Metric::kRssBytes));
  EXPECT_FALSE(round->has(Metric::kRssAnonBytes));
  EXPECT_FALSE(round->has(Metric::kSwapBytes));
  EXPECT_TRUE(reader->read_detail().value().empty());  // neither smaps_rollup nor maps
}

TEST(ProcessReader, NonsenseIsAnErrorAndNoZero) {
  const WrittenTree tree;
  tree.write_process(50, "odd", 'S', 1000);
  auto reader = ProcessReader::open(tree.root(), 50, "boot");
  ASSERT_TRUE(reader);
  tree.write("50/statm", "");
  EXPECT_EQ(reader->read_round().error().kind, ErrorKind::kInvalid);
  tree.write("50/stat", "");
  EXPECT_EQ(reader->read_round().error().kind, ErrorKind::kInvalid);
}

TEST(ReadBootId, ReadsAndChecks) {
  EXPECT_EQ(read_boot_id(captured_tree("linux-6.18")).value(),
            "1e6e2fb0-5a3c-4d0b-9a55-0d8c6f1f2a77");
  EXPECT_EQ(read_boot_id(captured_tree("linux-6.1")).error().kind, ErrorKind::kNotFound);
  const WrittenTree tree;
  tree.write("sys/kernel/random/boot_id", "not-an-id\n");
  EXPECT_EQ(read_boot_id(tree.root()).error().kind, ErrorKind::kInvalid);
}

}  // namespace
}  // namespace soakwatch
