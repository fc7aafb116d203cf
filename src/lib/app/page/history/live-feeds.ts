import type { DeviceId, Provenance } from '$lib/model';
import { LivePoints } from '../device-views.svelte';
import type { FieldPort } from '../field-port';

/** New points of the device that is looked at, and of those drawn beside it: a feed each from when it is first drawn, until the page goes. */
export class LiveFeeds {
	readonly #end = new AbortController();
	readonly #feeds = new Map<string, LivePoints>();

	/** @param own the device's own feed, which its screen follows */
	constructor(
		private readonly field: FieldPort,
		private readonly own: { readonly device: DeviceId; readonly points: LivePoints }
	) {}

	of(device: DeviceId, provenance: Provenance): LivePoints {
		if (device === this.own.device) return this.own.points;
		const key = `${provenance}/${device}`;
		const known = this.#feeds.get(key);
		if (known) return known;
		const feed = new LivePoints();
		feed.follow(this.field, device, provenance, this.#end.signal);
		this.#feeds.set(key, feed);
		return feed;
	}

	stop(): void {
		this.#end.abort();
	}
}
