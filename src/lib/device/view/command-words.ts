import type { Command, CommandState } from '$lib/model';
import type { IconName, StateName } from '$lib/ui';

/** A command's state in a word and in a sentence. */
export const COMMAND_WORDS = {
	queued: {
		word: 'Queued',
		state: 'late',
		icon: 'late',
		means: 'Stored here. It is sent as soon as the device can be reached.'
	},
	sent: { word: 'Sent', state: 'late', icon: 'forward', means: 'On its way. No answer yet.' },
	acknowledged: { word: 'Acknowledged', state: 'live', icon: 'check', means: 'The device says it is done.' },
	failed: {
		word: 'Failed',
		state: 'failing',
		icon: 'failing',
		means: 'It was not done: the device, or the broker between, refused it.'
	},
	'timed-out': {
		word: 'Timed out',
		state: 'failing',
		icon: 'late',
		means: 'No answer came in time. If one still comes, it is shown here.'
	},
	expired: {
		word: 'Expired',
		state: 'offline',
		icon: 'offline',
		means: 'It was not sent in time, and will not be.'
	},
	unknown: {
		word: 'Unknown',
		state: 'failing',
		icon: 'info',
		means: 'It was sent, and nobody can say whether it was done. Look at the device.'
	}
} as const satisfies Record<CommandState, { word: string; state: StateName; icon: IconName; means: string }>;

/** What was asked, in words where we know the component. */
export function describeCommand(command: Pick<Command, 'method' | 'params'>): string {
	const { id, input } = command.params as { id?: unknown; input?: unknown };
	if (command.method !== 'components.execute' || typeof id !== 'string') return command.method;
	const asked = typeof input === 'object' && input !== null ? Object.entries(input) : [];
	if (id === 'led') {
		const parts = asked.map(([name, value]) =>
			name === 'on'
				? value === true
					? 'on'
					: 'off'
				: name === 'brightness'
					? `${String(value)} % bright`
					: `${name} ${String(value)}`
		);
		return `LED ${parts.join(', ')}`;
	}
	return `${id}: ${asked.map(([name, value]) => `${name} ${JSON.stringify(value)}`).join(', ')}`;
}

/** Why it failed, as the device or the outbox says it. */
export function commandError(command: Pick<Command, 'error'>): string | undefined {
	return command.error ? `${command.error.message} (${command.error.code})` : undefined;
}
