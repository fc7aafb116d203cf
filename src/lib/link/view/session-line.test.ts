import { describe, expect, it } from 'vitest';
import type { SessionProblem } from '$lib/model';
import { sessionProblemWords } from './problem-words';
import { sessionLine } from './session-line';

const NOW = 1_700_000_000_000;
const around = { devices: 2, online: 2, virtual: 0, messagesPerSecond: 4, nowMs: NOW, problem: undefined };
const url = 'ws://192.168.1.20:9001';

describe('sessionLine', () => {
	it('counts what is live', () => {
		const live = { kind: 'live', id: 'h', broker: 'home-broker', protocolVersion: 5, sinceMs: NOW } as const;
		expect(sessionLine(live, around)).toEqual({
			state: 'live',
			text: 'Live on home-broker · 2 devices · 4 msg/s'
		});
		expect(sessionLine(live, { ...around, devices: 1, online: 1, messagesPerSecond: 0.53 }).text).toBe(
			'Live on home-broker · 1 device · 0.5 msg/s'
		);
	});
	it('does not count what is in a drawer as live', () => {
		const live = { kind: 'live', id: 'h', broker: 'home-broker', protocolVersion: 5, sinceMs: NOW } as const;
		expect(sessionLine(live, { ...around, devices: 53 }).text).toBe(
			'Live on home-broker · 2 of 53 devices live · 4 msg/s'
		);
	});
	it('does not call a session live that may not listen', () => {
		const deaf = {
			kind: 'live',
			id: 'h',
			broker: 'home-broker',
			protocolVersion: 5,
			sinceMs: NOW,
			subscriptionRefused: true
		} as const;
		expect(sessionLine(deaf, around)).toEqual({
			state: 'late',
			text: 'Connected to home-broker · it does not let this account read everything'
		});
	});
	it('says offline rather than counting down to nothing', () => {
		const waiting = {
			kind: 'waiting',
			id: 'b',
			broker: 'b',
			problem: { kind: 'offline' },
			retryAtMs: NOW + 5_000,
			attempt: 1
		} as const;
		expect(sessionLine(waiting, around).text).toBe('Offline · showing what is stored here');
	});
	it('says why first, where a narrow screen does not cut it, and counts down', () => {
		const waiting = {
			kind: 'waiting',
			id: 'b',
			broker: 'b',
			problem: { kind: 'unreachable', url },
			retryAtMs: NOW + 4_200,
			attempt: 1
		} as const;
		const problem = sessionProblemWords(waiting.problem).what;
		expect(sessionLine(waiting, { ...around, problem }).text).toBe(
			'Nobody answers at this address · reconnecting to b in 5 s'
		);
	});
	it('is not live for virtual devices without a broker', () => {
		expect(sessionLine({ kind: 'none' }, { ...around, virtual: 1 }).state).toBe('simulated');
		expect(sessionLine({ kind: 'none' }, around).text).toBe('No broker · showing what is stored here');
	});
});

describe('sessionProblemWords', () => {
	const all: readonly SessionProblem[] = [
		...(['unparsable', 'scheme', 'credentials-in-url'] as const).map((reason) => ({
			kind: 'bad-url' as const,
			url,
			reason
		})),
		{ kind: 'mixed-content', url },
		{ kind: 'local-network-permission', url, state: 'prompt' },
		{ kind: 'local-network-permission', url, state: 'denied' },
		{ kind: 'offline' },
		{ kind: 'unreachable', url },
		{ kind: 'not-mqtt', url },
		...(
			['credentials', 'not-authorised', 'client-id', 'unavailable', 'protocol', 'banned', 'other'] as const
		).map((reason) => ({ kind: 'refused' as const, code: 134, reason })),
		{ kind: 'taken-over' },
		{ kind: 'keepalive-timeout' },
		{ kind: 'closed-by-broker', code: 139 },
		{ kind: 'secret-locked' }
	];
	it('has its own words for each failure: what happened, what it means, what to do', () => {
		const words = all.map(sessionProblemWords);
		expect(new Set(words.map((w) => w.what)).size).toBe(all.length);
		for (const { what, means, todo } of words)
			for (const sentence of [what, means, todo]) expect(sentence.length).toBeGreaterThan(10);
	});
});
