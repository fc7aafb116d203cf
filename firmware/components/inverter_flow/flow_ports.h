#pragma once

#include <cstddef>
#include <cstdint>

#include "core/status.h"
#include "core/time.h"

namespace fb {

/// How an act that takes time stands.
enum class FlowProgress : uint8_t { kUnderWay, kDone, kFailed };

/// An act that takes time, done one at a time.
class FlowAct {
 public:
  virtual ~FlowAct() = default;
  /// Anything but kOk is a failure.
  virtual Status begin(const Now& now) = 0;
  /// Asked while it is under way, until it is not.
  virtual FlowProgress progress(const Now& now) = 0;
  /// When it wants to be asked again; an act that wakes the flow itself waits for that.
  virtual Millis look_again(const Now& now) const { return now.mono + 100; }
  /// It took too long, or the flow ends: whatever comes of it no longer counts.
  virtual void abandon(const Now& now) = 0;
};

/// Makes a batch of the oldest samples that are not sent yet and sends it; begin() sends what was made last, again where
/// that failed before.
class FlowUpload : public FlowAct {
 public:
  /// Of what comes after the last sample that was sent. kNotFound: all of it was sent already; anything else but kOk: no
  /// batch can be made now.
  virtual Status compress(size_t samples, const Now& now) = 0;
  virtual Status secure(const Now& now) = 0;
};

class FlowUpdate : public FlowAct {
 public:
  /// Is there an update to fetch?
  virtual bool wanted() const = 0;
};

class FlowLink {
 public:
  virtual ~FlowLink() = default;
  virtual bool up() const = 0;
};

/// What the flow drives; the app gives it.
struct FlowPorts {
  FlowAct& poll;  ///< kDone: one sample more is there
  FlowUpload& upload;
  FlowAct& commands;
  FlowUpdate& update;
  FlowLink& link;
};

}  // namespace fb
