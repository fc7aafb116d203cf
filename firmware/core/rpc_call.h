#pragma once

#include <cstddef>
#include <string_view>

#include "core/access.h"
#include "core/json_reader.h"
#include "core/json_writer.h"
#include "core/small_string.h"
#include "core/time.h"

namespace fb {

/// What a method answers: `"result":…` or `"error":…`. Each of these begins it anew, whatever had been written.
class RpcAnswer {
 public:
  RpcAnswer(char* buffer, size_t capacity) : out_(buffer, capacity) {}

  JsonWriter& result();
  void error(int code, std::string_view message);
  /// As error(), and leaves `data` open: an object that the caller fills and closes by end_data().
  JsonWriter& error_with_data(int code, std::string_view message);
  void end_data() { out_.end_object().end_object(); }
  /// @param path of the member that does not fit: "components[1].config.period_ms"
  void invalid_params(std::string_view path);
  void storage_failed() { error(-32005, "the storage failed: nothing has changed"); }
  /// @param raw_id as it stands in the request
  void no_component(std::string_view raw_id);

  /// What comes after the last of the calls above.
  JsonWriter& out() { return out_; }
  /// Takes an answer that was given before.
  void repeat(std::string_view tail);

 private:
  JsonWriter out_;
};

/// One request under way.
struct RpcCall {
  JsonValue params;
  const Now& now;
  Access access;
  RpcAnswer& answer;
};

/// A group of methods of the Device API.
class RpcMethods {
 public:
  struct Method {
    std::string_view name;
    bool changes;   ///< is done once a key, and kept in the journal
    Access access;  ///< the least that a caller must have
  };
  virtual ~RpcMethods() = default;
  /// The method of that name; null where it is none of the group's.
  virtual const Method* find(const JsonValue& name) const = 0;
  virtual void run(const Method& method, RpcCall& call) = 0;

 protected:
  friend class RpcRouter;
  RpcMethods* next_ = nullptr;  ///< the router's list
};

/// A group whose methods are members of `Self`, in its table kMethods.
template <typename Self>
class RpcMethodTable : public RpcMethods {
 public:
  const Method* find(const JsonValue& name) const override {
    for (const auto& entry : Self::kMethods)
      if (name.equals(entry.name)) return &entry;
    return nullptr;
  }
  void run(const Method& method, RpcCall& call) override {
    (static_cast<Self*>(this)->*static_cast<const Entry&>(method).member)(call);
  }

 protected:
  struct Entry : Method {
    constexpr Entry(std::string_view name, bool changes, Access access, void (Self::*run)(RpcCall&))
        : Method{name, changes, access}, member(run) {}
    void (Self::*member)(RpcCall&);
  };
};

}  // namespace fb
