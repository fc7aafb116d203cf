import type { CallOptions } from '$lib/device';
import type { BoardCallError } from './board-calls';
import type { ImprovError } from './improv';
import type { SetupProblem, SetupState } from './setup-state';

/** The Device API answers from memory; what takes longer was lost. */
export const CALL_MS = 6000;

/** What ends an act early: where the board is left, and what the person sees. */
export class Stop extends Error {
	constructor(readonly state: SetupState) {
		super(state.kind);
	}
}

export const failed = (problem: SetupProblem): Stop => new Stop({ kind: 'failed', problem });

export const call = (signal: AbortSignal, timeoutMs = CALL_MS): CallOptions => ({ signal, timeoutMs });

/** Throws a Stop where the line is what failed; any other error is left to the caller. */
export function stopAtLine(error: BoardCallError | ImprovError): void {
	if (error.kind === 'line') throw failed({ kind: 'line', error: error.error });
	if (error.kind !== 'not-sent') return;
	const { cause } = error;
	// Over a cable only the port can fail to send.
	switch (cause.kind) {
		case 'port-busy':
		case 'held':
		case 'unplugged':
		case 'permission':
		case 'failed':
			throw failed({ kind: 'line', error: cause });
		default:
			throw failed({ kind: 'line', error: { kind: 'failed', cause: cause.kind } });
	}
}
