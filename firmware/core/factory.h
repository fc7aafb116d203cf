#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <string_view>
#include <tuple>

#include "core/component.h"

namespace fb {

/// Makes components of one type. An app has one a type, with what that type needs by reference.
class ComponentFactory {
 public:
  virtual ~ComponentFactory() = default;
  virtual std::string_view type() const = 0;
  /// Bytes of heap that one component takes, everything it will ever allocate included.
  virtual size_t footprint() const = 0;
  /// Null where there is no memory for it.
  virtual std::unique_ptr<Component> make() = 0;
};

/// The factory of a component that is made from `Parts...&` and has a `kType`.
template <typename T, typename... Parts>
class FactoryOf final : public ComponentFactory {
 public:
  explicit FactoryOf(Parts&... parts) : parts_(parts...) {}
  std::string_view type() const override { return T::kType; }
  size_t footprint() const override { return sizeof(T); }
  std::unique_ptr<Component> make() override {
    return std::apply([](Parts&... parts) { return std::unique_ptr<Component>(new (std::nothrow) T(parts...)); }, parts_);
  }

 private:
  std::tuple<Parts&...> parts_;
};

}  // namespace fb
