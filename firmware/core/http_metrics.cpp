#include "core/http_metrics.h"

#include <cstring>

namespace fb {
namespace {

constexpr std::string_view kMetricsPrefix = "fieldbench";

bool is_metric_value(const JsonValue& value) { return value.is_number() || value.is_bool(); }

/// Is a member of that name, with a number, in an object of the list before `end`?
bool was_told_before(const JsonValue& list, const JsonValue& end, std::string_view name) {
  for (JsonValue item = list.first(); item.exists() && item.raw().data() != end.raw().data(); item = item.after(list))
    if (item.member("id").is_string() && is_metric_value(item.member(name))) return true;
  return false;
}

}  // namespace

Expected<std::string_view> HttpMetrics::write(const JsonValue& object, size_t first_line) {
  size_ = 0;
  first_line_ = first_line;
  lines_ = 0;
  next_line_ = 0;
  full_ = false;
  std::memcpy(path_, kMetricsPrefix.data(), kMetricsPrefix.size());
  path_size_ = kMetricsPrefix.size();
  if (!object.is_object()) return Status::kInvalid;
  const Status written = flatten(object, 0);
  if (written != Status::kOk) return written;
  if (full_ && size_ == 0) return Status::kNoSpace;
  return std::string_view(buffer_, size_);
}

Status HttpMetrics::flatten(const JsonValue& object, int depth) {
  if (depth == kMaxDepth) return Status::kInvalid;
  for (JsonValue name = object.first(); name.exists();) {
    const JsonValue value = name.after(object);
    const size_t before = path_size_;
    if (push(name) != Status::kOk) return Status::kInvalid;
    Status status = Status::kOk;
    if (value.is_object()) status = flatten(value, depth + 1);
    if (value.is_array()) status = flatten_list(value);
    if (is_metric_value(value)) status = line(value, {});
    if (status != Status::kOk) return status;
    path_size_ = before;
    name = value.after(object);
  }
  return Status::kOk;
}

Status HttpMetrics::flatten_list(const JsonValue& list) {
  for (JsonValue item = list.first(); item.exists(); item = item.after(list)) {
    if (!item.member("id").is_string()) continue;
    for (JsonValue name = item.first(); name.exists();) {
      const JsonValue value = name.after(item);
      char text[64];
      const Expected<std::string_view> plain = name.text(text, sizeof text);
      if (!plain.ok()) return Status::kInvalid;
      if (is_metric_value(value) && !was_told_before(list, item, plain.value())) {
        const size_t before = path_size_;
        if (push(name) != Status::kOk) return Status::kInvalid;
        for (JsonValue other = item; other.exists(); other = other.after(list)) {
          const JsonValue id = other.member("id");
          const JsonValue number = other.member(plain.value());
          if (!id.is_string() || !is_metric_value(number)) continue;
          const Status status = line(number, id);
          if (status != Status::kOk) return status;
        }
        path_size_ = before;
      }
      name = value.after(item);
    }
  }
  return Status::kOk;
}

Status HttpMetrics::line(const JsonValue& value, const JsonValue& id) {
  char text[64];
  const Expected<std::string_view> plain = id.exists() ? id.text(text, sizeof text) : std::string_view();
  if (!plain.ok()) return Status::kInvalid;
  const size_t number = lines_++;
  if (full_ || number < first_line_) return Status::kOk;
  const size_t before = size_;
  put({path_, path_size_});
  if (id.exists()) {
    put("{id=\"");
    for (const char& c : plain.value()) {
      if (c == '\\' || c == '"') put("\\");
      put(c == '\n' ? std::string_view("\\n") : std::string_view(&c, 1));
    }
    put("\"}");
  }
  put(" ");
  put(value.is_number() ? value.raw() : std::string_view(value.is_true() ? "1" : "0"));
  put("\n");
  if (!full_) return Status::kOk;
  size_ = before;
  next_line_ = number;
  return Status::kOk;
}

Status HttpMetrics::push(const JsonValue& name) {
  char text[64];
  const Expected<std::string_view> plain = name.text(text, sizeof text);
  if (!plain.ok() || plain.value().size() + 1 > kMaxPath - path_size_) return Status::kInvalid;
  path_[path_size_++] = '_';
  for (const char c : plain.value()) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    path_[path_size_++] = fits ? c : '_';
  }
  return Status::kOk;
}

void HttpMetrics::put(std::string_view text) {
  if (full_ || text.size() > capacity_ - size_) {
    full_ = true;
    return;
  }
  std::memcpy(buffer_ + size_, text.data(), text.size());
  size_ += text.size();
}

}  // namespace fb
