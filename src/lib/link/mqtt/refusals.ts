import type { SessionProblem } from '$lib/model';

type RefusalReason = Extract<SessionProblem, { kind: 'refused' }>['reason'];

/**
 * CONNACK codes of MQTT 3.1.1 (§3.2.2.3, 1–5) and MQTT 5 (§3.2.2.2, ≥ 128). Their ranges do not meet, so one table serves both;
 * a 3.1.1-only broker may answer an MQTT 5 CONNECT with the old code 1.
 */
const REASONS: Readonly<Record<number, RefusalReason>> = {
	1: 'protocol',
	2: 'client-id',
	3: 'unavailable',
	4: 'credentials',
	5: 'not-authorised',
	0x81: 'protocol',
	0x82: 'protocol',
	0x84: 'protocol',
	0x85: 'client-id',
	0x86: 'credentials',
	0x87: 'not-authorised',
	0x88: 'unavailable',
	0x89: 'unavailable',
	0x8a: 'banned',
	0x8c: 'credentials',
	0x9c: 'unavailable',
	0x9d: 'unavailable',
	0x9f: 'unavailable'
};

export function refusal(code: number): Extract<SessionProblem, { kind: 'refused' }> {
	return { kind: 'refused', code, reason: REASONS[code] ?? 'other' };
}

/** A broker that does not speak the version we offered: the only refusal that another version may cure. */
export const refusesVersion = (code: number): boolean => code === 1 || code === 0x84;

/** DISCONNECT of MQTT 5 (§3.14.2.1). 3.1.1 has none: its broker just closes. */
export function disconnection(code: number): SessionProblem {
	if (code === 0x8e) return { kind: 'taken-over' };
	if (code === 0x8d) return { kind: 'keepalive-timeout' };
	return { kind: 'closed-by-broker', code };
}

/** Problems that another try would only repeat: a person has to act first. */
export function needsPerson(problem: SessionProblem): boolean {
	switch (problem.kind) {
		case 'bad-url':
		case 'mixed-content':
		case 'local-network-permission':
		case 'secret-locked':
		case 'taken-over':
			return true;
		case 'refused':
			return problem.reason !== 'unavailable' && problem.reason !== 'other';
		case 'offline':
		case 'unreachable':
		case 'not-mqtt':
		case 'keepalive-timeout':
		case 'closed-by-broker':
			return false;
	}
}
