#include "core/scheduler.h"

#include <algorithm>

namespace fb {

Status Scheduler::add(Component& component, uint8_t priority, bool enabled, const Now& now) {
  if (count_ == tasks_.size()) return Status::kNoSpace;
  Task task;
  task.component = &component;
  task.priority = priority;
  task.enabled = enabled;
  task.due = now.mono;
  // Kept in order of priority, so that run() needs no sorting.
  size_t at = count_++;
  for (; at > 0 && tasks_[at - 1].priority > priority; at--) tasks_[at] = tasks_[at - 1];
  tasks_[at] = task;
  return Status::kOk;
}

Millis Scheduler::run(const Now& now) {
  Millis next = kNever;
  for (size_t i = 0; i < count_; i++) {
    Task& task = tasks_[i];
    if (!task.enabled) continue;
    if (task.due <= now.mono) run_task(task, now);
    next = std::min(next, task.due);
  }
  return next;
}

void Scheduler::run_task(Task& task, const Now& now) {
  if (task.interval != 0 && now.mono - task.due >= task.interval) task.overruns++;
  task.runs++;
  const Expected<Millis> next = task.component->execute(now);
  if (next.ok()) {
    task.failures_in_row = 0;
    task.quarantines = 0;
    // Never at once again: a component that is always due would starve the host.
    task.due = next.value() == kNever ? kNever : std::max(next.value(), now.mono + 1);
    task.interval = task.due == kNever ? 0 : task.due - now.mono;
    return;
  }
  task.errors++;
  task.failures_in_row++;
  task.interval = 0;
  if (task.failures_in_row < kFailuresToQuarantine) {
    task.due = now.mono + std::max<Millis>(1, task.component->retry_after_ms());
    return;
  }
  const Millis wait = kFirstQuarantineMs << std::min<uint32_t>(task.quarantines, 8);
  task.due = now.mono + std::min(wait, kLongestQuarantineMs);
  task.quarantines++;
}

void Scheduler::wake(const Component& component, const Now& now) {
  for (size_t i = 0; i < count_; i++) {
    if (tasks_[i].component != &component) continue;
    tasks_[i].due = now.mono;
    tasks_[i].interval = 0;
    tasks_[i].failures_in_row = 0;
    tasks_[i].quarantines = 0;
  }
}

const Scheduler::Task* Scheduler::find(const Component& component) const {
  for (size_t i = 0; i < count_; i++)
    if (tasks_[i].component == &component) return &tasks_[i];
  return nullptr;
}

Scheduler::State Scheduler::state(const Component& component) const {
  const Task* task = find(component);
  if (task == nullptr || !task->enabled) return State::kDisabled;
  if (task->failures_in_row >= kFailuresToQuarantine) return State::kQuarantined;
  return task->failures_in_row > 0 ? State::kFailing : State::kActive;
}

}  // namespace fb
