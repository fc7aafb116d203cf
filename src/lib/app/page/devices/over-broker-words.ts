import type { SessionState } from '$lib/model';

/** What it means to let a virtual device speak over the broker, as things stand. */
export function overBrokerWords(session: SessionState | undefined): string {
	const what = 'Whoever listens there sees it, marked as simulated, and can command it.';
	if (session?.kind === 'live') return `On ${session.broker}. ${what}`;
	return `Once a broker is connected. ${what}`;
}
