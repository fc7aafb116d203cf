#include "apps/linux_node/linux_node.h"

namespace fb::linux_node {
namespace {

/// Sectors of a telemetry log in memory: 256 KB.
constexpr size_t kMemorySectors = 64;
/// Chip of a package for this body; docs/ota.md §1.
constexpr uint16_t kLinuxChip = 0xfb01;
/// What answers what made it restart has so long to leave.
constexpr Millis kRestartGrace = 200;

std::string numbered(const std::string& text, int index) {
  return text.empty() || index < 0 ? text : text + "-" + std::to_string(index + 1);
}

/// FNV-1a: the same id lives in the same world each time, as in scripts/virtual-node.ts.
uint64_t seed_from(std::string_view id) {
  uint32_t hash = 0x811c9dc5;
  for (const char c : id) hash = (hash ^ static_cast<uint8_t>(c)) * 0x01000193;
  return hash;
}

Identity identity_of(const std::string& id, const std::string& name) {
  Identity identity;
  // Their lengths were checked with the command line.
  (void)identity.id.assign(id);
  (void)identity.name.assign(name);
  (void)identity.model.assign("linux");
  identity.simulated = true;
  return identity;
}

}  // namespace

LinuxNode::LinuxNode(const Options& options, int index)
    : options_(options),
      id_(numbered(options.id, index)),
      name_(options.name.empty() ? id_ : numbered(options.name, index)),
      pty_(numbered(options.pty, index)),
      flash_path_(numbered(options.flash_image, index)),
      http_wanted_(options.http_port > 0 && index > 0 ? options.http_port + index : options.http_port),
      seed_(options.has_seed ? options.seed + static_cast<uint64_t>(index < 0 ? 0 : index) : seed_from(id_)),
      image_telemetry_(image_, posix::FlashImage::kTelemetryAt, posix::FlashImage::kTelemetrySize),
      image_slots_(image_),
      log_(id_, options.log),
      session_(options.tls),
      tokens_(crypto_, flash_path_.empty() ? static_cast<Storage&>(memory_storage_) : file_storage_),
      api_(*this, rng_, {true, options.http_origin}, api_buffer_, sizeof api_buffer_) {}

LinuxNode::~LinuxNode() { close(); }

int LinuxNode::open(int wake, std::string& fault) {
  if (flash_path_.empty()) {
    memory_telemetry_ = std::make_unique<posix::MemoryRegion>(kMemorySectors);
  } else {
    const Status opened = image_.open(flash_path_);
    if (opened == Status::kUnavailable)
      return fault = flash_path_ + " is in use by another process", kExitUnavailable;
    if (opened == Status::kCorrupt) return fault = flash_path_ + " is no flash image of 4 MB", kExitStorage;
    if (opened != Status::kOk || file_storage_.open(flash_path_ + ".records") != Status::kOk)
      return fault = flash_path_ + " cannot be used", kExitStorage;
  }
  if (cable_.open(pty_) != Status::kOk) return fault = pty_ + ": no link to a terminal can be made there", kExitStorage;
  if (http_wanted_ < 0) return kExitOk;
  http_ = std::make_unique<posix::HttpServer>();
  if (http_->open(options_.http_host, http_wanted_, wake) != Status::kOk)
    return fault = options_.http_host + ":" + std::to_string(http_wanted_) + " is taken, or no address of this machine",
           kExitUnavailable;
  return kExitOk;
}

Status LinuxNode::start(const Now& now) { return boot(now); }

Status LinuxNode::boot(const Now& now) {
  node_.reset();
  asleep_until_ = 0;
  restart_at_ = kNever;
  session_.close();
  network_.leave();
  const bool in_memory = flash_path_.empty();
  if (!in_memory && image_slots_.start() != Status::kOk) return Status::kStorage;
  Storage& storage = in_memory ? static_cast<Storage&>(memory_storage_) : file_storage_;
  FlashRegion& telemetry = in_memory ? static_cast<FlashRegion&>(*memory_telemetry_) : image_telemetry_;
  FirmwareSlots& slots = in_memory ? static_cast<FirmwareSlots&>(one_slot_) : image_slots_;
  const BoardHal board{cable_, network_, session_};
  node_ = std::make_unique<VirtualNode>(
      identity_of(id_, name_), seed_,
      VirtualNode::Body{storage, rng_, session_, memory_, log_, stopwatch_, power_, crypto_, telemetry, slots}, &board,
      options_.world);
  node_->device().trust(options_.maker_keys.trust(kLinuxChip, options_.product));
  const Status started = node_->start(options_.config, now);
  if (started != Status::kOk) return started;
  take_broker(now);
  due_ = now.mono;
  return Status::kOk;
}

void LinuxNode::take_broker(const Now& now) {
  BrokerSettings settings;
  if (options_.broker.empty() || settings.uri.assign(options_.broker) != Status::kOk ||
      settings.username.assign(options_.username) != Status::kOk ||
      settings.password.assign(options_.password) != Status::kOk)
    return;
  // Only at the first start: what a person sets later counts, until the process is told anew.
  if (power_.reason != ResetReason::kPowerOn) return;
  node_->board()->try_broker(settings, Board::kDefaultTrial, now);
  char text[64];
  JsonWriter out(text, sizeof text);
  out.begin_array();
  if (node_->board()->confirm(out) != Status::kOk)
    log_.write(LogLevel::kWarning, "node", "the broker cannot be kept, and counts until the restart");
}

void LinuxNode::service(short session_events) {
  session_.service(session_events);
  cable_.service();
}

void LinuxNode::take_links(const Now& now) {
  char bytes[512];
  while (const size_t size = cable_.read(bytes, sizeof bytes)) {
    node_->board()->serial({bytes, size}, now);
  }
  posix::MosquittoSession::Message message;
  while (session_.next(message)) {
    (void)node_->board()->receive(message.topic, message.payload, now);
  }
}

Millis LinuxNode::step(const Now& now) {
  if (http_ != nullptr) answer_http(now);
  if (now.mono < asleep_until_) return due_ = asleep_until_;
  const bool wakes = node_ == nullptr;
  if (wakes || now.mono >= restart_at_) {
    power_.reason = wakes ? ResetReason::kDeepSleep : ResetReason::kSoftware;
    if (boot(now) != Status::kOk) {
      // A chip would try again and again, too.
      log_.write(LogLevel::kCritical, "node", "the device does not start");
      node_.reset();
      return due_ = asleep_until_ = now.mono + 1000;
    }
  }
  take_links(now);
  due_ = node_->step(now);
  const Device& device = node_->device();
  if (restart_at_ == kNever && (device.restart_wanted() || image_slots_.restart_wanted()))
    restart_at_ = now.mono + kRestartGrace;
  if (device.sleep_wish().kind == SleepKind::kDeep) {
    asleep_until_ = device.sleep_wish().until;
    session_.close();
    network_.leave();
    node_.reset();
    return due_ = asleep_until_;
  }
  return due_ = std::min(due_, restart_at_);
}

void LinuxNode::answer_http(const Now& now) {
  while (const std::shared_ptr<posix::HttpExchange> asked = http_->next()) {
    if (node_ == nullptr) {
      asked->status = 503;
      asked->answer = R"({"error":{"message":"the device sleeps"}})";
      asked->headers = {{"Content-Type", "application/json"}};
      http_->answered(asked);
      continue;
    }
    HttpRequest request;
    request.method = asked->method;
    request.target = asked->target;
    request.body = asked->body;
    request.content_type = asked->content_type;
    request.authorization = asked->authorization;
    request.api_key = asked->api_key;
    request.idempotency_key = asked->idempotency_key;
    request.origin = asked->origin;
    request.asked_method = asked->asked_method;
    request.asks_private_network = asked->asks_private_network;
    const HttpAnswer answer = api_.answer(request, now);
    asked->status = answer.status;
    asked->answer = std::string(answer.body);
    for (size_t i = 0; i < answer.header_count; i++)
      asked->headers.emplace_back(answer.headers[i].name, answer.headers[i].value);
    for (bool more = answer.more; more;) {
      const HttpPiece piece = api_.rest();
      asked->answer += piece.text;
      more = piece.more;
    }
    http_->answered(asked);
  }
}

std::string_view LinuxNode::handle(std::string_view json, Access access, const Now& now) {
  return node_->device().handle(json, access, now);
}

std::string_view LinuxNode::handle_sealed(std::string_view json, const Now& now) {
  return node_->device().handle_sealed(json, now);
}

Access LinuxNode::access_of(std::string_view token) {
  return tokens_.access_of(token, node_->device().identity().id.view());
}

bool LinuxNode::guarded() const { return tokens_.guarded(node_->device().identity().id.view()); }

void LinuxNode::leave() {
  if (node_ == nullptr) return;
  const Device& device = node_->device();
  // The last will is kept back by a clean goodbye, so its words are said first.
  (void)session_.publish(device.status_topic(), device.will_payload(), 1, true);
}

void LinuxNode::close() {
  if (http_ != nullptr) http_->close();
  session_.close();
}

}  // namespace fb::linux_node
