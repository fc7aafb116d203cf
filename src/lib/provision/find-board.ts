import type { SerialLine } from '$lib/link';
import type { Improv, ImprovDevice } from './improv';
import { Stop, stopAtLine } from './setup-stop';

/** ESP Web Tools gives a board that was just flashed this long to say who it is. */
export const FIND_MS = 10_000;
/** Characters of a log that are looked at: more than a ROM and a bootloader say in one go. */
const LOG_KEPT = 4096;
/** What the ROM and ESP-IDF's bootloader say where they find no program (ESP-IDF `bootloader_utility.c`, the ROM's own text). */
const STARTS_NOTHING =
	/invalid header: 0x|ets_main\.c \d+|No bootable app partitions|Failed to verify partition table|boot_comm: mismatch chip ID/u;

/** Asks who is there. Throws a Stop where nobody answers Improv, with what was heard instead. */
export async function findBoard(
	improv: Improv,
	line: SerialLine,
	waitMs: number,
	signal: AbortSignal
): Promise<ImprovDevice> {
	let text = '';
	const decoder = new TextDecoder();
	const over = new AbortController();
	line.onText(
		(bytes) => (text = (text + decoder.decode(bytes, { stream: true })).slice(-LOG_KEPT)),
		AbortSignal.any([signal, over.signal])
	);
	try {
		const found = await improv.info(signal, waitMs);
		if (found.ok) return found.value;
		stopAtLine(found.error);
		const heard = text === '' ? 'nothing' : STARTS_NOTHING.test(text) ? 'no-program' : 'text';
		throw new Stop({ kind: 'no-improv', heard });
	} finally {
		over.abort();
	}
}
