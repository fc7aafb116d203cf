#include "components/inverter_flow/flow_net.h"

namespace fb {
namespace flow {
namespace {

constexpr PetriPlace kFlowPlaces[] = {
    {"poll.wait", 1}, {"poll.busy"}, {"poll.failed"},
    {"room", 14}, {"samples"}, {"batch.room", 7}, {"batch"},
    {"upload.wait", 1}, {"upload.packing"}, {"upload.compressed"}, {"upload.secured"}, {"upload.sending"},
    {"upload.failed"}, {"upload.clearing"},
    {"commands.wait", 1}, {"commands.busy"}, {"commands.failed"},
    {"update.none", 1}, {"update.busy"}, {"update.failed"},
    {"radio", 1}, {"link.down", 1}, {"link.up"}};

// What ends goes before what begins, and an update before an upload before a check.
constexpr PetriTransition kFlowTransitions[] = {
    {"link.rise", 0}, {"link.fall", 0},
    {"poll.begin", 4}, {"poll.done", 1}, {"poll.fail", 1}, {"poll.recover", 2}, {"give-up", 3},
    {"upload.begin", 6}, {"pack", 2}, {"compress", 3}, {"compress.fail", 3}, {"secure", 3}, {"secure.fail", 3},
    {"send", 6}, {"send.done", 1}, {"send.fail", 1}, {"send.retry", 2}, {"clear", 2}, {"upload.end", 3},
    {"commands.begin", 7}, {"commands.done", 1}, {"commands.fail", 1}, {"commands.recover", 2},
    {"update.begin", 5}, {"update.done", 1}, {"update.fail", 1}, {"update.recover", 2}};

constexpr PetriArc kFlowArcs[] = {
    {kLinkRise, kLinkDown, 1, 0}, {kLinkRise, kLinkUp, 0, 1},
    {kLinkFall, kLinkUp, 1, 0}, {kLinkFall, kLinkDown, 0, 1},

    {kPollBegin, kPollWait, 1, 0}, {kPollBegin, kRoom, 1, 0}, {kPollBegin, kPollBusy, 0, 1},
    {kPollDone, kPollBusy, 1, 0}, {kPollDone, kSamples, 0, 1}, {kPollDone, kPollWait, 0, 1},
    {kPollFail, kPollBusy, 1, 0}, {kPollFail, kRoom, 0, 1}, {kPollFail, kPollFailed, 0, 1},
    {kPollRecover, kPollFailed, 1, 0}, {kPollRecover, kPollWait, 0, 1},
    {kGiveUp, kPollWait, 1, 1}, {kGiveUp, kSamples, 1, 0}, {kGiveUp, kRoom, 0, 1, 1},

    {kUploadBegin, kUploadWait, 1, 0}, {kUploadBegin, kSamples, 1, 0}, {kUploadBegin, kBatchRoom, 1, 0},
    {kUploadBegin, kBatch, 0, 1}, {kUploadBegin, kPacking, 0, 1},
    {kPack, kPacking, 1, 1}, {kPack, kSamples, 1, 0}, {kPack, kBatchRoom, 1, 0}, {kPack, kBatch, 0, 1},
    {kCompress, kPacking, 1, 0}, {kCompress, kCompressed, 0, 1},
    {kCompressFail, kPacking, 1, 0}, {kCompressFail, kClearing, 0, 1},
    {kSecure, kCompressed, 1, 0}, {kSecure, kSecured, 0, 1},
    {kSecureFail, kCompressed, 1, 0}, {kSecureFail, kClearing, 0, 1},
    {kSend, kSecured, 1, 0}, {kSend, kRadio, 1, 0}, {kSend, kLinkUp, 1, 1}, {kSend, kSending, 0, 1},
    {kSendDone, kSending, 1, 0}, {kSendDone, kRadio, 0, 1}, {kSendDone, kClearing, 0, 1},
    {kSendFail, kSending, 1, 0}, {kSendFail, kRadio, 0, 1}, {kSendFail, kUploadFailed, 0, 1},
    {kSendRetry, kUploadFailed, 1, 0}, {kSendRetry, kSecured, 0, 1},
    {kClear, kClearing, 1, 1}, {kClear, kBatch, 1, 0}, {kClear, kBatchRoom, 0, 1}, {kClear, kRoom, 0, 1},
    {kUploadEnd, kClearing, 1, 0}, {kUploadEnd, kBatch, 0, 0, 1}, {kUploadEnd, kUploadWait, 0, 1},

    {kCommandsBegin, kCommandsWait, 1, 0}, {kCommandsBegin, kRadio, 1, 0}, {kCommandsBegin, kLinkUp, 1, 1},
    {kCommandsBegin, kCommandsBusy, 0, 1},
    {kCommandsDone, kCommandsBusy, 1, 0}, {kCommandsDone, kRadio, 0, 1}, {kCommandsDone, kCommandsWait, 0, 1},
    {kCommandsFail, kCommandsBusy, 1, 0}, {kCommandsFail, kRadio, 0, 1}, {kCommandsFail, kCommandsFailed, 0, 1},
    {kCommandsRecover, kCommandsFailed, 1, 0}, {kCommandsRecover, kCommandsWait, 0, 1},

    {kUpdateBegin, kUpdateNone, 1, 0}, {kUpdateBegin, kRadio, 1, 0}, {kUpdateBegin, kLinkUp, 1, 1},
    {kUpdateBegin, kUpdateBusy, 0, 1},
    {kUpdateDone, kUpdateBusy, 1, 0}, {kUpdateDone, kRadio, 0, 1}, {kUpdateDone, kUpdateNone, 0, 1},
    {kUpdateFail, kUpdateBusy, 1, 0}, {kUpdateFail, kRadio, 0, 1}, {kUpdateFail, kUpdateFailed, 0, 1},
    {kUpdateRecover, kUpdateFailed, 1, 0}, {kUpdateRecover, kUpdateNone, 0, 1}};

constexpr PetriShape kFlowShape = {kFlowPlaces, kPlaces, kFlowTransitions, kTransitions,
                                   kFlowArcs, sizeof kFlowArcs / sizeof kFlowArcs[0]};
static_assert(sizeof kFlowPlaces / sizeof kFlowPlaces[0] == kPlaces, "a place for each name");
static_assert(sizeof kFlowTransitions / sizeof kFlowTransitions[0] == kTransitions, "a transition for each name");
static_assert(kFlowShape.sound(), "arcs in the order of their transitions");

}  // namespace
}  // namespace flow

const PetriShape kFlowNet = flow::kFlowShape;

}  // namespace fb
