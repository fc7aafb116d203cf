#include "core/batch_envelope.h"

#include "core/json_writer.h"
#include "core/small_string.h"

namespace fb {
namespace {

constexpr std::string_view kBatchMacDomain("fieldbench/1/batch\0", 19);
constexpr size_t kBatchMaxDeviceId = 64;
constexpr std::string_view kBatchPayloadMember = ",\"payload\":\"";
constexpr std::string_view kBatchEnvelopeEnd = "\"}";

bool batch_nonce_fits(std::string_view nonce) {
  if (nonce.empty() || nonce.size() > kBatchMaxNonce) return false;
  for (const char c : nonce)
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '.' || c == '-')) return false;
  return true;
}

bool batch_id_fits(std::string_view id) { return !id.empty() && id.size() <= kBatchMaxDeviceId; }

}  // namespace

Expected<Digest> batch_mac(Crypto& crypto, const BatchEnvelope& envelope) {
  if (!batch_nonce_fits(envelope.nonce) || !batch_id_fits(envelope.device_id)) return Status::kInvalid;
  SmallString<kBatchMacDomain.size() + 1 + kBatchMaxNonce + 1 + kBatchMaxDeviceId> head;
  (void)head.append(kBatchMacDomain);  // what is appended fits, by the bounds above
  // Lengths before texts: no other nonce and id give the same bytes.
  for (const std::string_view part : {envelope.nonce, envelope.device_id}) {
    const char size = static_cast<char>(part.size());
    (void)head.append({&size, 1});
    (void)head.append(part);
  }
  return crypto.hmac_sha256(envelope.key, head.view(), envelope.payload);
}

Expected<std::string_view> write_batch_envelope(Crypto& crypto, const BatchEnvelope& envelope, char* out, size_t capacity) {
  if (!batch_id_fits(envelope.device_id)) return Status::kInvalid;
  JsonWriter json(out, capacity);
  json.begin_object().key("device_id").string(envelope.device_id);
  if (!envelope.key.empty()) {
    const Expected<Digest> mac = batch_mac(crypto, envelope);
    if (!mac.ok()) return mac.status();
    const Digest digest = mac.value();
    char hex[2 * sizeof(Digest)];
    for (size_t i = 0; i < digest.size(); i++) {
      hex[2 * i] = "0123456789abcdef"[digest[i] >> 4];
      hex[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
    }
    json.key("nonce").string(envelope.nonce).key("mac").string({hex, sizeof hex});
  }
  json.key("compressed").boolean(envelope.codec != BatchCodec::kRaw);
  json.key("compression_type").string(batch_codec_name(envelope.codec)).end_object();
  const Expected<std::string_view> head = json.finish();
  if (!head.ok()) return head.status();
  // The payload's base64 is written where it stays, by hand: through the writer it would have to lie somewhere else first.
  size_t size = head.value().size() - 1;
  const size_t needed = kBatchPayloadMember.size() + base64_size(envelope.payload.size()) + kBatchEnvelopeEnd.size();
  if (needed > capacity - size) return Status::kNoSpace;
  size += kBatchPayloadMember.copy(out + size, kBatchPayloadMember.size());
  size += base64_encode(envelope.payload, out + size);
  size += kBatchEnvelopeEnd.copy(out + size, kBatchEnvelopeEnd.size());
  return std::string_view(out, size);
}

}  // namespace fb
