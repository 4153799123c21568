#include "evidence/gunzip.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <limits>

namespace soakwatch {
namespace {

constexpr int kGzipWrapper = 16;  // added to the window's bits: see inflateInit2 in zlib.h
constexpr std::size_t kFirstBuffer = 16384;

class Inflater {
 public:
  Inflater() { ready_ = inflateInit2(&stream_, MAX_WBITS + kGzipWrapper) == Z_OK; }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  [[nodiscard]] bool ready() const { return ready_; }
  z_stream& stream() { return stream_; }

 private:
  z_stream stream_{};
  bool ready_ = false;
};

// zlib takes what it only reads as a pointer to what it may write.
Bytef* bytes_of(std::string_view text) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
}

}  // namespace

bool is_gzip(std::string_view bytes) { return bytes.starts_with("\x1f\x8b"); }

Result<std::string> gunzip(std::string_view bytes, std::size_t max_bytes) {
  if (!is_gzip(bytes)) return invalid("not gzip");
  if (bytes.size() > std::numeric_limits<uInt>::max()) {
    return Error{ErrorKind::kTooLarge, "gzip of 4 GiB and more"};
  }
  Inflater inflater;
  if (!inflater.ready()) return Error{ErrorKind::kIo, "zlib cannot start"};
  z_stream& stream = inflater.stream();
  stream.next_in = bytes_of(bytes);
  stream.avail_in = static_cast<uInt>(bytes.size());
  // One byte more than is allowed tells a text that is just as long as allowed from a longer one.
  const std::size_t most =
      std::min<std::size_t>(max_bytes, std::numeric_limits<uInt>::max() - 1) + 1;
  std::string text;
  std::size_t used = 0;
  while (true) {
    if (used == text.size()) {
      text.resize(std::min(most, std::max(kFirstBuffer, text.size() * 2)));
    }
    stream.next_out = bytes_of(text) + used;
    stream.avail_out = static_cast<uInt>(text.size() - used);
    const int status = inflate(&stream, Z_NO_FLUSH);
    used = text.size() - stream.avail_out;
    if (used > max_bytes) {
      return Error{ErrorKind::kTooLarge, fmt::format("more than {} bytes decompressed", max_bytes)};
    }
    if (status == Z_STREAM_END) {
      if (stream.avail_in == 0) break;
      inflateReset(&stream);  // another member
    } else if (status == Z_BUF_ERROR || (status == Z_OK && stream.avail_out > 0)) {
      return invalid("gzip ends too early");
    } else if (status != Z_OK) {
      return invalid(fmt::format("damaged gzip: {}", stream.msg != nullptr ? stream.msg : "?"));
    }
  }
  text.resize(used);
  return text;
}

Result<std::string> gzip(std::string_view text) {
  if (text.size() > std::numeric_limits<uInt>::max()) {
    return Error{ErrorKind::kTooLarge, "4 GiB and more to compress"};
  }
  z_stream stream{};
  constexpr int kMemoryLevel = 8;  // zlib's default
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + kGzipWrapper,
                   kMemoryLevel, Z_DEFAULT_STRATEGY) != Z_OK) {
    return Error{ErrorKind::kIo, "zlib cannot start"};
  }
  std::string bytes(deflateBound(&stream, text.size()), '\0');
  stream.next_in = bytes_of(text);
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = bytes_of(bytes);
  stream.avail_out = static_cast<uInt>(bytes.size());
  const int status = deflate(&stream, Z_FINISH);
  bytes.resize(bytes.size() - stream.avail_out);
  deflateEnd(&stream);
  if (status != Z_STREAM_END) return Error{ErrorKind::kIo, "zlib did not finish"};
  return bytes;
}

}  // namespace soakwatch
