#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/status.h"

namespace fb {

/// The longest text that is read, so that a token takes 8 bytes.
inline constexpr size_t kJsonMaxSize = 65'535;

/// How deep JSON may nest, docs/protocol.md §7.
inline constexpr size_t kJsonMaxDepth = 16;

enum class JsonType : uint8_t { kNone, kNull, kFalse, kTrue, kNumber, kString, kArray, kObject };

/// One value's place in the text. Containers are followed by their members in order, names before values.
struct JsonToken {
  uint16_t start = 0;  ///< first byte; of a string, the one after its quote
  uint16_t end = 0;    ///< one past the last; of a string, its closing quote
  uint16_t next = 0;   ///< index of the first token that is not part of this one
  JsonType type = JsonType::kNone;
};

class JsonValue;

struct [[nodiscard]] JsonParse {
  enum class Fault : uint8_t { kNone, kSyntax, kTooDeep, kTooManyValues, kTooLong };
  Fault fault = Fault::kNone;
  size_t at = 0;  ///< byte offset of the fault

  bool ok() const { return fault == Fault::kNone; }
};

/// Reads one JSON text (RFC 8259, strictly: well-formed UTF-8, no lone surrogates) into tokens over the caller's array.
/// Allocates nothing, never recurses, and is total: any bytes give tokens or a fault. Text and tokens must outlive it.
class JsonDocument {
 public:
  JsonDocument(JsonToken* tokens, size_t capacity) : tokens_(tokens), capacity_(capacity) {}

  JsonParse parse(std::string_view text);
  /// The text's one value; of type kNone after a fault.
  JsonValue root() const;

 private:
  friend class JsonValue;
  std::string_view text_;
  JsonToken* tokens_;
  size_t capacity_;
  size_t count_ = 0;
};

/// A value of a document; a missing one has the type kNone and answers every question with no.
class JsonValue {
 public:
  JsonValue() = default;

  JsonType type() const;
  bool exists() const { return type() != JsonType::kNone; }
  bool is_object() const { return type() == JsonType::kObject; }
  bool is_array() const { return type() == JsonType::kArray; }
  bool is_string() const { return type() == JsonType::kString; }
  bool is_number() const { return type() == JsonType::kNumber; }
  bool is_bool() const { return type() == JsonType::kTrue || type() == JsonType::kFalse; }
  bool is_true() const { return type() == JsonType::kTrue; }

  /// The nearest double. kInvalid: not a number; kNoSpace: beyond every double.
  Expected<double> number() const;
  /// The text with its escapes resolved, in the document where there were none, else in `buffer`.
  /// kInvalid: not a string; kNoSpace: longer than `capacity`.
  Expected<std::string_view> text(char* buffer, size_t capacity) const;
  /// Is it this string, escapes resolved?
  bool equals(std::string_view text) const;
  /// The value as it stands in the source, quotes included.
  std::string_view raw() const;

  /// An object's member; of several of one name the last, as JSON.parse has it.
  JsonValue member(std::string_view name) const;
  /// First value of an array, or first name of an object.
  JsonValue first() const;
  /// What follows inside the same container: of a name its value, of a value the next name or element.
  JsonValue after(const JsonValue& container) const;

 private:
  friend class JsonDocument;
  JsonValue(const JsonDocument* document, uint32_t index) : document_(document), index_(index) {}
  const JsonToken& token() const { return document_->tokens_[index_]; }

  const JsonDocument* document_ = nullptr;
  uint32_t index_ = 0;
};

}  // namespace fb
