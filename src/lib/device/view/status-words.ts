import type { StateName } from '$lib/ui';
import type { Status } from '../timeline';

/** A stretch of a device's life in words, and what it means. */
export const STATUS_WORDS = {
	online: { word: 'Online', state: 'live', means: 'It said so, and this app listened.' },
	silent: {
		...{ word: 'Silent', state: 'late' },
		means: 'Longer than usual nothing came, and no word that it left.'
	},
	sleeping: { word: 'Asleep', state: 'offline', means: 'It said that it would sleep.' },
	offline: { word: 'Offline', state: 'failing', means: 'It left, or the broker lost it.' },
	unknown: { word: 'Not known', state: 'offline', means: 'This app was closed or not connected.' }
} as const satisfies Record<Status, { word: string; state: StateName; means: string }>;

export const CLOCK_WORDS: Readonly<Record<string, string>> = {
	synchronised: 'Clock set',
	corrected: 'Clock set later',
	unsynchronised: 'Clock not set'
};
