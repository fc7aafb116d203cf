/** An LED as docs/protocol.md §4.3 has it. */
export interface LedState {
	readonly on: boolean;
	/** 0 … 100 %. */
	readonly brightness: number;
}

/** Total: what a device reports about its LED, or undefined where it says nothing that fits. */
export function parseLedState(reported: unknown): LedState | undefined {
	if (typeof reported !== 'object' || reported === null) return undefined;
	const { on, brightness } = reported as { on?: unknown; brightness?: unknown };
	if (typeof on !== 'boolean') return undefined;
	const fits = typeof brightness === 'number' && brightness >= 0 && brightness <= 100;
	return { on, brightness: fits ? brightness : on ? 100 : 0 };
}
