#include "core/fields.h"

#include <cmath>

namespace fb {
namespace {

template <typename T>
T& member_of(void* object, size_t offset) {
  return *reinterpret_cast<T*>(static_cast<char*>(object) + offset);
}
template <typename T>
const T& member_of(const void* object, size_t offset) {
  return *reinterpret_cast<const T*>(static_cast<const char*>(object) + offset);
}

/// Index of the word that `given` is; -1 where it is none.
int choice_index(std::string_view choices, const JsonValue& given) {
  for (size_t i = 0;; i++) {
    const std::string_view word = choice_at(choices, i);
    if (word.empty()) return -1;
    if (given.equals(word)) return static_cast<int>(i);
  }
}

bool take_field(const Field& field, const JsonValue& given, void* object) {
  switch (field.kind) {
    case Field::Kind::kNumber:
    case Field::Kind::kInteger: {
      const Expected<double> value = given.number();
      if (!value.ok() || value.value() < field.lowest || value.value() > field.highest) return false;
      if (field.kind == Field::Kind::kInteger && value.value() != std::floor(value.value())) return false;
      member_of<double>(object, field.offset) = value.value();
      return true;
    }
    case Field::Kind::kBoolean:
      if (!given.is_bool()) return false;
      member_of<bool>(object, field.offset) = given.is_true();
      return true;
    case Field::Kind::kChoice: {
      const int index = choice_index(field.choices, given);
      if (index < 0) return false;
      member_of<double>(object, field.offset) = index;
      return true;
    }
    case Field::Kind::kText: {
      char buffer[32];
      const Expected<std::string_view> text = given.text(buffer, static_cast<size_t>(field.highest));
      return text.ok() && member_of<SmallString<32>>(object, field.offset).assign(text.value()) == Status::kOk;
    }
  }
  return false;
}

void write_value(const Field& field, const void* object, JsonWriter& out) {
  switch (field.kind) {
    case Field::Kind::kNumber:
    case Field::Kind::kInteger: out.number(member_of<double>(object, field.offset)); return;
    case Field::Kind::kBoolean: out.boolean(member_of<bool>(object, field.offset)); return;
    case Field::Kind::kChoice:
      out.string(choice_at(field.choices, static_cast<size_t>(member_of<double>(object, field.offset))));
      return;
    case Field::Kind::kText: out.string(member_of<SmallString<32>>(object, field.offset).view()); return;
  }
}

}  // namespace

std::string_view choice_at(std::string_view choices, size_t index) {
  while (!choices.empty()) {
    const size_t end = choices.find(' ');
    if (index-- == 0) return choices.substr(0, end);
    if (end == std::string_view::npos) break;
    choices.remove_prefix(end + 1);
  }
  return {};
}

Status Fields::read(const JsonValue& from, void* object, Fault& fault) const {
  if (!from.is_object()) return Status::kInvalid;
  for (size_t i = 0; i < count; i++) {
    const JsonValue given = from.member(first[i].name);
    if (!given.exists() || take_field(first[i], given, object)) continue;
    fault.field = first[i].name;
    return Status::kInvalid;
  }
  return Status::kOk;
}

bool Fields::has(const JsonValue& name) const {
  for (size_t i = 0; i < count; i++)
    if (name.equals(first[i].name)) return true;
  return false;
}

JsonValue Fields::unknown_in(const JsonValue& from) const {
  for (JsonValue name = from.first(); name.exists(); name = name.after(from).after(from))
    if (!has(name)) return name;
  return {};
}

void Fields::write(const void* object, JsonWriter& out) const {
  out.begin_object();
  write_members(object, out);
  out.end_object();
}

void Fields::write_members(const void* object, JsonWriter& out) const {
  for (size_t i = 0; i < count; i++) {
    out.key(first[i].name);
    write_value(first[i], object, out);
  }
}

void Fields::write_schema(const void* defaults, JsonWriter& out) const {
  out.begin_object().key("$schema").string("https://json-schema.org/draft/2020-12/schema");
  out.key("type").string("object").key("properties").begin_object();
  for (size_t i = 0; i < count; i++) {
    const Field& field = first[i];
    out.key(field.name).begin_object().key("type");
    switch (field.kind) {
      case Field::Kind::kNumber: out.string("number"); break;
      case Field::Kind::kInteger: out.string("integer"); break;
      case Field::Kind::kBoolean: out.string("boolean"); break;
      case Field::Kind::kChoice:
      case Field::Kind::kText: out.string("string"); break;
    }
    out.key("title").string(field.title);
    if (field.kind == Field::Kind::kNumber || field.kind == Field::Kind::kInteger)
      out.key("minimum").number(field.lowest).key("maximum").number(field.highest);
    if (field.kind == Field::Kind::kText) out.key("maxLength").number(field.highest);
    if (field.kind == Field::Kind::kChoice) {
      out.key("enum").begin_array();
      for (size_t word = 0; !choice_at(field.choices, word).empty(); word++) out.string(choice_at(field.choices, word));
      out.end_array();
    }
    if (defaults != nullptr) {
      out.key("default");
      write_value(field, defaults, out);
    }
    out.end_object();
  }
  out.end_object().end_object();
}

}  // namespace fb
