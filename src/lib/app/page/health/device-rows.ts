import type { HealthReport, DeviceSummary } from '../../field/messages';

/** One device as the health screen lists it. */
export interface DeviceHealthRow {
	readonly device: DeviceSummary;
	readonly bytes: number;
	readonly samples: number;
	readonly fromMs: number | undefined;
	readonly toMs: number | undefined;
	readonly missing: number;
	/** How its history is, in few words. */
	readonly history: string;
	readonly lastDay: string;
}

export type RowOrder = 'seen' | 'size' | 'missing';

/** Joins what registry, store and backfill know of each device. Real and simulated history of one id are not summed up. */
export function deviceRows(
	devices: readonly DeviceSummary[],
	report: HealthReport,
	order: RowOrder
): readonly DeviceHealthRow[] {
	const key = (of: { readonly device: string; readonly provenance: string }) =>
		`${of.provenance}/${of.device}`;
	const health = new Map(report.devices.map((one) => [key(one), one]));
	const sizes = new Map((report.store.figures?.sizes ?? []).map((one) => [key(one), one]));
	const rows = devices.map((device): DeviceHealthRow => {
		const of = key({ device: device.id, provenance: device.provenance });
		const [size, known] = [sizes.get(of), health.get(of)];
		return {
			device,
			bytes: (size?.blockBytes ?? 0) + (size?.rollupBytes ?? 0),
			samples: (size?.sealed ?? 0) + (size?.held ?? 0),
			fromMs: size?.fromMs,
			toMs: size?.toMs,
			missing: known?.backfill.missing ?? 0,
			history: historyWord(known?.backfill),
			lastDay: dayWord(known)
		};
	});
	return rows.toSorted(ORDERS[order]);
}

/** @param search all its words must be in the name or the id */
export function rowsFound(rows: readonly DeviceHealthRow[], search: string): readonly DeviceHealthRow[] {
	const words = search.toLocaleLowerCase().split(/\s+/u).filter(Boolean);
	return rows.filter(({ device: { name, id } }) => {
		const text = `${name} ${id}`.toLocaleLowerCase();
		return words.every((word) => text.includes(word));
	});
}

const ORDERS: Readonly<Record<RowOrder, (a: DeviceHealthRow, b: DeviceHealthRow) => number>> = {
	seen: (a, b) => a.device.lastSeenMs - b.device.lastSeenMs,
	size: (a, b) => b.bytes - a.bytes || b.samples - a.samples,
	missing: (a, b) => b.missing - a.missing || a.device.lastSeenMs - b.device.lastSeenMs
};

type Known = HealthReport['devices'][number];

function historyWord(backfill: Known['backfill'] | undefined): string {
	if (!backfill) return '–';
	const { state, missing, abandoned } = backfill;
	const lost = backfill.lost + abandoned;
	const gone = lost > 0 ? `, ${lost.toLocaleString('en')} lost` : '';
	if (missing === 0) return lost > 0 ? `${lost.toLocaleString('en')} lost` : 'No holes known';
	return `${missing.toLocaleString('en')} ${MISSING[state]}${gone}`;
}

const MISSING = {
	idle: 'missing',
	unheard: 'missing, asked for with its next message',
	filling: 'being fetched',
	waiting: 'missing, asked again',
	refused: 'missing, needs its key',
	unsupported: 'missing, no log'
} as const satisfies Record<Known['backfill']['state'], string>;

function dayWord(known: Known | undefined): string {
	if (!known) return '';
	const { offlineTimes, restarts } = known;
	const times = (n: number, what: string) => (n === 0 ? [] : [`${what} ${n}×`]);
	return [...times(offlineTimes, 'offline'), ...times(restarts, 'restarted')].join(', ');
}
