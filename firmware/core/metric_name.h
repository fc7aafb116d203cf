#pragma once

#include <string_view>

namespace fb {

/// Whether `name` is what people call a metric: its own name, whichever component measures it, or the component's id, a
/// point and the name.
inline bool names_metric(std::string_view name, std::string_view component, std::string_view metric) {
  if (name == metric) return true;
  return name.size() == component.size() + 1 + metric.size() && name.substr(0, component.size()) == component &&
         name[component.size()] == '.' && name.substr(component.size() + 1) == metric;
}

}  // namespace fb
