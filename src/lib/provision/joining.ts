import { delay, type Clock, type Result } from '$lib/base';
import type { BoardCalls, WifiStatus } from './board-calls';
import type { ImprovError, WifiNetwork } from './improv';
import type { JoinedNetwork, WifiProblem } from './setup-state';
import { call, stopAtLine } from './setup-stop';

const POLL_MS = 500;
/** Of a board in its network, to find the broker that it knows. */
const CONNECT_BY_ITSELF_MS = 5_000;

/** What a board with a Device API says of its network. */
export type Joining =
	| { readonly kind: 'joined'; readonly network: JoinedNetwork }
	| { readonly kind: 'not-joined'; readonly status: WifiStatus }
	| { readonly kind: 'unknown' };

/** Waits for the network as long as it may still come. */
export async function untilJoined(
	board: BoardCalls,
	waitMs: number,
	clock: Clock,
	signal: AbortSignal
): Promise<Joining> {
	const until = clock.now() + waitMs;
	for (;;) {
		const asked = await board.wifi(call(signal));
		if (!asked.ok) {
			stopAtLine(asked.error);
			return { kind: 'unknown' };
		}
		const { kind, state, ssid, ip } = asked.value;
		if (state === 'joined' && ip !== '') return { kind: 'joined', network: { kind, ssid, ip } };
		const mayCome = state === 'joining' || state === 'joined';
		if (!mayCome || clock.now() >= until) return { kind: 'not-joined', status: asked.value };
		await delay(POLL_MS, clock, signal);
	}
}

/** A board that kept its settings is with its broker already, or soon: then there is nothing to ask. @returns its address */
export async function brokerByItself(
	board: BoardCalls,
	clock: Clock,
	signal: AbortSignal
): Promise<string | undefined> {
	const until = clock.now() + CONNECT_BY_ITSELF_MS;
	for (;;) {
		const asked = await board.mqtt(call(signal));
		if (!asked.ok || asked.value.uri === '') return undefined;
		if (asked.value.state === 'connected') return asked.value.uri;
		if (clock.now() >= until) return undefined;
		await delay(POLL_MS, clock, signal);
	}
}

/** Improv says only that it could not; the board's own status, where it has one, knows more. */
export function whyNotJoined(
	joined: Result<readonly string[], ImprovError>,
	status: Joining = { kind: 'unknown' }
): WifiProblem {
	if (status.kind === 'not-joined' && status.status.reason) return { kind: status.status.reason };
	if (joined.ok) return { kind: 'timeout' };
	switch (joined.error.kind) {
		case 'too-long':
		case 'unsupported':
		case 'locked':
			return { kind: joined.error.kind };
		case 'no-answer':
			return { kind: 'timeout' };
		default:
			return { kind: 'refused' };
	}
}

/** What was shown stays where it is, with its newest strength; what is new comes behind: nothing jumps under a finger. */
export function keepOrder(
	shown: readonly WifiNetwork[],
	found: readonly WifiNetwork[]
): readonly WifiNetwork[] {
	const newest = new Map(found.map((network) => [network.ssid, network]));
	const known = new Set(shown.map((network) => network.ssid));
	return [
		...shown.map((network) => newest.get(network.ssid) ?? network),
		...found.filter((network) => !known.has(network.ssid))
	];
}
