import type { DeviceId } from './device-id';

/**
 * Where a command stands. `unknown` is the honest end of an act that may have happened: it was sent, no answer came, and
 * it cannot be asked again.
 */
export type CommandState =
	'queued' | 'sent' | 'acknowledged' | 'failed' | 'timed-out' | 'expired' | 'unknown';

/** A person's act on a device, stored before it is sent. */
export interface Command {
	/** Also its idempotency key on the wire. */
	readonly id: string;
	readonly device: DeviceId;
	readonly method: string;
	readonly params: Readonly<Record<string, unknown>>;
	readonly state: CommandState;
	readonly createdMs: number;
	/** After this the device must not carry it out. */
	readonly expiresMs: number;
	readonly sentMs?: number;
	readonly settledMs?: number;
	/** What the device answered. */
	readonly result?: unknown;
	readonly error?: { readonly code: number; readonly message: string };
}

export const isSettled = (state: CommandState): boolean => state !== 'queued' && state !== 'sent';
