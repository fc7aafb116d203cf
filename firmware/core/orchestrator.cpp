#include "core/orchestrator.h"

#include <algorithm>
#include <utility>

namespace fb {

bool Orchestrator::before(const Entry& a, const Entry& b) {
  return a.task.due != b.task.due ? a.task.due < b.task.due : a.schedule.priority < b.schedule.priority;
}

void Orchestrator::place(size_t at, Entry* entry) {
  queue_[at] = entry;
  entry->task.queue_place = at;
}

void Orchestrator::sift_up(size_t at) {
  Entry* const entry = queue_[at];
  for (; at > 0 && before(*entry, *queue_[(at - 1) / 2]); at = (at - 1) / 2) place(at, queue_[(at - 1) / 2]);
  place(at, entry);
}

void Orchestrator::sift_down(size_t at) {
  Entry* const entry = queue_[at];
  for (size_t child; (child = 2 * at + 1) < queued_; at = child) {
    if (child + 1 < queued_ && before(*queue_[child + 1], *queue_[child])) child++;
    if (!before(*queue_[child], *entry)) break;
    place(at, queue_[child]);
  }
  place(at, entry);
}

void Orchestrator::queue_in(Entry& entry, Millis due) {
  entry.task.due = due;
  if (entry.task.queue_place == SIZE_MAX) {
    place(queued_, &entry);
    queued_++;
  }
  sift_up(entry.task.queue_place);
  sift_down(entry.task.queue_place);
}

void Orchestrator::queue_out(Entry& entry) {
  const size_t at = entry.task.queue_place;
  if (at == SIZE_MAX) return;
  entry.task.queue_place = SIZE_MAX;
  Entry* const last = queue_[--queued_];
  if (last == &entry) return;
  place(at, last);
  sift_up(at);
  sift_down(last->task.queue_place);
}

void Orchestrator::settle(const Now& now) {
  registry_.sort_by_dependency();
  for (size_t i = 0; i < registry_.size(); i++) {
    Entry& entry = registry_.at(i);
    const bool runs = !held_ && entry.enabled && registry_.missing_capability(entry).empty();
    if (runs && entry.lifecycle.now() == Lifecycle::kConfigured) {
      if (std::exchange(entry.rested, false)) entry.component->init({}, now);
      if (entry.lifecycle.move(Lifecycle::kActive) == Status::kOk) wake(entry, now);
    } else if (!runs && entry.lifecycle.now() == Lifecycle::kActive) {
      queue_out(entry);
      entry.component->cleanup(now);
      entry.rested = true;
      (void)entry.lifecycle.move(Lifecycle::kConfigured);  // active → configured is always legal
    }
  }
}

void Orchestrator::end(Entry& entry, const Now& now) {
  queue_out(entry);
  if (entry.lifecycle.move(Lifecycle::kCleanup) == Status::kOk) entry.component->cleanup(now);
}

Millis Orchestrator::run(const Now& now) {
  power_.feed_watchdog();
  measure_load(now);
  // What is due leaves the queue first, so that what asks for "at once" again waits for the next run.
  std::array<Entry*, kMaxComponents> due;
  size_t count = 0;
  while (queued_ > 0 && queue_[0]->task.due <= now.mono) {
    Entry* const entry = queue_[0];
    queue_out(*entry);
    size_t at = count++;
    for (; at > 0 && due[at - 1]->schedule.priority > entry->schedule.priority; at--) due[at] = due[at - 1];
    due[at] = entry;
  }
  const uint64_t began = count > 0 ? stopwatch_.micros() : 0;
  for (size_t i = 0; i < count; i++) run_entry(*due[i], now);
  if (count > 0) turns_.add(stopwatch_.micros() - began);
  return queued_ == 0 ? kNever : queue_[0]->task.due;
}

void Orchestrator::run_entry(Entry& entry, const Now& now) {
  Task& task = entry.task;
  if (task.interval != 0 && now.mono - task.due >= task.interval) task.late++;
  const uint64_t began = stopwatch_.micros();
  current_ = &entry;
  const Expected<Millis> next = entry.component->execute(now);
  current_ = nullptr;
  const uint64_t took = stopwatch_.micros() - began;
  task.times.add(took);
  task.window_us += took;
  window_us_ += took;
  if (took > entry.schedule.budget_us) task.over_budget++;
  if (next.ok()) {
    task.failures_in_row = 0;
    task.quarantines = 0;
    if (next.value() == kNever) {
      task.interval = 0;
      return queue_in(entry, kNever);
    }
    // Never at once again: a component that is always due would starve the host.
    const Millis wait = next.value() > now.mono ? next.value() - now.mono : 1;
    const unsigned quarters = std::min(stretch_quarters_, 4u * std::max<unsigned>(entry.schedule.stretch, 1));
    task.interval = wait * quarters / 4;
    return queue_in(entry, now.mono + std::max<Millis>(task.interval, 1));
  }
  task.errors++;
  task.failures_in_row++;
  task.last_error = next.status();
  task.interval = 0;
  const Millis retry = std::max<Millis>(1, entry.component->retry_after_ms());
  if (task.failures_in_row < kFailuresToQuarantine) return queue_in(entry, now.mono + (retry << (task.failures_in_row - 1)));
  const Millis wait = kFirstQuarantineMs << std::min<uint32_t>(task.quarantines, 8);
  task.quarantines++;
  queue_in(entry, now.mono + std::min(wait, kLongestQuarantineMs));
}

void Orchestrator::measure_load(const Now& now) {
  if (now.mono - window_began_ < kLoadWindowMs) return;
  const uint64_t window_us = (now.mono - window_began_) * 1000;
  load_permille_ = static_cast<unsigned>(std::min<uint64_t>(1000, window_us_ * 1000 / window_us));
  for (size_t i = 0; i < registry_.size(); i++) {
    Task& task = registry_.at(i).task;
    task.share_permille = static_cast<uint16_t>(std::min<uint64_t>(1000, task.window_us * 1000 / window_us));
    task.window_us = 0;
  }
  window_us_ = 0;
  window_began_ = now.mono;
  // A quarter at a time, so that one busy window does not swing everything.
  if (load_permille_ > kHighPermille) stretch_quarters_ = std::min(stretch_quarters_ + 1, 40u);
  if (load_permille_ < kLowPermille) stretch_quarters_ = std::max(stretch_quarters_ - 1, 4u);
}

void Orchestrator::wake(Entry& entry, const Now& now) {
  entry.task.interval = 0;
  entry.task.failures_in_row = 0;
  entry.task.quarantines = 0;
  if (entry.lifecycle.now() == Lifecycle::kActive) queue_in(entry, now.mono);
}

Orchestrator::State Orchestrator::state(const Entry& entry) const {
  if (!entry.enabled) return State::kDisabled;
  if (entry.lifecycle.now() != Lifecycle::kActive) return State::kWaiting;
  if (entry.task.failures_in_row >= kFailuresToQuarantine) return State::kQuarantined;
  return entry.task.failures_in_row > 0 ? State::kFailing : State::kActive;
}

}  // namespace fb
