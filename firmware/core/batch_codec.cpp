#include "core/batch_codec.h"

#include <cmath>
#include <cstring>

namespace fb {
namespace {

constexpr unsigned kBatchDoubles = 15;  ///< the scale of values that are written as they are
constexpr unsigned kBatchMaxScale = 9;
constexpr double kBatchTens[kBatchMaxScale + 1] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
/// Scaled values are below it, so that the zigzag of their differences is a varint.
constexpr int64_t kBatchScaledLimit = int64_t{1} << 51;
constexpr size_t kBatchMaxWords = 64;
constexpr uint8_t kBatchGaps = 8;

bool batch_same_bits(double a, double b) { return std::memcmp(&a, &b, sizeof a) == 0; }

/// What divided by 10^scale gives `value` again; false where there is no such number.
bool batch_scale_value(double value, unsigned scale, int64_t& scaled) {
  const double product = value * kBatchTens[scale];
  if (!(std::fabs(product) < static_cast<double>(kBatchScaledLimit))) return false;
  scaled = std::llround(product);
  if (scaled <= -kBatchScaledLimit || scaled >= kBatchScaledLimit) return false;
  return batch_same_bits(static_cast<double>(scaled) / kBatchTens[scale], value);
}

/// A value of which batch_scale_value() is known to succeed.
int64_t batch_scaled(double value, unsigned scale) { return std::llround(value * kBatchTens[scale]); }

/// Goes through the values that are there.
class BatchColumnWalk {
 public:
  explicit BatchColumnWalk(const BatchColumn& column) : column_(column) {}
  bool next(double& value) {
    while (at_ < column_.samples && !column_.has(at_)) at_++;
    if (at_ == column_.samples) return false;
    value = column_.values[at_++ * column_.stride];
    return true;
  }

 private:
  const BatchColumn& column_;
  size_t at_ = 0;
};

/// The least scale that gives every value back, or kBatchDoubles.
unsigned batch_scale_of(const BatchColumn& column) {
  unsigned scale = 0;
  double value;
  int64_t scaled;
  // What fits a scale fits every higher one but for its size, so the scale only rises; a second pass sees to the size.
  for (BatchColumnWalk walk(column); walk.next(value);)
    while (!batch_scale_value(value, scale, scaled))
      if (++scale > kBatchMaxScale) return kBatchDoubles;
  for (BatchColumnWalk walk(column); walk.next(value);)
    if (!batch_scale_value(value, scale, scaled)) return kBatchDoubles;
  return scale;
}

class BatchWordSink {
 public:
  BatchWordSink(ByteSink& out, unsigned scale) : out_(out), scale_(scale) {}
  void put(double value) {
    if (scale_ == kBatchDoubles) return out_.real(value);
    const int64_t scaled = batch_scaled(value, scale_);
    out_.zigzag(scaled - before_);
    before_ = scaled;
  }

 private:
  ByteSink& out_;
  unsigned scale_;
  int64_t before_ = 0;
};

void write_batch_raw(const BatchColumn& column, ByteSink& out) {
  double value;
  for (BatchColumnWalk walk(column); walk.next(value);) out.real(value);
}

bool write_batch_dictionary(const BatchColumn& column, unsigned scale, ByteSink& out) {
  double words[kBatchMaxWords];
  size_t count = 0;
  const auto index_of = [&](double value) {
    size_t at = 0;
    while (at < count && !batch_same_bits(words[at], value)) at++;
    return at;
  };
  double value;
  for (BatchColumnWalk walk(column); walk.next(value);) {
    if (index_of(value) < count) continue;
    if (count == kBatchMaxWords) return false;
    words[count++] = value;
  }
  if (count == 0) return false;
  out.byte(static_cast<uint8_t>(count));
  BatchWordSink sink(out, scale);
  for (size_t i = 0; i < count; i++) sink.put(words[i]);
  BitSink bits(out);
  const unsigned width = bit_width_of(count - 1);
  for (BatchColumnWalk walk(column); walk.next(value);) bits.put(index_of(value), width);
  bits.finish();
  return true;
}

bool write_batch_delta(const BatchColumn& column, unsigned scale, ByteSink& out) {
  if (scale == kBatchDoubles) return false;
  BatchWordSink sink(out, scale);
  double value;
  for (BatchColumnWalk walk(column); walk.next(value);) sink.put(value);
  return true;
}

void write_batch_rle(const BatchColumn& column, unsigned scale, ByteSink& out) {
  BatchWordSink sink(out, scale);
  BatchColumnWalk walk(column);
  double value;
  bool more = walk.next(value);
  while (more) {
    const double word = value;
    uint64_t repeats = 0;
    while ((more = walk.next(value)) && batch_same_bits(word, value)) repeats++;
    sink.put(word);
    out.varint(repeats);
  }
}

bool write_batch_bitpack(const BatchColumn& column, unsigned scale, ByteSink& out) {
  double value;
  if (scale == kBatchDoubles || !BatchColumnWalk(column).next(value)) return false;
  int64_t least = batch_scaled(value, scale);
  int64_t most = least;
  for (BatchColumnWalk walk(column); walk.next(value);) {
    const int64_t scaled = batch_scaled(value, scale);
    if (scaled < least) least = scaled;
    if (scaled > most) most = scaled;
  }
  const unsigned width = bit_width_of(static_cast<uint64_t>(most - least));
  out.zigzag(least);
  out.byte(static_cast<uint8_t>(width));
  BitSink bits(out);
  for (BatchColumnWalk walk(column); walk.next(value);)
    bits.put(static_cast<uint64_t>(batch_scaled(value, scale) - least), width);
  bits.finish();
  return true;
}

/// False where the codec cannot hold the column; then what it wrote is of no use.
bool write_batch_values(const BatchColumn& column, BatchCodec codec, unsigned scale, ByteSink& out) {
  switch (codec) {
    case BatchCodec::kRaw: write_batch_raw(column, out); return true;
    case BatchCodec::kDictionary: return write_batch_dictionary(column, scale, out);
    case BatchCodec::kDelta: return write_batch_delta(column, scale, out);
    case BatchCodec::kRle: write_batch_rle(column, scale, out); return true;
    case BatchCodec::kBitpack: return write_batch_bitpack(column, scale, out);
    case BatchCodec::kBest: break;
  }
  return false;
}

/// Takes values in the order of the samples, to their places.
class BatchColumnFill {
 public:
  BatchColumnFill(size_t samples, double* values, size_t stride, const uint16_t* present, uint16_t bit)
      : samples_(samples), values_(values), stride_(stride), present_(present), bit_(bit) {}
  bool full() {
    while (at_ < samples_ && (present_[at_] & bit_) == 0) at_++;
    return at_ == samples_;
  }
  /// Only while not full().
  void put(double value) { values_[at_++ * stride_] = value; }

 private:
  size_t samples_;
  double* values_;
  size_t stride_;
  const uint16_t* present_;
  uint16_t bit_;
  size_t at_ = 0;
};

double batch_unscaled(ByteSource& in, int64_t scaled, unsigned scale) {
  if (scaled <= -kBatchScaledLimit || scaled >= kBatchScaledLimit) in.spoil();
  return static_cast<double>(scaled) / kBatchTens[scale];
}

class BatchWordSource {
 public:
  BatchWordSource(ByteSource& in, unsigned scale) : in_(in), scale_(scale) {}
  double get() {
    if (scale_ == kBatchDoubles) return in_.real();
    before_ += in_.zigzag();
    const double value = batch_unscaled(in_, before_, scale_);
    if (!in_.ok()) before_ = 0;
    return value;
  }

 private:
  ByteSource& in_;
  unsigned scale_;
  int64_t before_ = 0;
};

void read_batch_dictionary(ByteSource& in, unsigned scale, BatchColumnFill& fill) {
  const size_t count = in.byte();
  if (count == 0 || count > kBatchMaxWords) return in.spoil();
  double words[kBatchMaxWords];
  BatchWordSource source(in, scale);
  for (size_t i = 0; i < count; i++) words[i] = source.get();
  BitSource bits(in);
  const unsigned width = bit_width_of(count - 1);
  while (in.ok() && !fill.full()) {
    const uint64_t index = bits.get(width);
    if (index >= count) return in.spoil();
    fill.put(words[index]);
  }
  bits.finish();
}

void read_batch_rle(ByteSource& in, unsigned scale, BatchColumnFill& fill) {
  BatchWordSource source(in, scale);
  while (in.ok() && !fill.full()) {
    const double word = source.get();
    for (uint64_t more = in.varint() + 1; more > 0; more--) {
      if (fill.full()) return in.spoil();
      fill.put(word);
    }
  }
}

void read_batch_bitpack(ByteSource& in, unsigned scale, BatchColumnFill& fill) {
  const int64_t least = in.zigzag();
  const unsigned width = in.byte();
  if (width > 52) return in.spoil();
  BitSource bits(in);
  while (in.ok() && !fill.full()) fill.put(batch_unscaled(in, least + static_cast<int64_t>(bits.get(width)), scale));
  bits.finish();
}

}  // namespace

std::string_view batch_codec_name(BatchCodec codec) {
  switch (codec) {
    case BatchCodec::kRaw: return "raw";
    case BatchCodec::kDictionary: return "dictionary";
    case BatchCodec::kDelta: return "delta";
    case BatchCodec::kRle: return "rle";
    case BatchCodec::kBitpack: return "bitpack";
    case BatchCodec::kBest: return "best";
  }
  return {};
}

void write_batch_column(const BatchColumn& column, BatchCodec codec, ByteSink& out) {
  const unsigned scale = batch_scale_of(column);
  ByteSink raw;
  write_batch_raw(column, raw);
  BatchCodec chosen = BatchCodec::kRaw;
  size_t shortest = raw.size();
  for (const BatchCodec tried : {BatchCodec::kDictionary, BatchCodec::kDelta, BatchCodec::kRle, BatchCodec::kBitpack}) {
    if (codec != tried && codec != BatchCodec::kBest) continue;
    ByteSink counted;
    if (!write_batch_values(column, tried, scale, counted) || counted.size() >= shortest) continue;
    chosen = tried;
    shortest = counted.size();
  }
  bool gaps = false;
  for (size_t i = 0; i < column.samples; i++) gaps = gaps || !column.has(i);
  const unsigned told = chosen == BatchCodec::kRaw ? kBatchDoubles : scale;
  out.byte(static_cast<uint8_t>(static_cast<unsigned>(chosen) | (gaps ? kBatchGaps : 0) | told << 4));
  if (gaps) {
    BitSink bits(out);
    for (size_t i = 0; i < column.samples; i++) bits.put(column.has(i) ? 1 : 0, 1);
    bits.finish();
  }
  (void)write_batch_values(column, chosen, scale, out);  // it was found able above
}

void read_batch_column(ByteSource& in, size_t samples, double* values, size_t stride, uint16_t* present, uint16_t bit) {
  const uint8_t head = in.byte();
  const unsigned scale = head >> 4;
  const bool gaps = (head & kBatchGaps) != 0;
  bool any = false;
  BitSource bits(in);
  for (size_t i = 0; i < samples; i++) {
    const bool there = !gaps || bits.get(1) != 0;
    present[i] = static_cast<uint16_t>(there ? present[i] | bit : present[i] & ~bit);
    any = any || there;
  }
  bits.finish();
  if (scale > kBatchMaxScale && scale != kBatchDoubles) in.spoil();
  BatchColumnFill fill(samples, values, stride, present, bit);
  const auto codec = static_cast<BatchCodec>(head & 7);
  const bool scaled = codec == BatchCodec::kDelta || codec == BatchCodec::kBitpack;
  if ((codec == BatchCodec::kRaw && scale != kBatchDoubles) || (scaled && scale == kBatchDoubles)) in.spoil();
  if (!any && codec != BatchCodec::kRaw) in.spoil();
  if (!in.ok()) return;
  switch (codec) {
    case BatchCodec::kRaw:
      while (in.ok() && !fill.full()) fill.put(in.real());
      return;
    case BatchCodec::kDictionary: return read_batch_dictionary(in, scale, fill);
    case BatchCodec::kDelta: {
      BatchWordSource source(in, scale);
      while (in.ok() && !fill.full()) fill.put(source.get());
      return;
    }
    case BatchCodec::kRle: return read_batch_rle(in, scale, fill);
    case BatchCodec::kBitpack: return read_batch_bitpack(in, scale, fill);
    case BatchCodec::kBest: break;
  }
  in.spoil();
}

}  // namespace fb
