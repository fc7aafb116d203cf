import { CadenceBook } from '$lib/device';
import type { DeviceId } from '$lib/model';
import { KnownDevices } from '../field/devices-news';
import type { DevicesNews, DeviceSummary } from '../field/messages';
import type { FieldPort } from './field-port';
import { newestEachFrame } from './newest-each-frame';

/** All devices, as the field worker's registry last told. */
export class DeviceList {
	#news = $state.raw<Omit<DevicesNews, 'whole' | 'gone'> | undefined>(undefined);
	readonly #known = new KnownDevices();
	readonly #cadences = new CadenceBook();

	/** false until the first answer: then an empty list means that there are none. */
	get loaded(): boolean {
		return this.#news !== undefined;
	}

	get devices(): readonly DeviceSummary[] {
		return this.#news?.devices ?? [];
	}

	get messagesPerSecond(): number {
		return this.#news?.messagesPerSecond ?? 0;
	}

	/** Ids beyond the bound of the registry. */
	get refusedIds(): number {
		return this.#news?.refusedIds ?? 0;
	}

	/** By the id of the address bar, which may be any text. */
	find(id: string): DeviceSummary | undefined {
		return this.#news && this.#known.find(id); // each change of what is known ends in news
	}

	/** How old this device's newest value may be before it is late, ms: learnt from how often it speaks. */
	lateAfterMs(id: DeviceId): number {
		// As the book does.
		return this.#news === undefined ? Infinity : this.#cadences.lateAfterMs(id);
	}

	/** Mirrors the registry until `signal` aborts. */
	follow(field: FieldPort, signal: AbortSignal): void {
		const show = newestEachFrame<Pick<DevicesNews, 'refusedIds' | 'messagesPerSecond'>>(
			({ refusedIds, messagesPerSecond }) =>
				(this.#news = { devices: this.#known.all(), refusedIds, messagesPerSecond }),
			signal
		);
		field.watch(
			'devices',
			null,
			(news) => {
				this.#cadences.forget(this.#known.take(news));
				this.#cadences.note(news.devices);
				show(news);
			},
			signal
		);
	}
}
