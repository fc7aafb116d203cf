import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { NodeOptions } from './node-message';

/** What nodes publish, and how fast. */
export interface Offer {
	readonly devices: number;
	readonly idPrefix: string;
	readonly epoch: number;
	readonly values: NodeOptions['values'];
	/** All devices together. */
	readonly ratePerS: number;
	readonly durationMs: number;
	/** Whether each message's time is wanted. */
	readonly stamps: boolean;
}

export interface Offered {
	readonly sent: number;
	/** From the first to the last message; longer than asked where the broker took them too slowly. */
	readonly tookMs: number;
	/** ms since the epoch, of each message as it was written, in order; empty without `stamps`. */
	readonly sentMs: readonly number[];
	/** How far behind its own pace it ever was. */
	readonly mostLateMs: number;
}

export interface Publisher {
	offer(offer: Offer): Promise<Offered>;
	close(): Promise<void>;
}

/** Nodes in a process of their own, so that what they cost is not ours. QoS 0, over TCP. */
export async function startPublisher(tcpPort: number): Promise<Publisher> {
	const child = fork(fileURLToPath(new URL('publisher-process.ts', import.meta.url)), [String(tcpPort)]);
	const ended = once(child, 'exit').then(([code]) => {
		throw new Error(`the publisher ended with ${String(code)}`);
	});
	ended.catch(() => {}); // how it ends when we close it
	await Promise.race([once(child, 'message'), ended]);
	return {
		async offer(offer) {
			const answer = once(child, 'message') as Promise<[Offered]>;
			child.send(offer);
			const [offered] = await Promise.race([answer, ended]);
			return offered;
		},
		async close() {
			if (child.exitCode !== null || child.signalCode !== null) return;
			const gone = once(child, 'exit');
			child.kill('SIGKILL');
			await gone;
		}
	};
}

/** 32 random bits, not 0. */
export const newEpoch = (): number => 1_000_000_000 + Math.floor(Math.random() * 3_000_000_000);
