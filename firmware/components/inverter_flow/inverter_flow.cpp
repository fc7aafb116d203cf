#include "components/inverter_flow/inverter_flow.h"

#include <algorithm>

namespace fb {

namespace {

constexpr uint64_t flow_bit(size_t transition) { return uint64_t{1} << transition; }

/// What the marking alone decides: these go as soon as they can.
constexpr uint64_t kFlowAlways = flow_bit(flow::kPack) | flow_bit(flow::kCompress) | flow_bit(flow::kSecure) |
                                 flow_bit(flow::kSend) | flow_bit(flow::kClear) | flow_bit(flow::kUploadEnd);

/// What a lane says it waits for, of the three states that each has.
std::string_view flow_lane_waits(bool busy, bool failed, std::string_view otherwise) {
  return busy ? "answer" : failed ? "backoff" : otherwise;
}

}  // namespace

InverterFlow::InverterFlow(FlowPorts& ports, Rng& rng)
    : ports_(ports),
      poll_(ports.poll, rng, flow::kPollBusy, kActLimitMs),
      upload_(ports.upload, rng, flow::kSending, kActLimitMs),
      commands_(ports.commands, rng, flow::kCommandsBusy, kActLimitMs),
      update_(ports.update, rng, flow::kUpdateBusy, kUpdateLimitMs) {}

Fields InverterFlow::fields() const {
  static constexpr Field kFields[] = {
      text_field("component", "Component to poll (empty: any)", offsetof(InverterFlowConfig, component), 32),
      number_field("poll_s", "Poll every (s)", offsetof(InverterFlowConfig, poll_s), 0.5, 3600),
      integer_field("batch", "Samples in a batch", offsetof(InverterFlowConfig, batch), 1, 60),
      number_field("batch_s", "Upload at least every (s)", offsetof(InverterFlowConfig, batch_s), 1, 86'400),
      number_field("command_s", "Ask for commands every (s), 0: never", offsetof(InverterFlowConfig, command_s), 0, 3600),
      boolean_field("gate", "Sleep from poll to poll", offsetof(InverterFlowConfig, gate))};
  return {kFields, 6};
}

bool InverterFlow::fits(const InverterFlowConfig& config, Fault& fault) const {
  if (config.batch_s >= config.poll_s) return true;
  fault.field = "batch_s";
  return false;
}

void InverterFlow::configured(const Now& now) {
  using namespace flow;
  end_acts(now);
  // Room for the batch that is on its way and for one more, while the link is away.
  net_.begin_with(kRoom, static_cast<uint8_t>(2 * config_.batch));
  net_.begin_with(kBatchRoom, static_cast<uint8_t>(config_.batch));
  net_.reset();
  for (Lane* lane : {&poll_, &upload_, &commands_, &update_}) {
    lane->backoff.reset();
    lane->due = now.mono;
  }
  upload_.due = now.mono + static_cast<Millis>(config_.batch_s * 1000);
  upload_asked_ = false;
  show_due_ = now.mono;
}

void InverterFlow::end_acts(const Now& now) {
  for (Lane* lane : {&poll_, &upload_, &commands_, &update_})
    if (holds(lane->busy)) lane->act.abandon(now);
}

void InverterFlow::cleanup(const Now& now) {
  end_acts(now);
  net_.reset();
}

Expected<Millis> InverterFlow::execute(const Now& now) {
  using namespace flow;
  if (ports_.link.up() != holds(kLinkUp)) fire(holds(kLinkUp) ? kLinkFall : kLinkRise, now);
  for (Lane* lane : {&poll_, &upload_, &commands_, &update_}) look(*lane, now);
  // Ends by itself: every turn is put off when it is taken, and of the rest the net has no circle without one.
  for (size_t t = net_.next(allowed(now)); t != PetriNet::kNone; t = net_.next(allowed(now))) fire(t, now);
  show(now);
  return next_check(now);
}

void InverterFlow::show(const Now& now) {
  if (shown_ == net_.version() || now.mono < show_due_) return;
  shown_ = net_.version();
  show_due_ = now.mono + kShowMs;
}

/// Asks an act under way how it stands.
void InverterFlow::look(Lane& lane, const Now& now) {
  if (!holds(lane.busy)) return;
  lane.progress = lane.act.progress(now);
  if (lane.progress != FlowProgress::kUnderWay || now.mono - lane.began < lane.limit) return;
  lane.act.abandon(now);
  lane.progress = FlowProgress::kFailed;
}

bool InverterFlow::batch_due(const Now& now) const {
  using namespace flow;
  return upload_asked_ || now.mono >= upload_.due || net_.tokens(kSamples) >= net_.tokens(kBatchRoom);
}

/// The transitions whose time has come.
uint64_t InverterFlow::allowed(const Now& now) const {
  using namespace flow;
  uint64_t bits = kFlowAlways;
  const auto ends = [&](const Lane& lane, size_t done, size_t failed) {
    if (lane.progress == FlowProgress::kDone) bits |= flow_bit(done);
    if (lane.progress == FlowProgress::kFailed) bits |= flow_bit(failed);
  };
  ends(poll_, kPollDone, kPollFail);
  ends(upload_, kSendDone, kSendFail);
  ends(commands_, kCommandsDone, kCommandsFail);
  ends(update_, kUpdateDone, kUpdateFail);
  if (now.mono >= poll_.due) bits |= flow_bit(kPollBegin) | flow_bit(kGiveUp);
  if (batch_due(now)) bits |= flow_bit(kUploadBegin);
  if (config_.command_s > 0 && now.mono >= commands_.due) bits |= flow_bit(kCommandsBegin);
  if (ports_.update.wanted()) bits |= flow_bit(kUpdateBegin);
  if (now.mono >= poll_.recover) bits |= flow_bit(kPollRecover);
  if (now.mono >= upload_.recover) bits |= flow_bit(kSendRetry);
  if (now.mono >= commands_.recover) bits |= flow_bit(kCommandsRecover);
  if (now.mono >= update_.recover) bits |= flow_bit(kUpdateRecover);
  return bits;
}

void InverterFlow::begin(Lane& lane, const Now& now) {
  lane.began = now.mono;
  lane.progress = lane.act.begin(now) == Status::kOk ? FlowProgress::kUnderWay : FlowProgress::kFailed;
}

void InverterFlow::fail(Lane& lane, const Now& now) {
  lane.failed++;
  lane.recover = now.mono + lane.backoff.next();
}

/// Fires, and does what the firing stands for.
void InverterFlow::fire(size_t transition, const Now& now) {
  using namespace flow;
  // Which of the two it is shows when it is done.
  Status made = Status::kOk;
  if (transition == kCompress) made = ports_.upload.compress(net_.tokens(kBatch), now);
  if (made != Status::kOk) transition = kCompressFail;
  if (transition == kSecure && ports_.upload.secure(now) != Status::kOk) transition = kSecureFail;
  if (net_.fire(transition) != Status::kOk) return;
  const auto succeed = [](Lane& lane) {
    lane.done++;
    lane.backoff.reset();
  };
  switch (transition) {
    case kPollBegin:
      poll_.due = next_turn(poll_.due, config_.poll_s * 1000, now);
      begin(poll_, now);
      break;
    case kPollDone: succeed(poll_); break;
    case kPollFail: fail(poll_, now); break;
    case kGiveUp: given_up_++; break;
    case kUploadBegin:
      upload_.due = now.mono + static_cast<Millis>(config_.batch_s * 1000);
      upload_asked_ = false;
      break;
    case kCompressFail:
    case kSecureFail:
      if (made != Status::kNotFound) not_made_++;
      break;
    case kSend: begin(upload_, now); break;
    case kSendDone: succeed(upload_); break;
    case kSendFail: fail(upload_, now); break;
    case kCommandsBegin:
      commands_.due = next_turn(commands_.due, config_.command_s * 1000, now);
      begin(commands_, now);
      break;
    case kCommandsDone: succeed(commands_); break;
    case kCommandsFail: fail(commands_, now); break;
    case kUpdateBegin: begin(update_, now); break;
    case kUpdateDone: succeed(update_); break;
    case kUpdateFail: fail(update_, now); break;
    default: break;
  }
}

Millis InverterFlow::next_check(const Now& now) const {
  using namespace flow;
  Millis asked = kNever;
  for (const Lane* lane : {&poll_, &upload_, &commands_, &update_})
    if (holds(lane->busy)) asked = std::min({asked, lane->act.look_again(now), lane->began + lane->limit});
  // A poll that is under way has its next turn when it has ended.
  const Millis turn = holds(kPollBusy) ? kNever : poll_.due;
  const Millis poll = holds(kPollFailed) ? std::max(poll_.recover, turn) : turn;
  // What has the radio ends before anything else that wants it can begin.
  if (config_.gate || !holds(kRadio)) return std::min(asked, poll);
  Millis next = std::min(asked, holds(kPollFailed) ? poll_.recover : poll);
  if (shown_ != net_.version()) next = std::min(next, show_due_);
  if (holds(kUploadFailed)) next = std::min(next, upload_.recover);
  if (holds(kUploadWait) && holds(kSamples)) next = std::min(next, upload_.due);
  if (holds(kSecured)) next = std::min(next, now.mono + kLookMs);
  if (holds(kCommandsFailed)) next = std::min(next, commands_.recover);
  if (holds(kCommandsWait) && config_.command_s > 0)
    next = std::min(next, holds(kLinkUp) ? commands_.due : std::max(commands_.due, now.mono + kLookMs));
  if (holds(kUpdateFailed)) next = std::min(next, update_.recover);
  return next;
}

Status InverterFlow::execute_now(const JsonValue& input, JsonWriter& output, Fault& fault, const Now& now) {
  const JsonValue poll = input.member("poll");
  const JsonValue upload = input.member("upload");
  if (!input.is_object() || (!poll.exists() && !upload.exists())) return Status::kInvalid;
  for (const auto& [name, value] : {std::pair{std::string_view("poll"), poll}, std::pair{std::string_view("upload"), upload}}) {
    if (!value.exists() || value.is_true()) continue;
    fault.field = name;
    return Status::kInvalid;
  }
  if (upload.exists() && net_.tokens(flow::kSamples) == 0 && !poll.exists()) {
    fault.code = 2;
    fault.description = "there is no sample to upload";
    return Status::kRefused;
  }
  if (poll.exists()) poll_.due = now.mono;
  if (upload.exists()) upload_asked_ = true;
  output.begin_object().key("marking");
  net_.write(output);
  output.end_object();
  return Status::kOk;
}

std::string_view InverterFlow::upload_waits() const {
  using namespace flow;
  if (holds(kSending)) return "answer";
  if (holds(kUploadFailed)) return "backoff";
  if (holds(kSecured)) return holds(kLinkUp) ? "radio" : "link";
  return holds(kSamples) ? "turn" : "samples";
}

void InverterFlow::write_state(JsonWriter& out) const {
  using namespace flow;
  out.begin_object().key("marking");
  net_.write(out);
  out.key("waits").begin_object();
  out.key("poll").string(flow_lane_waits(holds(kPollBusy), holds(kPollFailed), "turn"));
  out.key("upload").string(upload_waits());
  const std::string_view idle = config_.command_s <= 0 ? "nothing" : holds(kLinkUp) ? "turn" : "link";
  out.key("commands").string(flow_lane_waits(holds(kCommandsBusy), holds(kCommandsFailed), idle));
  out.key("update").string(flow_lane_waits(holds(kUpdateBusy), holds(kUpdateFailed), "nothing"));
  out.end_object().key("polls").number(poll_.done).key("batches").number(upload_.done);
  out.key("samples_given_up").number(given_up_).key("batches_not_made").number(not_made_);
  out.key("failures").begin_object().key("poll").number(poll_.failed).key("upload").number(upload_.failed);
  out.key("commands").number(commands_.failed).key("update").number(update_.failed).end_object().end_object();
}

void InverterFlow::write_execute_options(JsonWriter& out) const {
  out.raw(R"({"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","minProperties":1,"properties":{)"
          R"("poll":{"const":true,"title":"Poll now"},"upload":{"const":true,"title":"Upload now"}}})");
}

}  // namespace fb
