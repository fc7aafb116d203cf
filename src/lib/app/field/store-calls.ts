import { Transferred } from '$lib/base';
import type { CopyStatus, CoreHandlers } from './messages';
import { FOR_EVER, retentionOf, type RetentionPlan } from './retention-plan';
import type { FieldStorage } from './storage';

/** What pages ask of the store and nobody else has a part in. */
export function storeCalls({
	telemetry,
	settings,
	copy
}: Pick<FieldStorage, 'telemetry' | 'settings' | 'copy'>): Pick<
	CoreHandlers['calls'],
	| 'range'
	| 'states'
	| 'aggregate'
	| 'gaps'
	| 'storeStats'
	| 'retention'
	| 'setRetention'
	| 'copyStatus'
	| 'setCopy'
	| 'actOnCopy'
	| 'copyFolder'
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
		copyStatus: () => Promise.resolve(copy?.status ?? NO_COPY),
		setCopy: async ({ where }) => {
			await copy?.keep(where);
			return copy?.status ?? NO_COPY;
		},
		copyFolder: () => copy?.folder() ?? Promise.resolve(undefined),
		actOnCopy: async ({ act }) => {
			await copy?.act(act);
			return copy?.status ?? NO_COPY;
		},
		retention: () => chosenRetention(settings),
		setRetention: async (plan) => {
			await settings.put('retention', { key: 'retention', plan });
			telemetry.retain(retentionOf(plan));
		}
	};
}

const NO_COPY: CopyStatus = {
	...{ kind: 'off', place: undefined, ownPlace: false, bytes: 0, writtenMs: undefined },
	...{ failures: 0, trouble: undefined, damagedFiles: 0, returning: 0, returned: undefined }
};

export async function chosenRetention(settings: FieldStorage['settings']): Promise<RetentionPlan> {
	const row = await settings.get('retention');
	return row && 'plan' in row ? row.plan : FOR_EVER;
}
