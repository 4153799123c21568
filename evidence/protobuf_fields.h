// Reads a protobuf message by a list of its fields: number, wire type, and where the value goes.
#pragma once

#include <cstdint>
#include <protozero/pbf_reader.hpp>
#include <stdexcept>
#include <type_traits>

namespace soakwatch {

// A field of the list with a wire type that it cannot have.
class WrongWireType : public std::runtime_error {
 public:
  WrongWireType() : std::runtime_error("a field of the wrong type") {}
};

// `take` is called with the reader standing at the field, and reads its value.
template <std::uint32_t kNumberOfField, protozero::pbf_wire_type kType, class Take>
struct ProtobufField {
  static constexpr std::uint32_t kNumber = kNumberOfField;
  Take take;

  bool read(protozero::pbf_reader& reader) {
    if (reader.tag_and_type() != protozero::tag_and_type(kNumber, kType)) return false;
    take(reader);
    return true;
  }
};

// Numbers that are written packed or one by one.
template <std::uint32_t kNumberOfField, class Add>
struct ProtobufNumbers {
  static constexpr std::uint32_t kNumber = kNumberOfField;
  Add add;

  bool read(protozero::pbf_reader& reader) {
    using protozero::pbf_wire_type;
    using protozero::tag_and_type;
    if (reader.tag_and_type() == tag_and_type(kNumber, pbf_wire_type::length_delimited)) {
      for (const std::uint64_t value : reader.get_packed_uint64()) add(value);
      return true;
    }
    if (reader.tag_and_type() != tag_and_type(kNumber, pbf_wire_type::varint)) return false;
    add(reader.get_uint64());
    return true;
  }
};

template <std::uint32_t kNumber, class Take>
auto number_field(Take take) {
  return ProtobufField<kNumber, protozero::pbf_wire_type::varint, Take>{take};
}

// Any whole number, or a truth value.
template <std::uint32_t kNumber, class Value>
auto number_into(Value& value) {
  static_assert(std::is_integral_v<Value>);
  return number_field<kNumber>(
      [&value](protozero::pbf_reader& reader) { value = static_cast<Value>(reader.get_uint64()); });
}

// A text or a message.
template <std::uint32_t kNumber, class Take>
auto bytes_field(Take take) {
  return ProtobufField<kNumber, protozero::pbf_wire_type::length_delimited, Take>{take};
}

template <std::uint32_t kNumber, class Add>
auto numbers_field(Add add) {
  return ProtobufNumbers<kNumber, Add>{add};
}

// In whatever order they come; those that the list does not have, of a newer version of the format,
// are left out. Throws WrongWireType, protozero::exception, and what `take` and `add` throw.
template <class... Fields>
void read_message(protozero::pbf_reader message, Fields... fields) {
  while (message.next()) {
    if ((fields.read(message) || ...)) continue;
    if (((message.tag() == Fields::kNumber) || ...)) throw WrongWireType();
    message.skip();
  }
}

}  // namespace soakwatch
