#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/ota_manifest.h"
#include "core/status.h"
#include "hal/crypto.h"
#include "hal/flash_region.h"

namespace fb {

/// What lies in the slot that does not run while a package comes: image, marks, digest list and session; docs/ota.md
/// §4. It finds its way by the flash alone, so that it survives any cut. Everything gives kStorage where the
/// flash fails.
class OtaStaging {
 public:
  OtaStaging(FlashRegion& slot, Crypto& crypto) : slot_(slot), crypto_(crypto) {}

  /// Does an image of so many chunks leave room for the rest?
  bool fits(uint32_t chunks) const;

  /// The session in the slot. kNotFound: none. Fills `head`, OtaManifest::kHeadSize bytes.
  Status find(char* head);
  /// Ends the session in the slot, if any, and starts one; the image is not touched.
  Status open(uint32_t session, std::string_view head, uint32_t chunks);
  /// There is no session after it.
  Status erase();
  /// What names the session that find() or open() gave.
  const Digest& seal() const { return seal_; }
  uint32_t session() const { return session_; }

  /// Digests `at` … into the list; whole ones, inside the list and each once after begin_list().
  Status write_digests(uint32_t at, std::string_view bytes);
  Status read_digest(uint32_t index, Digest& out);
  /// SHA-256 of the list as it lies in flash.
  Status digest_list(Digest& out);
  /// The list was checked.
  Status mark_list();
  /// kNotFound: it was not.
  Status is_list_marked();

  /// Writes a chunk and reads it back. kCorrupt: the flash did not keep it. The first of a sector erases it.
  Status write_chunk(uint32_t index, const uint8_t* bytes, size_t size);
  Status mark_chunk(uint32_t index);
  /// How many chunks, from the first, are marked.
  Expected<uint32_t> marked();

  /// Adds what lies in the slot from `at` on to a digest.
  Status hash(Sha256State& state, size_t at, size_t size);

 private:
  struct Mark {
    char bytes[16];
  };
  size_t session_at() const { return slot_.size() - FlashRegion::kSector; }
  size_t list_at() const;
  size_t marks_at() const;
  Mark mark_of(uint32_t index) const;
  /// kNotFound: other bytes stand there.
  Status has_mark(size_t at, uint32_t index);

  FlashRegion& slot_;
  Crypto& crypto_;
  Digest seal_{};
  uint32_t session_ = 0;
  uint32_t chunks_ = 0;
};

}  // namespace fb
