import type { Halfway } from '../plan-facts';

/** What it means to stop a write, before it is done. @param begun something may be erased or written already */
export function stopWords({ starts, allErased, settings }: Halfway, begun: boolean): string {
	if (!begun) return 'Nothing is erased or written yet: the board stays as it is.';
	if (allErased)
		return 'Its flash is erased first, so all that it had stored is gone, and the rest does not come: the board will not start a program until it is flashed again.';
	const half = 'What is written so far stays and the rest does not come';
	if (!starts) return `${half}: the board may not start a program until it is flashed again.`;
	return `${half}. The program that is on the board starts as before${settings ? ', and may find its settings half written' : ''}.`;
}

/** What a write left that ended half way: what it means, and what to do. */
export function leftWords({ starts, allErased, settings }: Halfway): {
	readonly means: string;
	readonly todo: string;
} {
	if (allErased)
		return {
			means:
				'Its flash was erased for it and is not whole: it does not start a program, and all that it had stored is gone.',
			todo: 'Flash again to bring it back.'
		};
	const half = 'Some of it is written and some is not';
	if (!starts)
		return {
			means: `${half}: the board may not start a program as it is.`,
			todo: 'Flash again to bring it back.'
		};
	return settings
		? {
				means: `${half}: the program on the board starts, and may find its settings half written.`,
				todo: 'Flash again to make them whole.'
			}
		: {
				means: `${half}: the program that was on the board starts as before.`,
				todo: 'Flash again when you like.'
			};
}
