/** docs/protocol.md §7: of one sample. */
export const MAX_METRICS = 64;
const MAX_NAME_BYTES = 64;

/** 1–64 bytes. `__proto__` cannot be a plain object's key downstream, so it is no name here. */
export function isMetricName(name: string): boolean {
	if (name === '' || name === '__proto__' || name.length > MAX_NAME_BYTES) return false;
	return name.length * 3 <= MAX_NAME_BYTES || new TextEncoder().encode(name).length <= MAX_NAME_BYTES;
}

export const isFiniteNumber = (value: unknown): value is number =>
	typeof value === 'number' && Number.isFinite(value);
