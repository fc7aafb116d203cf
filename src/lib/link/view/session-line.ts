import type { SessionState } from '$lib/model';
import { formatCount as count, formatNumber, type StateName } from '$lib/ui';

export interface SessionLine {
	readonly state: StateName;
	readonly text: string;
}

/** What the shell knows besides the session itself. */
export interface AroundSession {
	readonly devices: number;
	/** Those of them that are heard now. */
	readonly online: number;
	/** Devices that live in this browser and need no broker. */
	readonly virtual: number;
	readonly messagesPerSecond: number;
	readonly nowMs: number;
	/** What is wrong, in words, where they are at hand: they are fetched when something first is. */
	readonly problem: string | undefined;
}

/** The one line that tells the truth about the connection. @param session undefined: the worker has not said yet */
export function sessionLine(session: SessionState | undefined, around: AroundSession): SessionLine {
	switch (session?.kind) {
		case undefined:
			return { state: 'offline', text: 'Opening what is stored here…' };
		case 'none':
			if (around.virtual > 0)
				return {
					state: 'simulated',
					text: `No broker · ${count(around.virtual, 'virtual device')} · ${rate(around)}`
				};
			return around.devices > 0
				? { state: 'offline', text: 'No broker · showing what is stored here' }
				: { state: 'offline', text: 'No broker' };
		case 'connecting':
			return { state: 'late', text: `Connecting to ${session.broker}…` };
		case 'live':
			if (session.subscriptionRefused)
				return {
					state: 'late',
					text: `Connected to ${session.broker} · it does not let this account read everything`
				};
			return {
				state: 'live',
				text: `Live on ${session.broker} · ${onlineOf(around)} · ${rate(around)}`
			};
		case 'waiting': {
			if (session.problem.kind === 'offline')
				return { state: 'offline', text: 'Offline · showing what is stored here' };
			const seconds = Math.max(0, Math.ceil((session.retryAtMs - around.nowMs) / 1000));
			return {
				state: 'late',
				text: `${around.problem ?? 'Not connected'} · reconnecting to ${session.broker} in ${seconds} s`
			};
		}
		case 'failed':
			return {
				state: 'failing',
				text: `${around.problem ?? 'Not connected'} · not connected to ${session.broker}`
			};
	}
}

/** Of devices that were ever heard some are in a drawer: what is online now is not all that is known. */
const onlineOf = ({ online, devices }: AroundSession): string =>
	online === devices
		? count(devices, 'device')
		: `${formatNumber(online)} of ${count(devices, 'device')} live`;

const rate = ({ messagesPerSecond: r }: AroundSession): string =>
	`${formatNumber(r, r > 0 && r < 9.95 && r % 1 !== 0 ? 1 : 0)} msg/s`;
