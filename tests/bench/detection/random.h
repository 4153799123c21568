// Random numbers that are the same with every standard library, which the distributions of
// <random> are not. (log, exp and pow may differ by a last bit between mathematical libraries.)
#pragma once

#include <cmath>
#include <cstdint>
#include <string_view>

namespace soakwatch::bench {

// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): one multiplication chain per number, any seed.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  double log_uniform(double low, double high) { return low * std::pow(high / low, uniform()); }
  double exponential(double mean) { return -mean * std::log(1 - uniform()); }
  bool chance(double p) { return uniform() < p; }
  int below(int n) { return static_cast<int>(next() % static_cast<std::uint64_t>(n)); }
  // Marsaglia's polar method.
  double normal() {
    if (spare_ready_) {
      spare_ready_ = false;
      return spare_;
    }
    double u = 0;
    double v = 0;
    double s = 0;
    do {
      u = uniform(-1, 1);
      v = uniform(-1, 1);
      s = u * u + v * v;
    } while (s >= 1 || s == 0);
    const double factor = std::sqrt(-2 * std::log(s) / s);
    spare_ = v * factor;
    spare_ready_ = true;
    return u * factor;
  }

 private:
  std::uint64_t state_;
  double spare_ = 0;
  bool spare_ready_ = false;
};

// FNV-1a: gives each family its own stream for the same seed.
constexpr std::uint64_t hash(std::string_view text) {
  std::uint64_t h = 0xcbf29ce484222325ULL;
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return h;
}

}  // namespace soakwatch::bench
