import type { ReceiveFault } from './lease';
import type { PortError } from './port';

/**
 * What a rejection of Web Serial means. Chromium rejects `open` with NetworkError "Failed to open serial port." where another
 * program has the device and, on Linux, where the user may not open it; with InvalidStateError where this page has it open
 * already (blink/renderer/modules/serial/serial_port.cc). It cannot be told apart further.
 */
export function openFault(cause: unknown): PortError {
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

/** The same for a port that was open: there, NetworkError means that the device is gone. */
export function lineFault(cause: unknown): PortError {
	const name = nameOf(cause);
	return name === 'NetworkError' || name === 'InvalidStateError'
		? { kind: 'unplugged' }
		: { kind: 'failed', cause: said(cause) };
}

/** Errors of a read after which the port gives a new stream and goes on (wicg.github.io/serial, `readable`). */
const RECEIVE_FAULTS: Readonly<Record<string, ReceiveFault>> = {
	BreakError: 'break',
	FramingError: 'framing',
	ParityError: 'parity',
	BufferOverrunError: 'overrun'
};

export const receiveFault = (cause: unknown): ReceiveFault | undefined => RECEIVE_FAULTS[nameOf(cause)];

const nameOf = (cause: unknown): string =>
	cause instanceof Error || cause instanceof DOMException ? cause.name : '';
const said = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
