import { md5 } from '@noble/hashes/legacy.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { compressInWorker } from '$lib/app/flash/compress-in-worker';
import { systemClock } from '$lib/base';
import { Flasher, plainPlan, type FlashReport } from '$lib/flash';
import { limitMs, lineMs, TYPICAL_TIMING } from '$lib/lab';
import { BoardPort } from '$lib/link';
import { boardInWorker } from './flash-board';

const BAUD = 921_600;
const OFFSET = 0x20_0000;
const BYTES = 1 << 20;
/** What one call of getRandomValues gives at most. */
const RANDOM_BYTES = 65_536;

const { signal } = new AbortController(); // as long as the page

globalThis.flashBench = {
	async ours() {
		const bytes = incompressible();
		const [run] = await writeOften(bytes, 1);
		return { ms: run!.durationMs, limitMs: limitOf(bytes), retries: run!.retries };
	},
	async twice(base64) {
		const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
		const [first, again] = await writeOften(bytes, 2);
		return {
			firstMs: first!.durationMs,
			againMs: again!.durationMs,
			bareWireMs: lineMs(TYPICAL_TIMING, bytes.length, BAUD),
			unchangedBytes: again!.unchangedBytes,
			retries: first!.retries + again!.retries
		};
	},
	async peer() {
		const bytes = incompressible();
		const digest = bytesToHex(md5(bytes)); // made before the clock runs: nothing of it is held against the peer
		const { ESPLoader, Transport } = await import('esptool-js');
		const { port, end } = boardInWorker();
		try {
			const terminal = { clean: () => undefined, write: () => undefined, writeLine: () => undefined };
			const loader = new ESPLoader({ transport: new Transport(port), baudrate: BAUD, terminal });
			await loader.main();
			const startedMs = performance.now();
			await loader.writeFlash({
				fileArray: [{ data: bytes, address: OFFSET }],
				...{ flashMode: 'keep', flashFreq: 'keep', flashSize: 'keep' },
				...{ eraseAll: false, compress: true, calculateMD5Hash: () => digest }
			});
			return { ms: performance.now() - startedMs, limitMs: limitOf(bytes), retries: 0 };
		} finally {
			end();
		}
	}
};

/** By the product's flasher, again and again onto the same new board, which is met anew each time. */
async function writeOften(bytes: Uint8Array<ArrayBuffer>, times: number): Promise<readonly FlashReport[]> {
	const { port, end } = boardInWorker();
	const compress = compressInWorker();
	try {
		const lease = await new BoardPort(port, { clock: systemClock }).lease('flash', signal);
		if (!lease.ok) throw new Error(lease.error.kind);
		const flasher = new Flasher(lease.value, { clock: systemClock, compress, log: () => undefined });
		const connected = await flasher.connect(signal);
		if (!connected.ok) throw new Error(connected.error.kind);
		const plan = plainPlan(connected.value.mac, [{ offset: OFFSET, bytes }]);
		const reports: FlashReport[] = [];
		for (let time = 0; time < times; time++) {
			const written = await flasher.write(plan, { baud: BAUD, onState: () => undefined }, signal);
			if (!written.ok) throw new Error(written.error.kind);
			if (written.value.baud !== BAUD) throw new Error(`the line fell back to ${written.value.baud} baud`);
			reports.push(written.value);
		}
		return reports;
	} finally {
		compress.close();
		end();
	}
}

function incompressible(): Uint8Array<ArrayBuffer> {
	const bytes = new Uint8Array(BYTES);
	for (let at = 0; at < BYTES; at += RANDOM_BYTES)
		crypto.getRandomValues(bytes.subarray(at, at + RANDOM_BYTES));
	return bytes;
}

/** Only what must cross the line: each byte once, twice where SLIP escapes it (RFC 1055). No headers, no answers, no MD5. */
function limitOf(bytes: Uint8Array): number {
	const escaped = bytes.reduce((sum, byte) => sum + (byte === 0xc0 || byte === 0xdb ? 1 : 0), 0);
	return limitMs(TYPICAL_TIMING, {
		bytesOnWire: bytes.length + escaped,
		baud: BAUD,
		regions: [{ offset: OFFSET, length: bytes.length }]
	});
}
