#include "detectors/rank_tests.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace soakwatch {
namespace {

// Largest k with distribution[0] + ... + distribution[k] <= p.
int critical(const std::vector<double>& distribution, double p) {
  double sum = 0;
  int k = -1;
  for (const double share : distribution) {
    sum += share;
    if (sum > p) break;
    ++k;
  }
  return k;
}

}  // namespace

int kendall_critical(int n, double p) {
  // Placing the m-th value among the earlier ones makes 0..m-1 new discordant pairs, each equally
  // likely.
  std::vector<double> distribution{1.0};
  for (int m = 2; m <= n; ++m) {
    std::vector<double> next(distribution.size() + static_cast<std::size_t>(m) - 1, 0.0);
    double sum = 0;  // of the latest m of the old distribution
    for (std::size_t d = 0; d < next.size(); ++d) {
      if (d < distribution.size()) sum += distribution[d];
      if (d >= static_cast<std::size_t>(m)) sum -= distribution[d - static_cast<std::size_t>(m)];
      next[d] = sum / m;
    }
    distribution = std::move(next);
  }
  return critical(distribution, p);
}

int discordant_pairs(std::span<const double> values) {
  int pairs = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    for (std::size_t j = i + 1; j < values.size(); ++j) {
      if (values[j] <= values[i]) ++pairs;
    }
  }
  return pairs;
}

int signed_rank_critical(int n, double p) {
  // Each rank 1..n is negative with probability 1/2.
  std::vector<double> distribution{1.0};
  for (int rank = 1; rank <= n; ++rank) {
    std::vector<double> next(distribution.size() + static_cast<std::size_t>(rank), 0.0);
    for (std::size_t w = 0; w < distribution.size(); ++w) {
      next[w] += distribution[w] / 2;
      next[w + static_cast<std::size_t>(rank)] += distribution[w] / 2;
    }
    distribution = std::move(next);
  }
  return critical(distribution, p);
}

SignedRank signed_rank(std::span<const double> values) {
  std::vector<double> steps;
  steps.reserve(values.size());
  for (std::size_t i = 1; i < values.size(); ++i) {
    if (values[i] != values[i - 1]) steps.push_back(values[i] - values[i - 1]);
  }
  std::sort(steps.begin(), steps.end(),
            [](double a, double b) { return std::fabs(a) < std::fabs(b); });
  SignedRank result{static_cast<int>(steps.size()), 0};
  for (std::size_t first = 0; first < steps.size();) {
    std::size_t last = first;
    while (last + 1 < steps.size() && std::fabs(steps[last + 1]) == std::fabs(steps[first])) ++last;
    const double rank = static_cast<double>(first + last) / 2 + 1;
    for (std::size_t i = first; i <= last; ++i) {
      if (steps[i] < 0) result.negative_ranks += rank;
    }
    first = last + 1;
  }
  return result;
}

}  // namespace soakwatch
