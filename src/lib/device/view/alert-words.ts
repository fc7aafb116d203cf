import { formatSpan, type IconName, type StateName } from '$lib/ui';
import { type Alert } from '../alert-book';
import type { Severity } from '../severity';

/** How a severity stands: hue, word and icon. */
export const SEVERITY_WORDS = {
	info: { word: 'Info', state: 'offline', icon: 'info' },
	warning: { word: 'Warning', state: 'late', icon: 'alert' },
	critical: { word: 'Critical', state: 'failing', icon: 'alert' }
} as const satisfies Record<Severity, { word: string; state: StateName; icon: IconName }>;

const STANDS = {
	info: 'It still holds.',
	warning: 'It still holds: look at it soon.',
	critical: 'It still holds: act now.'
} as const satisfies Record<Severity, string>;

/**
 * What an alert means now.
 * @param live its device is heard: nobody else can say that it is over
 */
export function alertMeaning({ raisedMs, overMs, severity }: Alert, live: boolean): string {
	if (overMs !== undefined) {
		if (raisedMs === undefined || overMs <= raisedMs) return 'It is over. How long it held was not heard.';
		return `It is over. It held for ${formatSpan(Math.max(1000, overMs - raisedMs))}.`;
	}
	return live ? STANDS[severity] : 'The device is not heard now, so nobody knows whether it still holds.';
}
