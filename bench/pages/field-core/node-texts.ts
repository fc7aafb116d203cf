import type { DeviceId } from '$lib/model';
import { Walk, metricName } from '../walks';

const EPOCH = 2_890_137_841;
const METRICS = 3;
/** Samples made at a time. */
const AHEAD = 600;
const utf8 = new TextEncoder();

/** What one node of our own publishes, five points a message: three walks, `wifi_rssi` and `uptime`. */
export class NodeTexts {
	readonly #walk: Walk;
	readonly #topic: string;
	#values: readonly Float64Array[] = [];
	#seq = 0;

	constructor(
		readonly device: DeviceId,
		number: number
	) {
		this.#walk = new Walk(number, METRICS);
		this.#topic = `iot/node/${device}/telemetry`;
	}

	next(nowMs: number): { readonly topic: string; readonly payload: Uint8Array } {
		const at = this.#seq % AHEAD;
		if (at === 0) this.#values = [...this.#walk.columns(AHEAD).values.values()];
		const body = {
			...{ node_id: this.device, timestamp: Math.round(nowMs) / 1000, clock: 'sync' },
			sensors: Object.fromEntries(this.#values.map((column, i) => [metricName(i), column[at]])),
			...{ wifi_rssi: -60 - (this.#seq % 9), uptime: Math.round(nowMs / 1000) % 100_000_000 },
			...{ epoch: EPOCH, seq: this.#seq++, sim: false }
		};
		return { topic: this.#topic, payload: utf8.encode(JSON.stringify(body)) };
	}
}
