// Exact critical values of two rank tests for short windows. Distribution-free: they hold for any
// noise.
#pragma once

#include <span>

namespace soakwatch {

// Kendall's test for order. Among n values in random order, the number D of discordant pairs (a
// later value that is not greater) follows the Mahonian distribution. Returns the largest d with
// P(D <= d) <= p, or -1 when even d = 0 is likelier than p. 2 <= n <= 64.
int kendall_critical(int n, double p);

// Pairs i < j with values[j] <= values[i]: a tie counts as discordant.
int discordant_pairs(std::span<const double> values);

// Wilcoxon's signed rank test. For n increments symmetric about 0, the sum of the ranks of the
// negative ones is a random subset sum of 1..n. Returns the largest w with P(W <= w) <= p, or -1. 1
// <= n <= 64.
int signed_rank_critical(int n, double p);

struct SignedRank {
  int increments = 0;         // those that are not zero; zeros say nothing about the direction
  double negative_ranks = 0;  // equal sizes share the mean of their ranks
};
// Of the increments between neighbours of `values`.
SignedRank signed_rank(std::span<const double> values);

}  // namespace soakwatch
