// Small profiles for tests, written as pprof writes them.
#pragma once

#include <cstdint>
#include <map>
#include <protozero/pbf_writer.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace soakwatch {

class ProfileBuilder {
 public:
  ProfileBuilder() { string(""); }

  std::uint64_t string(const std::string& text) {
    const auto [found, added] = index_.emplace(text, strings_.size());
    if (added) strings_.push_back(text);
    return found->second;
  }
  ProfileBuilder& type(const std::string& type, const std::string& unit) {
    protozero::pbf_writer writer(data_);
    protozero::pbf_writer message(writer, 1);
    message.add_uint64(1, string(type));
    message.add_uint64(2, string(unit));
    return *this;
  }
  ProfileBuilder& mapping(std::uint64_t id, const std::string& file) {
    protozero::pbf_writer writer(data_);
    protozero::pbf_writer message(writer, 3);
    message.add_uint64(1, id);
    message.add_uint64(5, string(file));
    return *this;
  }
  ProfileBuilder& function(std::uint64_t id, const std::string& name,
                           const std::string& file = "") {
    protozero::pbf_writer writer(data_);
    protozero::pbf_writer message(writer, 5);
    message.add_uint64(1, id);
    message.add_uint64(2, string(name));
    message.add_uint64(3, string(name));
    message.add_uint64(4, string(file));
    return *this;
  }
  struct Line {
    std::uint64_t function = 0;
    std::int64_t line = 0;
  };
  ProfileBuilder& location(std::uint64_t id, const std::vector<Line>& lines,
                           std::uint64_t mapping = 0) {
    protozero::pbf_writer writer(data_);
    protozero::pbf_writer message(writer, 4);
    message.add_uint64(1, id);
    if (mapping != 0) message.add_uint64(2, mapping);
    for (const Line& line : lines) {
      protozero::pbf_writer inner(message, 4);
      inner.add_uint64(1, line.function);
      inner.add_int64(2, line.line);
    }
    return *this;
  }
  // A function with a location of its own, both with this id.
  ProfileBuilder& frame(std::uint64_t id, const std::string& name, const std::string& file,
                        std::int64_t line) {
    return function(id, name, file).location(id, {{id, line}});
  }
  ProfileBuilder& sample(const std::vector<std::uint64_t>& stack,
                         const std::vector<std::int64_t>& values) {
    protozero::pbf_writer writer(data_);
    protozero::pbf_writer message(writer, 2);
    message.add_packed_uint64(1, stack.begin(), stack.end());
    for (const std::int64_t value : values) message.add_int64(2, value);
    return *this;
  }
  ProfileBuilder& text_field(protozero::pbf_tag_type field, const std::string& text) {
    protozero::pbf_writer(data_).add_uint64(field, string(text));
    return *this;
  }
  ProfileBuilder& number(protozero::pbf_tag_type field, std::uint64_t value) {
    protozero::pbf_writer(data_).add_uint64(field, value);
    return *this;
  }
  [[nodiscard]] std::string bytes() const {
    std::string result = data_;
    protozero::pbf_writer writer(result);
    for (const std::string& text : strings_) writer.add_string(6, text);
    return result;
  }

 private:
  std::string data_;
  std::map<std::string, std::uint64_t> index_;
  std::vector<std::string> strings_;
};

}  // namespace soakwatch
