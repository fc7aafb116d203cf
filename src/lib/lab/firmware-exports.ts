import { err, ok, type Result } from '$lib/base';

/** Why bytes are no firmware of ours. */
export type FirmwareFault =
	| { kind: 'not-firmware'; cause: unknown }
	| { kind: 'missing-export'; name: string }
	| { kind: 'other-abi'; found: number };

/** The ABI that this page speaks; docs/firmware.md. */
export const FIRMWARE_ABI = 3;

/** The module's exports, docs/firmware.md §2. Pointers and lengths in bytes, times in ms. */
export interface FirmwareExports {
	readonly memory: WebAssembly.Memory;
	readonly stackPointer: WebAssembly.Global<'i32'>;
	initialize(): void;
	alloc(size: number): number;
	free(at: number): void;
	create(options: number, size: number, mono: number, unix: number): number;
	destroy(handle: number): void;
	step(handle: number, mono: number, unix: number): number;
	link(handle: number, up: number, mono: number, unix: number): void;
	receive(
		h: number,
		topic: number,
		tn: number,
		payload: number,
		pn: number,
		mono: number,
		unix: number
	): number;
	serial(handle: number, at: number, size: number, mono: number, unix: number): void;
	text(handle: number, which: number, out: number, capacity: number): number;
}

const FUNCTIONS = {
	initialize: '_initialize',
	alloc: 'fb_alloc',
	free: 'fb_free',
	create: 'fb_device_create',
	destroy: 'fb_device_destroy',
	step: 'fb_device_step',
	link: 'fb_device_link',
	receive: 'fb_device_receive',
	serial: 'fb_device_serial',
	text: 'fb_device_text'
} as const;

/** Checks that everything is there, and that it speaks our version. */
export function exportsOf(found: WebAssembly.Exports): Result<FirmwareExports, FirmwareFault> {
	const version = found['fb_abi_version'];
	if (typeof version !== 'function') return err({ kind: 'missing-export', name: 'fb_abi_version' });
	const abi = (version as () => unknown)();
	if (abi !== FIRMWARE_ABI) return err({ kind: 'other-abi', found: Number(abi) });
	if (!(found['memory'] instanceof WebAssembly.Memory))
		return err({ kind: 'missing-export', name: 'memory' });
	if (!(found['__stack_pointer'] instanceof WebAssembly.Global))
		return err({ kind: 'missing-export', name: '__stack_pointer' });
	const functions: Record<string, unknown> = {};
	for (const [ours, theirs] of Object.entries(FUNCTIONS)) {
		if (typeof found[theirs] !== 'function') return err({ kind: 'missing-export', name: theirs });
		functions[ours] = found[theirs];
	}
	// Each function was seen to be one; what they take is the version's promise.
	const wasm = { memory: found['memory'], stackPointer: found['__stack_pointer'], ...functions } as unknown;
	return ok(wasm as FirmwareExports);
}
