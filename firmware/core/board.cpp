#include "core/board.h"

namespace fb {
namespace {

/// An answer has this long to leave before the settings it is about act: it may go over the very link that changes.
constexpr Millis kReplyGrace = 300;
constexpr std::string_view kNameKey = "name";

std::string_view name_of(NetworkState state) {
  switch (state) {
    case NetworkState::kOff: return "off";
    case NetworkState::kJoining: return "joining";
    case NetworkState::kJoined: return "joined";
    case NetworkState::kFailed: return "failed";
  }
  return "off";
}

std::string_view name_of(NetworkFault fault) {
  switch (fault) {
    case NetworkFault::kNone: return "";
    case NetworkFault::kNotFound: return "not-found";
    case NetworkFault::kWrongPassword: return "wrong-password";
    case NetworkFault::kTimeout: return "timeout";
    case NetworkFault::kLost: return "lost";
  }
  return "";
}

std::string_view name_of(MqttState state) {
  switch (state) {
    case MqttState::kOff: return "off";
    case MqttState::kConnecting: return "connecting";
    case MqttState::kConnected: return "connected";
    case MqttState::kFailed: return "failed";
  }
  return "off";
}

std::string_view name_of(MqttFault fault) {
  switch (fault) {
    case MqttFault::kNone: return "";
    case MqttFault::kBadUri: return "bad-uri";
    case MqttFault::kNameNotFound: return "name-not-found";
    case MqttFault::kUnreachable: return "unreachable";
    case MqttFault::kNotAuthorised: return "not-authorised";
    case MqttFault::kRefused: return "refused";
    case MqttFault::kTls: return "tls";
    case MqttFault::kTimeout: return "timeout";
  }
  return "";
}

}  // namespace

Board::Board(Device& device, const Hal& hal, const BoardHal& board)
    : device_(device),
      hal_(hal),
      board_(board),
      log_(device.log()),
      improv_(device.identity(), board.serial, board.network, *this),
      join_(board.network, hal.rng),
      broker_(device, board.mqtt, hal.rng),
      wifi_(hal.storage, {device.config_scratch()}),
      mqtt_(hal.storage, {device.config_scratch()}) {
  static_assert(SettingsScratch::kSize <= ConfigStore::kMaxDocument);
  device_.attach(*this);
  device_.add_methods(methods_);
}

Status Board::start(std::string_view first_boot, std::string_view factory_default, const Now& now) {
  load_name();
  if (wifi_.load() != Status::kOk) log_.write(LogLevel::kWarning, "wifi", "the stored network cannot be read");
  if (mqtt_.load() != Status::kOk) log_.write(LogLevel::kWarning, "mqtt", "the stored broker cannot be read");
  const Status started = device_.start(first_boot, factory_default, now);
  if (started != Status::kOk) return started;
  join_.use(wifi_.active(), now.mono);
  broker_.use(mqtt_.active(), now.mono);
  return Status::kOk;
}

void Board::load_name() {
  char name[64];
  const Expected<size_t> size = hal_.storage.read(kNameKey, name, sizeof name);
  if (size.ok() && size.value() > 0) (void)device_.rename({name, size.value()});
}

Millis Board::step(const Now& now) {
  now_ = now;
  end_trials(now);
  const NetworkState before = join_.state();
  Millis next = join_.step(now);
  if (join_.state() != before)
    log_.write(join_.state() == NetworkState::kFailed ? LogLevel::kWarning : LogLevel::kInfo, "wifi",
                   join_.state() == NetworkState::kFailed ? name_of(join_.fault()) : name_of(join_.state()));
  end_provisioning(now);
  const MqttState session = broker_.state();
  next = std::min(next, broker_.step(join_.state() == NetworkState::kJoined, now));
  if (broker_.state() != session)
    log_.write(broker_.state() == MqttState::kFailed ? LogLevel::kWarning : LogLevel::kInfo, "mqtt",
                   broker_.state() == MqttState::kFailed ? name_of(broker_.fault()) : name_of(broker_.state()));
  next = std::min(next, improv_.step(now));
  next = std::min(next, std::min(wifi_.ends(), mqtt_.ends()));
  device_.set_network(join_.state() == NetworkState::kJoined);
  device_.keep_awake(wifi_.trying() || mqtt_.trying() || is_provisioning_);
  return std::min(next, device_.step(now));
}

void Board::serial(std::string_view bytes, const Now& now) {
  now_ = now;
  line_.take(bytes, *this);
}

void Board::take_frame(std::string_view json) {
  over_cable_ = true;
  (void)device_.handle(json, Access::kOwner, now_);
  over_cable_ = false;
  if (!board_.serial.write(device_.framed_answer()))
    log_.write(LogLevel::kWarning, "rpc", "an answer was not taken");
}

void Board::provision(const WifiSettings& settings) {
  // Where it fails, what is stored acts again, and a trial's end must not reach into the join.
  wifi_.revert();
  provisioning_ = settings;
  is_provisioning_ = true;
  joins_before_ = join_.ended();
  join_.use(settings, now_.mono);
}

void Board::end_provisioning(const Now& now) {
  if (!is_provisioning_ || join_.ended() == joins_before_) return;
  is_provisioning_ = false;
  if (join_.state() != NetworkState::kJoined) {
    improv_.not_joined();
    join_.use(wifi_.active(), now.mono);
    return;
  }
  if (wifi_.keep(provisioning_) != Status::kOk) {
    // It is in the network until the power goes, and no longer: that is no success.
    log_.write(LogLevel::kError, "wifi", "joined, but the network cannot be stored");
    improv_.not_kept();
    return;
  }
  improv_.joined();
}

void Board::end_trials(const Now& now) {
  if (now.mono >= wifi_.ends()) {
    wifi_.revert();
    join_.use(wifi_.active(), now.mono);
    log_.write(LogLevel::kWarning, "wifi", "not confirmed: the network before returns");
  }
  if (now.mono >= mqtt_.ends()) {
    mqtt_.revert();
    broker_.use(mqtt_.active(), now.mono);
    log_.write(LogLevel::kWarning, "mqtt", "not confirmed: the broker before returns");
  }
}

Millis Board::act_at(const Now& now) const { return over_cable_ ? now.mono : now.mono + kReplyGrace; }

Status Board::rename(std::string_view name) {
  const SmallString<64> before = device_.identity().name;
  if (name.empty() || device_.rename(name) != Status::kOk) return Status::kInvalid;
  if (hal_.storage.write(kNameKey, name) == Status::kOk) return Status::kOk;
  (void)device_.rename(before.view());
  return Status::kStorage;
}

void Board::try_wifi(const WifiSettings& settings, Millis trial, const Now& now) {
  if (is_provisioning_) improv_.not_joined();
  is_provisioning_ = false;
  wifi_.begin(settings, now.mono + trial);
  join_.use(settings, act_at(now));
}

void Board::try_broker(const BrokerSettings& settings, Millis trial, const Now& now) {
  mqtt_.begin(settings, now.mono + trial);
  broker_.use(settings, act_at(now));
}

Status Board::confirm(JsonWriter& out) {
  if (wifi_.trying()) {
    const Status kept = wifi_.confirm();
    if (kept != Status::kOk) return kept;
    out.string("wifi");
  }
  if (mqtt_.trying()) {
    const Status kept = mqtt_.confirm();
    if (kept != Status::kOk) return kept;
    out.string("mqtt");
  }
  return Status::kOk;
}

void Board::revert(JsonWriter& out, const Now& now) {
  if (wifi_.trying()) {
    wifi_.revert();
    join_.use(wifi_.active(), act_at(now));
    out.string("wifi");
  }
  if (mqtt_.trying()) {
    mqtt_.revert();
    broker_.use(mqtt_.active(), act_at(now));
    out.string("mqtt");
  }
}

void Board::write_wifi_status(JsonWriter& out, const Now& now) {
  const bool joined = join_.state() == NetworkState::kJoined;
  out.begin_object().key("kind").string(board_.network.kind() == NetworkKind::kWifi ? "wifi" : "ethernet");
  out.key("state").string(name_of(join_.state()));
  out.key("ssid").string(is_provisioning_ ? provisioning_.ssid.view() : wifi_.active().ssid.view());
  out.key("ip").string(joined ? board_.network.ip() : std::string_view());
  out.key("rssi").number(joined ? board_.network.rssi_dbm(now.mono) : 0);
  if (join_.fault() != NetworkFault::kNone) out.key("reason").string(name_of(join_.fault()));
  out.end_object();
}

void Board::write_broker_status(JsonWriter& out) const {
  const bool waits = broker_.no_network() && !mqtt_.active().empty();
  out.begin_object().key("uri").string(mqtt_.active().uri.view());
  out.key("username").string(mqtt_.active().username.view()).key("state").string(name_of(broker_.state()));
  const std::string_view reason = waits ? "no-network" : name_of(broker_.fault());
  if (!reason.empty()) out.key("reason").string(reason);
  out.end_object();
}

}  // namespace fb
