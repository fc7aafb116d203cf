import type { PortError } from '$lib/link';

const nameOf = (cause: unknown): string =>
	cause instanceof Error || cause instanceof DOMException ? cause.name : '';
const said = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

/** What a rejected `open` means (wicg.github.io/serial, `open()`). */
export function openError(cause: unknown): PortError {
	switch (nameOf(cause)) {
		case 'NetworkError':
		case 'InvalidStateError':
			return { kind: 'port-busy', cause: said(cause) };
		case 'SecurityError':
		case 'NotAllowedError':
			return { kind: 'permission', cause: said(cause) };
		case 'NotFoundError':
			return { kind: 'unplugged' };
		default:
			return { kind: 'failed', cause: said(cause) };
	}
}

/** What a rejection of an open port means: NetworkError is a device that is gone. */
export function streamError(cause: unknown): PortError {
	const name = nameOf(cause);
	return name === 'NetworkError' || name === 'InvalidStateError'
		? { kind: 'unplugged' }
		: { kind: 'failed', cause: said(cause) };
}

const PASSING = new Set(['BreakError', 'FramingError', 'ParityError', 'BufferOverrunError']);

/** After these a port gives a new stream and goes on; bytes are lost (wicg.github.io/serial, `readable`). */
export const isPassing = (cause: unknown): boolean => PASSING.has(nameOf(cause));
