const two = (n: number): string => String(Math.abs(n)).padStart(2, '0');

/** As an input of type datetime-local has it, to the second, where the reader lives. @param ms since the epoch */
export function localInput(ms: number): string {
	const d = new Date(ms);
	const day = `${String(d.getFullYear()).padStart(4, '0')}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
	return `${day}T${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
}

/** ms since the epoch of what was typed there; undefined where it is no time. */
export function fromLocalInput(text: string): number | undefined {
	const ms = /^\d{4,}-\d\d-\d\dT\d\d:\d\d/u.test(text) ? new Date(text).getTime() : NaN;
	return Number.isNaN(ms) ? undefined : ms;
}

/** ISO 8601 with the reader's offset: "2026-11-20T10:00:00.000+01:00". */
export function isoWithOffset(ms: number): string {
	const minutes = -new Date(ms).getTimezoneOffset();
	const local = new Date(ms + minutes * 60_000).toISOString().slice(0, -1);
	return `${local}${minutes < 0 ? '-' : '+'}${two(Math.trunc(minutes / 60))}:${two(minutes % 60)}`;
}
