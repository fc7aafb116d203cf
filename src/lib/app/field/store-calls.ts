import { Transferred } from '$lib/base';
import type { CoreHandlers } from './messages';
import { FOR_EVER, retentionOf, type RetentionPlan } from './retention-plan';
import type { FieldStorage } from './storage';

/** What pages ask of the store and nobody else has a part in. */
export function storeCalls({
	telemetry,
	settings
}: Pick<FieldStorage, 'telemetry' | 'settings'>): Pick<
	CoreHandlers['calls'],
	'range' | 'states' | 'aggregate' | 'gaps' | 'storeStats' | 'retention' | 'setRetention'
> {
	return {
		range: async (query, { signal }) => {
			const columns = await telemetry.range(query, signal);
			return new Transferred(columns, [
				columns.timeMs.buffer,
				columns.min.buffer,
				columns.max.buffer,
				columns.avg.buffer,
				columns.count.buffer
			]);
		},
		states: (query, { signal }) => telemetry.states(query, signal),
		aggregate: (query, { signal }) => telemetry.aggregate(query, signal),
		gaps: (series) => Promise.resolve(telemetry.gaps(series)),
		storeStats: () => telemetry.stats(),
		retention: () => chosenRetention(settings),
		setRetention: async (plan) => {
			await settings.put('retention', { key: 'retention', plan });
			telemetry.retain(retentionOf(plan));
		}
	};
}

export async function chosenRetention(settings: FieldStorage['settings']): Promise<RetentionPlan> {
	const row = await settings.get('retention');
	return row && 'plan' in row ? row.plan : FOR_EVER;
}
