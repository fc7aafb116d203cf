#pragma once

#include "core/petri_net.h"

namespace fb {

/// The places and transitions of the inverter's flow, in the order of kFlowNet.
namespace flow {

enum Place : uint8_t {
  kPollWait, kPollBusy, kPollFailed,
  kRoom, kSamples, kBatchRoom, kBatch,
  kUploadWait, kPacking, kCompressed, kSecured, kSending, kUploadFailed, kClearing,
  kCommandsWait, kCommandsBusy, kCommandsFailed,
  kUpdateNone, kUpdateBusy, kUpdateFailed,
  kRadio, kLinkDown, kLinkUp,
  kPlaces
};

enum Transition : uint8_t {
  kLinkRise, kLinkFall,
  kPollBegin, kPollDone, kPollFail, kPollRecover, kGiveUp,
  kUploadBegin, kPack, kCompress, kCompressFail, kSecure, kSecureFail, kSend, kSendDone, kSendFail, kSendRetry, kClear,
  kUploadEnd,
  kCommandsBegin, kCommandsDone, kCommandsFail, kCommandsRecover,
  kUpdateBegin, kUpdateDone, kUpdateFail, kUpdateRecover,
  kTransitions
};

}  // namespace flow

/// Poll → compress → secure → upload, with commands, updates and recovery beside it. What the net itself sees to:
/// - each of the four lanes (poll, upload, commands, update) is in one state;
/// - `radio` is one: an upload, a check for commands and an update never share the uplink, and begin with the link up only;
/// - `room` + `poll.busy` + `samples` + `batch` are what the store holds: a poll begins only where its sample has a place, and
///   where none is left the oldest sample is given up;
/// - a batch has at most `batch.room` samples, and a new one begins only when the last one's are all cleared.
extern const PetriShape kFlowNet;

}  // namespace fb
