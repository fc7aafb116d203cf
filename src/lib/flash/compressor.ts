import { md5 } from '@noble/hashes/legacy.js';
import { zlibSync } from 'fflate';
import { delay, type Clock } from '$lib/base';

/** Makes what goes over the line out of what goes into the flash: a worker on a page, the same thread in Node. */
export interface Compressor {
	/** A zlib stream (RFC 1950), as FLASH_DEFL_DATA wants it. Rejects with the signal's reason, or where the worker failed. */
	deflate(bytes: Uint8Array, signal: AbortSignal): Promise<Uint8Array>;
	/** 16 bytes. Rejects likewise. */
	md5(bytes: Uint8Array, signal: AbortSignal): Promise<Uint8Array>;
}

/** 6 and 9 differ by a percent in size on firmware and by half in time. */
const LEVEL = 6;

export const deflated = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => zlibSync(bytes, { level: LEVEL });
export const md5Of = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => Uint8Array.from(md5(bytes));

/** On the thread of its caller, each act in a turn of its own: for Node and for tests. */
export function sameThreadCompressor(clock: Clock): Compressor {
	const inTurn = async (act: (bytes: Uint8Array) => Uint8Array, bytes: Uint8Array, signal: AbortSignal) => {
		await delay(0, clock, signal);
		return act(bytes);
	};
	return {
		deflate: (bytes, signal) => inTurn(deflated, bytes, signal),
		md5: (bytes, signal) => inTurn(md5Of, bytes, signal)
	};
}
