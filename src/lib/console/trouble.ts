import type { Reset, ResetCause } from './reset-reasons';

/** What a board's log tells of, taken out of its lines. */
export interface Trouble {
	/** Rises by one. */
	readonly id: number;
	/** The lines that belong to it, both included. */
	readonly firstLine: number;
	readonly lastLine: number;
	/** When its first line came, ms since the epoch; and its last. */
	readonly atMs: number;
	readonly lastMs: number;
	readonly what: TroubleKind;
	/** Where the program stood; as it was written. */
	readonly trace: Trace;
}

export type TroubleKind =
	| { readonly kind: 'panic'; readonly reason: string; readonly core: number }
	| { readonly kind: 'abort' }
	| { readonly kind: 'assert'; readonly said: string }
	| { readonly kind: 'stack-overflow'; readonly task: string }
	| { readonly kind: 'stack-smashed' }
	| { readonly kind: 'heap-corrupt'; readonly said: string }
	/** `running` are the tasks that had the processor, `starved` those that did not get it; `stopped`: it ended in abort(). */
	| {
			readonly kind: 'task-watchdog';
			readonly starved: readonly string[];
			readonly running: readonly string[];
			readonly stopped: boolean;
	  }
	| { readonly kind: 'brownout' }
	| { readonly kind: 'out-of-memory'; readonly said: string }
	/** What lies in flash is no program that can be started. */
	| { readonly kind: 'bad-image'; readonly said: string }
	| { readonly kind: 'flash-read'; readonly said: string }
	| { readonly kind: 'download-mode' }
	| { readonly kind: 'wifi-refused'; readonly said: string }
	/** A restart by a watchdog, a sagging supply or the like, of which the program itself said nothing. */
	| { readonly kind: 'reset'; readonly reset: Reset }
	/** Restarts that nobody asked for, one soon after another. */
	| { readonly kind: 'boot-loop'; readonly restarts: number; readonly causes: readonly ResetCause[] };

export interface Trace {
	readonly pc?: string;
	readonly core?: number;
	/** The address that was read or written (EXCVADDR, MTVAL). */
	readonly address?: string;
	/** Program addresses, the innermost first. */
	readonly backtrace: readonly string[];
	/** The chip said that the rest of it is not to be trusted. */
	readonly corrupted?: true;
	/** RISC-V: the stack is given as memory, from which only the program's ELF makes a backtrace. */
	readonly stackDump?: true;
	/** Begins the SHA-256 of the program's ELF file: which build it was. */
	readonly elfSha256?: string;
	readonly coreDump?: 'printed' | 'saved';
}

export const NO_TRACE: Trace = { backtrace: [] };

/** Kinds after which a program does not go on. */
export const isCrash = ({ kind }: TroubleKind): boolean =>
	['panic', 'abort', 'assert', 'stack-overflow', 'stack-smashed', 'heap-corrupt'].includes(kind);
