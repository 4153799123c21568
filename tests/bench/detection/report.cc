#include "tests/bench/detection/report.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cmath>
#include <cstdio>
#include <sstream>

namespace soakwatch::bench {
namespace {

constexpr int kResamples = 500;

std::string number(double x) {
  if (std::isnan(x)) return "-";
  return std::fabs(x) >= 100 ? fmt::format("{:.0f}", x) : fmt::format("{:.3g}", x);
}

std::string with_interval(const Estimate& e) {
  if (std::isnan(e.value)) return "-";
  return fmt::format("{} [{}, {}]", number(e.value), number(e.low), number(e.high));
}

void print_row(std::string_view name, const std::vector<std::string>& cells) {
  fmt::print("{:<16}", name);
  bool first = true;
  for (const std::string& cell : cells) {
    fmt::print(" {:>{}}", cell, first ? 22 : 9);
    first = false;
  }
  fmt::print("\n");
}

using AllMeasures = std::vector<std::map<std::string, Estimate>>;

std::vector<std::string> cells(const AllMeasures& all, const std::string& measure) {
  std::vector<std::string> row;
  for (const auto& of_judge : all) {
    const auto found = of_judge.find(measure);
    if (found == of_judge.end()) {
      row.emplace_back("-");
    } else {
      row.push_back(row.empty() ? with_interval(found->second) : number(found->second.value));
    }
  }
  return row;
}

AllMeasures all_measures(const Results& results) {
  AllMeasures all;
  for (std::size_t j = 0; j < results.judges.size(); ++j) all.push_back(measures(results, j));
  return all;
}

}  // namespace

std::map<std::string, Estimate> measures(const Results& results, std::size_t judge) {
  const int resamples = judge == 0 ? kResamples : 0;
  std::map<std::string, Estimate> named;
  Outcomes leaks;
  std::vector<Outcomes> clean;
  std::vector<Outcomes> told_apart;
  for (const FamilyResult& family : results.families) {
    const Outcomes& outcomes = family.by_judge[judge];
    named["false_per_1000_days." + family.name] =
        estimate(outcomes, false_per_1000_days, resamples);
    named["runs_with_alarm." + family.name] = estimate(outcomes, runs_with_false_alarm, resamples);
    if (family.leaks) {
      named["recall." + family.name] = estimate(outcomes, recall, resamples);
      named["delay_minutes." + family.name] = estimate(outcomes, median_delay_minutes, resamples);
      for (const Outcome& o : outcomes) {
        if (o.counts) leaks.push_back(o);
      }
    } else {
      clean.push_back(outcomes);
      if (!family.looks_like_a_leak) told_apart.push_back(outcomes);
    }
  }
  if (!leaks.empty()) named["recall"] = estimate(leaks, recall, resamples);
  if (!leaks.empty() && !clean.empty()) named["precision"] = precision(leaks, clean, resamples);
  if (!leaks.empty() && !told_apart.empty()) {
    named["precision_told_apart"] = precision(leaks, told_apart, resamples);
  }
  if (judge == 0) named["samples_per_second"] = {results.samples_per_second, 0, 0};
  return named;
}

void print_table(const Results& results) {
  const AllMeasures all = all_measures(results);
  const auto section = [&](std::string_view title, const std::string& measure, bool leaks) {
    fmt::print("\n{}\n", title);
    print_row("", results.judges);
    for (const FamilyResult& family : results.families) {
      if (family.leaks != leaks) continue;
      const std::string name = fmt::format("{} ({})", family.name, family.by_judge[0].size());
      print_row(name, cells(all, measure + "." + family.name));
    }
  };
  section("False alarms per 1000 series-days, families without a leak (number of series)",
          "false_per_1000_days", false);
  section("Share of those series with an alarm", "runs_with_alarm", false);
  section("Recall, families that leak", "recall", true);
  section("Median delay after the onset, minutes, of those found", "delay_minutes", true);
  section("False alarms per 1000 series-days before the onset", "false_per_1000_days", true);
  fmt::print(
      "\nAll together: leaks that took a fifth of the base or more; every family without a leak\n");
  print_row("", results.judges);
  print_row("recall", cells(all, "recall"));
  print_row("precision at 5 %", cells(all, "precision"));
  fmt::print(
      "  without season, cache_fill and pool, which no single series tells from a leak at first\n");
  print_row("precision at 5 %", cells(all, "precision_told_apart"));
  fmt::print("\nCost: {:.2f} million samples a second on one core\n",
             results.samples_per_second / 1e6);
}

void print_json(const Results& results) {
  boost::json::object root;
  for (std::size_t j = 0; j < results.judges.size(); ++j) {
    boost::json::object judge;
    for (const auto& [name, e] : measures(results, j)) {
      if (std::isnan(e.value)) {
        judge[name] = nullptr;
      } else if (j == 0) {
        judge[name] = {{"value", e.value}, {"low", e.low}, {"high", e.high}};
      } else {
        judge[name] = {{"value", e.value}};
      }
    }
    root[results.judges[j]] = std::move(judge);
  }
  fmt::print("{}\n", boost::json::serialize(root));
}

Result<std::vector<std::string>> broken_limits(std::string_view text,
                                               const std::map<std::string, Estimate>& measures) {
  std::vector<std::string> broken;
  std::istringstream lines{std::string(text)};
  std::string line;
  for (int n = 1; std::getline(lines, line); ++n) {
    std::istringstream words(line.substr(0, line.find('#')));
    std::string name;
    std::string relation;
    double limit = 0;
    if (!(words >> name)) continue;
    if (!(words >> relation >> limit) || (relation != "<=" && relation != ">=")) {
      return invalid(fmt::format("line {}: not NAME >= FIGURE or NAME <= FIGURE", n));
    }
    const auto found = measures.find(name);
    if (found == measures.end()) return not_found(fmt::format("line {}: no measure {}", n, name));
    const double value = found->second.value;
    if (!(relation == "<=" ? value <= limit : value >= limit)) {
      broken.push_back(
          fmt::format("{} is {:.4g}, must be {} {:.4g}", name, value, relation, limit));
    }
  }
  return broken;
}

}  // namespace soakwatch::bench
