import type { Result } from '$lib/base';
import { ownName, type Sample } from '$lib/model';
import {
	decodeBatch,
	decodePlainValues,
	isPlainValues,
	parseSharedSecretEnvelope,
	rowsOf,
	samplesOf,
	type SharedSecretEnvelope
} from '../batch';
import { parseJsonObject } from './json';
import { provenanceOf, type Told } from './loose-body';
import { BATCH_REFUSALS, type Decoded, type DecodedPart, type Refusal } from './profile';
import { quantityOf } from './quantities';
import { toldTime } from './told-time';

type Body = Readonly<Record<string, unknown>>;
type Counted = Partial<Record<Refusal, number>>;
interface Contents {
	readonly samples: readonly Sample[];
	readonly besides: readonly DecodedPart[];
	readonly counted: Counted;
}

/**
 * What is in an envelope of docs/profiles.md, but for its seal: whoever has the secret judges that.
 * @param tell the message as it would be with another body
 * @param read what a body says, where the payload is the plain message
 */
export function openEnvelope(
	body: Body,
	tell: (body: Body) => Told,
	read: (body: Body) => readonly DecodedPart[] | Refusal
): Decoded {
	const told = tell(body);
	const { device } = told;
	const refused = (cause: Refusal): Decoded => ({ kind: 'refused', device, cause });
	const envelope = parseSharedSecretEnvelope(body);
	if (!envelope.ok) return refused(envelope.error.kind);
	if (envelope.value.deviceId !== undefined && envelope.value.deviceId !== ownName(device))
		return refused('other-device');
	const contents =
		envelope.value.compression === 'none'
			? plainContents(envelope.value, read)
			: compressedContents(envelope.value, told);
	if (typeof contents === 'string')
		return { kind: 'refused', device, cause: contents, envelope: envelope.value };
	const place = { epoch: 0, number: envelope.value.seal?.nonce ?? 0 };
	return { kind: 'batch', device, envelope: envelope.value, place, ...contents };
}

function plainContents(
	{ payload }: SharedSecretEnvelope,
	read: (body: Body) => readonly DecodedPart[] | Refusal
): Contents | Refusal {
	const json = parseJsonObject(payload);
	if (!json.ok) return json.error;
	const besides = read(json.value);
	return typeof besides === 'string' ? besides : { samples: [], besides, counted: {} };
}

function compressedContents(envelope: SharedSecretEnvelope, told: Told): Contents | Refusal {
	const { payload, compression } = envelope;
	if (!isPlainValues(payload)) return ownContents(payload, told);
	const values = decodePlainValues(payload, compression);
	if (!values.ok) return BATCH_REFUSALS[values.error.kind];
	const rows = rowsOf(values.value, told.body);
	if (!rows.ok) return rows.error.kind === 'corrupt' ? 'bad-batch' : rows.error.kind;
	const { names, rows: all, intervalMs } = rows.value;
	const { timeMs, clock, fault } = toldTime(told.body, told.receivedMs);
	const counted: Counted = fault ? { 'bad-timestamp': 1 } : {};
	const metrics = names.map((name) => quantityOf(name, 0)).map(metricOf);
	if (new Set(metrics).size < metrics.length) return 'unnamed-values';
	const samples = all.map((row, i) => ({
		device: told.device,
		provenance: provenanceOf(told),
		identity: undefined,
		// The time that is said is the last one's.
		timeMs: timeMs - (all.length - 1 - i) * intervalMs,
		clock,
		values: Object.fromEntries(
			row.flatMap((value, at) => {
				const quantity = quantityOf(names[at]!, value);
				return quantity.ok ? [[quantity.value.metric, quantity.value.value]] : [];
			})
		)
	}));
	return { samples, besides: [], counted };
}

const metricOf = (quantity: Result<{ metric: string }, unknown>) =>
	quantity.ok ? quantity.value.metric : '';

/** A payload of docs/protocol.md §3.5. Its numbers name no log of ours that could be asked for what is missing. */
function ownContents(payload: Uint8Array, told: Told): Contents | Refusal {
	const batch = decodeBatch(payload);
	if (!batch.ok) return BATCH_REFUSALS[batch.error.kind];
	const { samples, dropped } = samplesOf(batch.value, told.device, told.receivedMs);
	const provenance = batch.value.simulated ? 'simulated' : provenanceOf(told);
	const unnumbered = samples.map((sample) => ({ ...sample, provenance, identity: undefined }));
	return { samples: unnumbered, besides: [], counted: dropped };
}
