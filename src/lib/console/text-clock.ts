/** How a line tells when it came, by this computer's clock. */
export type StampKind = 'none' | 'time' | 'since-start' | 'since-last';

const two = (n: number): string => String(n).padStart(2, '0');
const three = (n: number): string => String(n).padStart(3, '0');

/** Time of day on this computer, to the millisecond: `14:03:27.041`. */
export function timeOfDay(atMs: number): string {
	const at = new Date(atMs);
	return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${three(at.getMilliseconds())}`;
}

/** A span as `12.041`, `3:27.041` or `1:03:27.041`. @param ms ≥ 0; less counts as 0, since a clock may be set back */
export function spanOf(ms: number): string {
	const whole = Math.max(0, Math.round(ms));
	const seconds = Math.floor(whole / 1000);
	const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
	const rest = `.${three(whole % 1000)}`;
	if (h > 0) return `${h}:${two(m)}:${two(s)}${rest}`;
	return m > 0 ? `${m}:${two(s)}${rest}` : `${s}${rest}`;
}

/** What stands before a line. @param lastMs when the line before it came; undefined for the first */
export function stamp(
	kind: StampKind,
	atMs: number,
	{ startMs, lastMs }: { readonly startMs: number; readonly lastMs: number | undefined }
): string {
	switch (kind) {
		case 'none':
			return '';
		case 'time':
			return timeOfDay(atMs);
		case 'since-start':
			return spanOf(atMs - startMs);
		case 'since-last':
			return `+${spanOf(lastMs === undefined ? 0 : atMs - lastMs)}`;
	}
}
