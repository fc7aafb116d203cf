/** What remembers small things in this browser: `localStorage` has this shape. */
export interface SmallStore {
	getItem(key: string): string | null;
	setItem(key: string, value: string): void;
	removeItem(key: string): void;
}

/** What a USB adapter is known by: Web Serial gives no serial number. */
export interface Adapter {
	readonly vendorId?: number;
	readonly productId?: number;
}

const KEY = 'fieldbench-console-bauds';
const MAX_ADAPTERS = 50;
/** The slowest and the fastest that UARTs of these chips and their bridges are used at. */
export const BAUD_RANGE = { least: 300, most: 12_000_000 } as const;

export const isBaud = (value: unknown): value is number =>
	Number.isInteger(value) && Number(value) >= BAUD_RANGE.least && Number(value) <= BAUD_RANGE.most;

/** The speed that was last chosen for the console on each kind of adapter. A store that fails remembers nothing. */
export class AdapterBauds {
	constructor(private readonly store: SmallStore | undefined) {}

	of(adapter: Adapter): number | undefined {
		const baud = this.#all()[nameOf(adapter)];
		return isBaud(baud) ? baud : undefined;
	}

	keep(adapter: Adapter, baud: number): void {
		const { [nameOf(adapter)]: _old, ...others } = this.#all();
		const entries = Object.entries({ ...others, [nameOf(adapter)]: baud }).slice(-MAX_ADAPTERS);
		try {
			this.store?.setItem(KEY, JSON.stringify(Object.fromEntries(entries)));
		} catch {
			// a full or forbidden store: the speed holds for this visit
		}
	}

	#all(): Readonly<Record<string, unknown>> {
		try {
			const kept: unknown = JSON.parse(this.store?.getItem(KEY) ?? '{}');
			return typeof kept === 'object' && kept !== null ? { ...kept } : {};
		} catch {
			return {}; // another program's text, or a forbidden store
		}
	}
}

const nameOf = ({ vendorId, productId }: Adapter): string =>
	`usb-${(vendorId ?? 0).toString(16)}-${(productId ?? 0).toString(16)}`;
