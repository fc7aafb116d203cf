import type { StoreStats } from '$lib/telemetry';

/** What the page `intake.html` can do: the product's field worker, driven without its screens. */
export interface IntakeBench {
	/** Saves the broker and connects; resolves when the session is live. */
	connect(brokerUrl: string): Promise<void>;
	/** Resolves when everything that came in is committed. */
	commit(): Promise<void>;
	/** Samples the store holds, and whether anything went wrong on the way to it. */
	state(): Promise<IntakeState>;
}

export interface IntakeState {
	readonly samples: number;
	/** Dropped by the store or refused before it. */
	readonly lost: number;
	/** Notices of a failing store; empty when all is well. */
	readonly notices: readonly string[];
}

/** What the page `peer.html` can do: bare mqtt.js in a worker, which counts and keeps nothing, or shows a value. */
export interface PeerBench {
	connect(brokerUrl: string): Promise<void>;
	counted(): Promise<number>;
	/** From now on puts each temperature into `#value`, as it comes. */
	show(): void;
}

/** What the page `puts.html` can do: the plain use of IndexedDB. */
export interface PutsBench {
	open(): Promise<void>;
	start(perSecond: number): void;
	/** @returns messages that are committed */
	stop(): number;
}

/** What the page `store.html` can do: the telemetry store without the rest of the app. */
export interface StoreBench {
	open(): Promise<void>;
	/** Stores a sample a second, and seals it. */
	fill(of: { device: number; metrics: number; seconds: number }): Promise<void>;
	/** One metric's range; times are from the first sample on. */
	query(of: {
		device: number;
		fromS: number;
		seconds: number;
		buckets: number;
	}): Promise<{ ms: number; points: number; buckets: number }>;
	stats(): Promise<StoreStats>;
	close(): Promise<void>;
}

/** What the page `flash.html` can do: 1 MiB of random bytes onto a new practice board, at 921,600 baud. */
export interface FlashBench {
	/** By the product's flasher: from the first begin to the last MD5. */
	ours(): Promise<FlashRun>;
	/** A program onto a new practice board by the product's flasher, and at once again. @param base64 the program's bytes */
	twice(base64: string): Promise<FlashTwice>;
	/** By esptool-js's own writeFlash, which ends with the same MD5. */
	peer(): Promise<FlashRun>;
}

export interface FlashRun {
	readonly ms: number;
	/** What no program can be faster than on this board. */
	readonly limitMs: number;
	readonly retries: number;
}

export interface FlashTwice {
	readonly firstMs: number;
	readonly againMs: number;
	/** What the line alone takes for the bytes as they are, without SLIP. */
	readonly bareWireMs: number;
	/** How much the second time left out. */
	readonly unchangedBytes: number;
	readonly retries: number;
}

export interface ConsoleBench {
	/** Through the product's console. */
	ours(durationMs: number): Promise<ConsoleRun>;
	/** Throws where a byte of that run is not accounted for. */
	check(): void;
	xterm(durationMs: number): Promise<ConsoleRun>;
	/** A node in a scrolling box for every line. */
	append(durationMs: number): Promise<ConsoleRun>;
}

export interface ConsoleRun {
	readonly bytes: number;
	readonly lines: number;
	readonly ms: number;
	/** Between two frames of the page. */
	readonly longestFrameMs: number;
	readonly kept: number;
	readonly dropped: number;
	readonly inDocument: number;
}

/** What the page `line-charts.html` can do: plain Chart.js, a value a sample pushed. */
export interface LineChartsBench {
	/** Makes so many charts of the newest `spanMs`; resolves when they hear the broker. */
	follow(brokerUrl: string, count: number, spanMs: number): Promise<void>;
	/** Points each of them holds. */
	points(): readonly number[];
}

declare global {
	var consoleBench: ConsoleBench;
	var flashBench: FlashBench;
	var intakeBench: IntakeBench;
	var lineChartsBench: LineChartsBench;
	var peerBench: PeerBench;
	var putsBench: PutsBench;
	var storeBench: StoreBench;
}
