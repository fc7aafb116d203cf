import { BAUDS, type BaudMemory, type KeptBaud } from '$lib/flash';

const KEY = 'fieldbench.flash.baud';
/** Nobody has more kinds of adapters on one bench; the one that was used longest ago goes first. */
const MOST_ADAPTERS = 32;

type Kept = Readonly<Record<string, KeptBaud>>;

/**
 * What each adapter's line kept last time, in this browser. A store that cannot be read or written is as good as empty: every
 * write then begins at the default, and nothing is lost but a second.
 * @param storage `localStorage`, which may throw at each use where the person forbids it
 */
export function keptBauds(storage: () => Pick<Storage, 'getItem' | 'setItem'>): BaudMemory {
	const all = (): Kept => {
		try {
			return read(JSON.parse(storage().getItem(KEY) ?? '{}'));
		} catch {
			return {};
		}
	};
	return {
		recall: (adapter) => all()[adapter],
		keep(adapter, kept) {
			const others = Object.entries(all()).filter(([name]) => name !== adapter);
			const newest = [...others, [adapter, kept] as const].slice(-MOST_ADAPTERS);
			try {
				storage().setItem(KEY, JSON.stringify(Object.fromEntries(newest)));
			} catch {
				// forbidden or full: see above
			}
		}
	};
}

/** Total: what is not as it was written is left out. */
function read(value: unknown): Kept {
	if (typeof value !== 'object' || value === null) return {};
	return Object.fromEntries(
		Object.entries(value).filter((entry): entry is [string, KeptBaud] => isKept(entry[1]))
	);
}

function isKept(value: unknown): value is KeptBaud {
	if (typeof value !== 'object' || value === null) return false;
	const { baud, cleanWrites } = value as Partial<Record<keyof KeptBaud, unknown>>;
	const known: readonly unknown[] = BAUDS;
	return known.includes(baud) && Number.isInteger(cleanWrites) && (cleanWrites as number) >= 0;
}
