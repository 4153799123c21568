// The bytes of an execution trace, one value after the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace soakwatch {

// After the end, or a number of more than 64 bits, everything read is 0 or empty and failed() says
// so.
class TraceInput {
 public:
  explicit TraceInput(std::string_view bytes) : bytes_(bytes) {}

  [[nodiscard]] bool at_end() const { return failed() || position_ == bytes_.size(); }
  [[nodiscard]] bool failed() const { return is_cut_off_ || is_damaged_; }
  [[nodiscard]] bool is_cut_off() const { return is_cut_off_; }
  [[nodiscard]] std::size_t position() const { return position_; }

  std::uint8_t byte() {
    if (at_end()) {
      is_cut_off_ = !is_damaged_;
      return 0;
    }
    return static_cast<std::uint8_t>(bytes_[position_++]);
  }

  // Seven bits a byte, the lowest first.
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
      const std::uint8_t next = byte();
      if (failed()) return 0;
      const std::uint64_t bits = next & 0x7fU;
      if (shift == 63 && bits > 1) break;
      value |= bits << shift;
      if ((next & 0x80U) == 0) return value;
    }
    is_damaged_ = true;
    return 0;
  }

  std::string_view text(std::uint64_t length) {
    if (failed() || length > bytes_.size() - position_) {
      is_cut_off_ = !is_damaged_;
      return {};
    }
    const std::string_view text = bytes_.substr(position_, static_cast<std::size_t>(length));
    position_ += text.size();
    return text;
  }

 private:
  std::string_view bytes_;
  std::size_t position_ = 0;
  bool is_cut_off_ = false;
  bool is_damaged_ = false;
};

}  // namespace soakwatch
