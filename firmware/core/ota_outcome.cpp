#include "core/ota_outcome.h"

#include <cstring>

#include "core/little_endian.h"
#include "core/two_slot_record.h"

namespace fb {
namespace {

constexpr std::string_view kOtaRecord = "ota";
constexpr size_t kOtaTextSize = 32;
constexpr size_t kOtaOutcomeSize = 4 + 4 + 32 + 2 * kOtaTextSize;

std::string_view ota_stage_word(OtaStage stage) {
  switch (stage) {
    case OtaStage::kNone: return "none";
    case OtaStage::kArmed: return "armed";
    case OtaStage::kSwitched: return "switched";
    case OtaStage::kTrial: return "trial";
    case OtaStage::kRollingBack: return "rolling-back";
    case OtaStage::kConfirmed: return "confirmed";
    case OtaStage::kRolledBack: return "rolled-back";
    case OtaStage::kStuck: return "stuck";
  }
  return "none";
}

std::string_view ota_reason_word(OtaReason reason) {
  switch (reason) {
    case OtaReason::kNone: return "";
    case OtaReason::kNotSwitched: return "not-switched";
    case OtaReason::kNeverStarted: return "never-started";
    case OtaReason::kRestarted: return "restarted";
    case OtaReason::kNoNetwork: return "no-network";
    case OtaReason::kNoBroker: return "no-broker";
    case OtaReason::kRequested: return "requested";
    case OtaReason::kNotBootable: return "not-bootable";
  }
  return "";
}

void put_ota_text(char* out, std::string_view text) {
  std::memset(out, 0, kOtaTextSize);
  std::memcpy(out, text.data(), text.size());
}

SmallString<32> get_ota_text(const char* from) {
  SmallString<32> text;
  const std::string_view field(from, kOtaTextSize);
  (void)text.assign(field.substr(0, field.find('\0')));
  return text;
}

}  // namespace

Status OtaOutcome::load(Storage& storage) {
  *this = {};
  char scratch[kOtaOutcomeSize + TwoSlotRecord::kOverhead];
  TwoSlotRecord record(storage, kOtaRecord, scratch, sizeof scratch);
  const Expected<std::string_view> loaded = record.load();
  if (!loaded.ok()) return loaded.status();
  const std::string_view bytes = loaded.value();
  if (bytes.size() != kOtaOutcomeSize) return Status::kCorrupt;
  const auto stage_number = static_cast<uint8_t>(bytes[0]);
  const auto reason_number = static_cast<uint8_t>(bytes[1]);
  if (stage_number > static_cast<uint8_t>(OtaStage::kStuck)) return Status::kCorrupt;
  if (reason_number > static_cast<uint8_t>(OtaReason::kNotBootable)) return Status::kCorrupt;
  stage = static_cast<OtaStage>(stage_number);
  reason = static_cast<OtaReason>(reason_number);
  session = get_u32(bytes.data() + 4);
  std::memcpy(seal.data(), bytes.data() + 8, seal.size());
  from = get_ota_text(bytes.data() + 40);
  to = get_ota_text(bytes.data() + 40 + kOtaTextSize);
  return Status::kOk;
}

Status OtaOutcome::save(Storage& storage) const {
  char scratch[kOtaOutcomeSize + TwoSlotRecord::kOverhead];
  TwoSlotRecord record(storage, kOtaRecord, scratch, sizeof scratch);
  (void)record.load();
  char* const bytes = scratch + TwoSlotRecord::kHeader;
  bytes[0] = static_cast<char>(stage);
  bytes[1] = static_cast<char>(reason);
  bytes[2] = bytes[3] = 0;
  put_u32(bytes + 4, session);
  std::memcpy(bytes + 8, seal.data(), seal.size());
  put_ota_text(bytes + 40, from.view());
  put_ota_text(bytes + 40 + kOtaTextSize, to.view());
  return record.save({bytes, kOtaOutcomeSize});
}

void OtaOutcome::write(JsonWriter& out) const {
  out.begin_object().key("stage").string(ota_stage_word(stage));
  if (reason != OtaReason::kNone) out.key("reason").string(ota_reason_word(reason));
  out.key("from").string(from.view()).key("to").string(to.view()).end_object();
}

}  // namespace fb
