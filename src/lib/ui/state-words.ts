/** The five states of the whole product. A word may say it closer ("Sleeping"); the hue and meaning stay. */
export type StateName = 'live' | 'late' | 'offline' | 'failing' | 'simulated';

export const STATE_WORDS = {
	live: 'Live',
	late: 'Late',
	offline: 'Offline',
	failing: 'Failing',
	simulated: 'Simulated'
} as const satisfies Record<StateName, string>;
