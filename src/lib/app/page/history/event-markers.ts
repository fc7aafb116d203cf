import { EVENT_WORDS } from '$lib/device/view';
import type { Annotation } from '$lib/telemetry';
import type { ChartMarker } from '$lib/ui';
import type { DeviceEvent } from '../../field/messages';

/** What ends a time that an event began, and how that time is called. */
const LASTS: Partial<Record<DeviceEvent['kind'], { until: DeviceEvent['kind']; word: string }>> = {
	offline: { until: 'online', word: 'Offline' },
	silent: { until: 'heard', word: 'Silent' },
	sleeping: { until: 'online', word: 'Asleep' },
	alert: { until: 'alert-over', word: 'Alert' }
};
/** A chart draws holes by itself. */
const PASSED_OVER: readonly DeviceEvent['kind'][] = ['gap'];

/**
 * What happened to a device, as its charts show it: what lasted is a band until it was over, and its end no mark of its own.
 * @param events in any order
 */
export function eventMarkers(events: readonly DeviceEvent[]): readonly ChartMarker[] {
	const byTime = events.toSorted((a, b) => a.atMs - b.atMs);
	const ends = new Set<DeviceEvent>();
	const markers: ChartMarker[] = [];
	for (const [i, event] of byTime.entries()) {
		const { atMs, kind, detail } = event;
		if (ends.has(event) || PASSED_OVER.includes(kind)) continue;
		const lasting = LASTS[kind];
		const over =
			lasting &&
			byTime
				.slice(i + 1)
				.find((later) => later.kind === lasting.until && later.detail['rule'] === detail['rule']);
		if (over) ends.add(over);
		const words = detail['text'] ?? Object.values(detail).join(' · ');
		const name = over ? lasting.word : EVENT_WORDS[kind].word;
		markers.push({
			key: `event ${i} ${atMs}`,
			...{ atMs, ...(over && over.atMs > atMs ? { toMs: over.atMs } : {}) },
			kind: kind === 'alert' ? 'alert' : 'event',
			label: words === '' ? name : `${name}: ${words}`
		});
	}
	return markers;
}

/** @param annotations in any order */
export const annotationMarkers = (annotations: readonly Annotation[]): readonly ChartMarker[] =>
	annotations.map(({ id, fromMs, toMs, text }) => ({
		key: `note ${id}`,
		...{ atMs: fromMs, ...(toMs > fromMs ? { toMs } : {}) },
		kind: 'note',
		label: text
	}));
