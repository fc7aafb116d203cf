import { err, type Clock, type Result } from '$lib/base';
import type { PartitionTable } from '$lib/formats';
import type { FlashLease } from '$lib/link';
import type { Compressor } from './compressor';
import type { BoardFacts, FlashError, FlashReport, FlashState, WritePlan } from './facts';

export interface FlasherParts {
	readonly clock: Clock;
	readonly compress: Compressor;
	/** One line for those who want details. */
	readonly log: (line: string) => void;
}

export interface WriteOptions {
	/** Bits per second to try first; slower ones follow by themselves. */
	readonly baud: number;
	readonly onState: (state: FlashState) => void;
}

/** One board in download mode, from the first reset to the last. */
export class Flasher {
	constructor(
		readonly lease: FlashLease,
		readonly parts: FlasherParts
	) {}

	/** Rejects only with the signal's reason. */
	connect(
		signal: AbortSignal,
		onState?: (state: FlashState) => void
	): Promise<Result<BoardFacts, FlashError>> {
		onState?.({ kind: 'connecting', attempt: 1 });
		signal.throwIfAborted();
		return Promise.resolve(err({ kind: 'unplugged' }));
	}

	/** The table that the board has now; undefined where it has none. */
	readPartitionTable(signal: AbortSignal): Promise<Result<PartitionTable | undefined, FlashError>> {
		signal.throwIfAborted();
		return Promise.resolve(err({ kind: 'unplugged' }));
	}

	/** Ends with a reset pulse and a closed port, whatever came of it. Cancelling is `signal`: rejects with its reason. */
	write(
		plan: WritePlan,
		options: WriteOptions,
		signal: AbortSignal
	): Promise<Result<FlashReport, FlashError>> {
		options.onState({ kind: 'erasing' });
		signal.throwIfAborted();
		return Promise.resolve(err({ kind: 'verify-failed', offsetBytes: plan.regions[0]?.offset ?? 0 }));
	}

	/** Resets the board into its program and closes the port, where nothing is to be written. Idempotent. */
	leave(): Promise<void> {
		return Promise.resolve();
	}
}
