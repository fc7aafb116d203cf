import type { DeviceId } from '$lib/model';
import type { Standing } from '../standing-of';
import type { WorstAlerts } from '../alerts-view.svelte';
import { arrange, type Arrangement } from './arrange';

/** Which devices a list shows, in its order: made anew when their shape changes, not with each value that thousands measure. */
export class ArrangedIds {
	#ids: readonly DeviceId[] = [];
	#shape: number | undefined;
	#arrangement: Arrangement | undefined;

	#alerts: WorstAlerts | undefined;

	/** @param shape of these, as `Standings` has it */
	of(
		standings: readonly Standing[],
		shape: number,
		arrangement: Arrangement,
		alerts?: WorstAlerts
	): readonly DeviceId[] {
		// When they were seen changes with each message.
		const same = shape === this.#shape && alerts === this.#alerts && arrangement.order !== 'seen';
		if (same && arrangement === this.#arrangement) return this.#ids;
		this.#shape = shape;
		this.#arrangement = arrangement;
		this.#alerts = alerts;
		const states = new Map(standings.map(({ device, state }) => [device.id, state]));
		const devices = standings.map(({ device }) => device);
		const shown = arrange(devices, arrangement, ({ id }) => states.get(id) ?? 'offline', alerts);
		return (this.#ids = shown.map(({ id }) => id));
	}
}
