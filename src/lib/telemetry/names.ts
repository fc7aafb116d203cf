import { parseDeviceId, type DeviceId, type Provenance } from '$lib/model';

/** A row of the `names` table: what an id in records and blocks stands for. */
export type NameRow =
	| {
			readonly id: number;
			readonly kind: 'series';
			readonly device: DeviceId;
			readonly provenance: Provenance;
	  }
	| { readonly id: number; readonly kind: 'metric'; readonly name: string };

/** Ids for series and metric names: given out in memory at once, written in the transaction that first uses them. */
export class Names {
	readonly #series = { real: new Map<DeviceId, number>(), simulated: new Map<DeviceId, number>() };
	readonly #metricIds = new Map<string, number>();
	readonly #metrics = new Map<number, string>();
	#next = 1;
	#unsaved: NameRow[] = [];

	constructor(rows: readonly NameRow[] = []) {
		for (const row of rows) this.#learn(row);
	}

	/** Rows that no committed transaction holds yet. Call `saved` when one does. */
	get unsaved(): readonly NameRow[] {
		return this.#unsaved;
	}

	saved(rows: readonly NameRow[]): void {
		const written = new Set(rows);
		this.#unsaved = this.#unsaved.filter((row) => !written.has(row));
	}

	findSeries(device: DeviceId, provenance: Provenance): number | undefined {
		return this.#series[provenance].get(device);
	}

	findMetric(name: string): number | undefined {
		return this.#metricIds.get(name);
	}

	metricName(id: number): string | undefined {
		return this.#metrics.get(id);
	}

	series(device: DeviceId, provenance: Provenance): number {
		return (
			this.findSeries(device, provenance) ?? this.#add({ id: this.#next, kind: 'series', device, provenance })
		);
	}

	metric(name: string): number {
		return this.findMetric(name) ?? this.#add({ id: this.#next, kind: 'metric', name });
	}

	/** A series that was removed: its id is never given out again. */
	forgetSeries(device: DeviceId, provenance: Provenance): void {
		this.#series[provenance].delete(device);
		this.#unsaved = this.#unsaved.filter(
			(row) => row.kind !== 'series' || row.device !== device || row.provenance !== provenance
		);
	}

	/** Keeps clear of ids that damaged tables may still use. */
	startAbove(id: number): void {
		this.#next = Math.max(this.#next, id + 1);
	}

	#add(row: NameRow): number {
		this.#learn(row);
		this.#unsaved.push(row);
		return row.id;
	}

	#learn(row: NameRow): void {
		if (row.kind === 'series') this.#series[row.provenance].set(row.device, row.id);
		else {
			this.#metricIds.set(row.name, row.id);
			this.#metrics.set(row.id, row.name);
		}
		this.startAbove(row.id);
	}
}

/** A row as it lies on disk, or undefined where it is not one. */
export function parseNameRow(raw: unknown): NameRow | undefined {
	if (typeof raw !== 'object' || raw === null) return undefined;
	const { id, kind, device, provenance, name } = raw as Readonly<Record<string, unknown>>;
	if (typeof id !== 'number' || !Number.isSafeInteger(id) || id < 1) return undefined;
	if (kind === 'metric') return typeof name === 'string' ? { id, kind, name } : undefined;
	if (kind !== 'series' || typeof device !== 'string') return undefined;
	if (provenance !== 'real' && provenance !== 'simulated') return undefined;
	const parsed = parseDeviceId(device);
	return parsed.ok ? { id, kind, device: parsed.value, provenance } : undefined;
}
