import { needsLook } from '$lib/device';
import { alertMeaning, SEVERITY_WORDS, TOLD_BY_OTHERS } from '$lib/device/view';
import type { SessionState } from '$lib/model';
import { formatCount as count, formatNumber, type IconName, type StateName } from '$lib/ui';
import type { Alert, DeviceSummary, OverviewReport } from '../../field/messages';
import { links } from '../links';
import type { Standing } from '../standing-of';

/** Something that waits for a person: what happened and what it means, and where to do something about it. */
export interface Attention {
	readonly key: string;
	readonly state: StateName;
	readonly icon: IconName;
	readonly what: string;
	readonly means: string;
	/** Of several the earliest; absent where it is not known, or said in words. */
	readonly since?: {
		readonly atMs: number;
		readonly word: 'raised' | 'last heard' | 'the first raised' | 'the first last heard';
	};
	readonly todo: { readonly words: string; readonly href: string };
	readonly simulated: boolean;
}

export interface Around {
	readonly session: SessionState | undefined;
	readonly standings: readonly Standing[];
	/** Of these. */
	readonly find: (id: DeviceSummary['id']) => Standing | undefined;
	readonly alerts: readonly Alert[];
	readonly refused: OverviewReport['history']['refused'];
}

const MOST_NAMES = 3;
/** Critical alerts stand alone; beyond these they are told together. */
const MOST_CRITICAL = 3;

/** What a person should do something about now, the worst first; nothing that mends itself. */
export function attention(around: Around): readonly Attention[] {
	return [...ofSession(around), ...ofAlerts(around), ...ofSilent(around.standings), ...ofHistory(around)];
}

function ofSession({ session, standings }: Around): readonly Attention[] {
	const waits = standings.some(({ device }) => device.links.includes('mqtt'));
	const shape = { key: 'session', icon: 'broker', simulated: false } as const;
	const todo = { words: 'Look at the broker', href: links.broker() };
	if (session?.kind === 'failed')
		return [
			{
				...{ ...shape, todo, state: 'failing', what: `Not connected to ${session.broker}` },
				means: 'It is not tried again by itself. Until then nothing comes in, and the last known is shown.'
			}
		];
	if (session?.kind === 'waiting')
		return [
			{
				...{ ...shape, todo, state: 'late', what: `The connection to ${session.broker} is down` },
				means: 'It is tried again by itself. Devices that keep a log fill in what is missed meanwhile.'
			}
		];
	if (session?.kind === 'none' && waits)
		return [
			{
				...{ ...shape, state: 'offline', what: 'No broker is connected' },
				means: 'Nothing comes in from your devices; what you see is what is stored here.',
				todo: { words: 'Connect one', href: links.broker() }
			}
		];
	return [];
}

function ofAlerts({ alerts, find }: Around): readonly Attention[] {
	const waiting = alerts.filter((alert) => needsLook(alert) && alert.severity !== 'info');
	const critical = waiting.filter(({ severity }) => severity === 'critical').slice(0, MOST_CRITICAL);
	const rest = waiting.filter((alert) => !critical.includes(alert));
	const nameOf = (id: DeviceSummary['id']) => find(id)?.device.name ?? id;
	const live = (id: DeviceSummary['id']) => find(id)?.state === 'live';
	const todo = { words: 'To the alerts', href: '#alerts' };
	const { icon } = SEVERITY_WORDS.critical;
	return [
		...critical.map((alert): Attention => ({
			...({ key: `alert ${alert.id}`, state: 'failing', icon, todo } as const),
			what: `${nameOf(alert.device)}: ${alert.text}`,
			means: `Critical. ${alertMeaning(alert, live(alert.device))}`,
			...(alert.raisedMs === undefined ? {} : { since: { atMs: alert.raisedMs, word: 'raised' as const } }),
			simulated: alert.provenance === 'simulated'
		})),
		...[false, true].flatMap((simulated) => {
			const mine = rest.filter(({ provenance }) => (provenance === 'simulated') === simulated);
			if (mine.length === 0) return [];
			return [
				{
					...({ key: `alerts ${simulated}`, state: 'late', icon, todo, simulated } as const),
					what: `${count(mine.length, 'alert')} nobody has acknowledged`,
					means: `From ${names([...new Set(mine.map(({ device }) => nameOf(device)))])}.`,
					...earliest(
						mine.flatMap(({ raisedMs }) => raisedMs ?? []),
						'raised'
					)
				}
			];
		})
	];
}

/** Nobody waits for it, or the trouble is the session's and not the device's. */
const EXPECTED: readonly string[] = ['Sleeping', TOLD_BY_OTHERS, 'Last known'];

function ofSilent(standings: readonly Standing[]): readonly Attention[] {
	const silent = standings.filter(({ state, word }) => state !== 'live' && !EXPECTED.includes(word));
	return SILENT_STATES.flatMap((state) =>
		[false, true].flatMap((simulated) => {
			const mine = silent.filter((one) => one.state === state && one.simulated === simulated);
			const [first] = mine;
			if (!first) return [];
			return [
				{
					...{ key: `${state} ${simulated}`, state, icon: state, simulated },
					what: `${count(mine.length, simulated ? 'simulated device' : 'device')} ${SILENT[state].what}`,
					means: `${names(mine.map(({ device }) => device.name))}: ${SILENT[state].means}`,
					...earliest(
						mine.map(({ device }) => device.lastSeenMs).filter((ms) => ms > 0),
						'last heard'
					),
					todo:
						mine.length === 1
							? { words: 'Look at it', href: links.device(first.device.id) }
							: { words: 'To the devices', href: '#devices' }
				}
			];
		})
	);
}

const SILENT_STATES = ['failing', 'offline', 'late'] as const;
const SILENT = {
	failing: { what: 'failing', means: 'see what it says.' },
	offline: { what: 'offline', means: 'the broker says so. Check power and Wi-Fi.' },
	late: { what: 'late', means: 'longer silent than usual. Check power and Wi-Fi if it lasts.' }
} as const;

function ofHistory({ refused, find }: Around): readonly Attention[] {
	return refused.map(({ device, provenance, missing }) => ({
		...({ key: `history ${device}`, state: 'late', icon: 'chart' } as const),
		what: `${find(device)?.device.name ?? device}: ${count(missing, 'sample')} cannot be fetched`,
		means: 'The device gives its log only to who has its key; this browser has not.',
		todo: { words: 'Give it the key', href: links.device(device, 'about') },
		simulated: provenance === 'simulated'
	}));
}

function earliest(times: readonly number[], word: 'raised' | 'last heard'): Pick<Attention, 'since'> {
	if (times.length === 0) return {};
	return {
		since: {
			atMs: times.reduce((a, b) => Math.min(a, b)),
			word: times.length === 1 ? word : `the first ${word}`
		}
	};
}

/** "A, B, C and 4 more" */
function names(all: readonly string[]): string {
	const more = all.length - MOST_NAMES;
	if (more > 0) return `${all.slice(0, MOST_NAMES).join(', ')} and ${formatNumber(more)} more`;
	return all.length > 1 ? `${all.slice(0, -1).join(', ')} and ${all.at(-1) ?? ''}` : (all[0] ?? '');
}
