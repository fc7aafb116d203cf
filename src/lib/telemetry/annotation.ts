import { parseDeviceId, type DeviceId } from '$lib/model';

/** What a person wrote beside a device's history. */
export interface Annotation {
	readonly id: string;
	readonly device: DeviceId;
	/** ms since the epoch; both the same where it is of a moment. */
	readonly fromMs: number;
	readonly toMs: number;
	/** 1 … 2,000 characters, without space around. */
	readonly text: string;
	readonly createdMs: number;
	readonly changedMs: number;
}

/** A way to look at history, by name. */
export interface SavedView {
	readonly id: string;
	/** 1 … 80 characters, without space around. */
	readonly name: string;
	readonly device: DeviceId;
	/** What the address bar says of it after the '?': read by `parseHistoryQuery`, which takes any text. */
	readonly query: string;
	readonly createdMs: number;
}

export const MAX_ANNOTATION_CHARS = 2000;
export const MAX_VIEW_NAME_CHARS = 80;
const MAX_QUERY_CHARS = 4000;

/** Total: of what is kept, of what a page sends, and of what a file brings. Undefined: it is no annotation. */
export function parseAnnotation(row: unknown): Annotation | undefined {
	const f = fieldsOf(row);
	const text = textOf(f['text'], MAX_ANNOTATION_CHARS);
	const device = deviceOf(f['device']);
	const id = textOf(f['id'], MAX_VIEW_NAME_CHARS);
	const { fromMs, toMs, createdMs } = f;
	if (id === undefined || text === undefined || device === undefined) return undefined;
	if (!isTime(fromMs) || !isTime(toMs) || toMs < fromMs || !isTime(createdMs)) return undefined;
	const changedMs = isTime(f['changedMs']) ? f['changedMs'] : createdMs;
	return { id, device, fromMs, toMs, text, createdMs, changedMs };
}

/** As `parseAnnotation`. */
export function parseSavedView(row: unknown): SavedView | undefined {
	const f = fieldsOf(row);
	const name = textOf(f['name'], MAX_VIEW_NAME_CHARS);
	const device = deviceOf(f['device']);
	const id = textOf(f['id'], MAX_VIEW_NAME_CHARS);
	const { query, createdMs } = f;
	if (id === undefined || name === undefined || device === undefined || !isTime(createdMs)) return undefined;
	if (typeof query !== 'string' || query.length > MAX_QUERY_CHARS) return undefined;
	return { id, name, device, query, createdMs };
}

const fieldsOf = (row: unknown): Record<string, unknown> =>
	typeof row === 'object' && row !== null ? (row as Record<string, unknown>) : {};

/** ms that a Date can hold. */
const isTime = (v: unknown): v is number => typeof v === 'number' && Math.abs(v) <= 8.64e15;

function textOf(value: unknown, most: number): string | undefined {
	const text = typeof value === 'string' ? value.trim() : '';
	return text.length > 0 && text.length <= most ? text : undefined;
}

function deviceOf(value: unknown): DeviceId | undefined {
	const id = typeof value === 'string' ? parseDeviceId(value) : undefined;
	return id?.ok ? id.value : undefined;
}
