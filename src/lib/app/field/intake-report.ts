import type { RelayReport } from './broker-relay';

/** Counts since the worker started: what came in, and what was refused, by cause. */
export interface IntakeReport {
	readonly messages: number;
	readonly samples: number;
	/** Samples that came again, alone or in a batch, and were passed over. */
	readonly repeated: number;
	readonly refused: Readonly<Record<string, number>>;
	readonly relay: RelayReport;
	/** The newest refusals, for the curious: bounded. */
	readonly examples: readonly { readonly atMs: number; readonly topic: string; readonly cause: string }[];
}
