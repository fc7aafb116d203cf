import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ContractLink, type Fleet, type LinkKind } from './link';
import { loopbackLink } from './loopback';
import { httpLink, mqttLink, serialLink } from './process-links';

interface Scenario {
	readonly name: string;
	/** 0: the clock is not set. */
	readonly unix_ms: number;
	readonly steps: readonly { readonly request: string; readonly response: unknown }[];
}

const scenarios = JSON.parse(readFileSync('tests/vectors/rpc.json', 'utf8')) as Scenario[];
const fleet: Fleet = {
	withClock: scenarios.filter((s) => s.unix_ms > 0).length,
	withoutClock: scenarios.filter((s) => s.unix_ms === 0).length
};

/** Vectors say `exp` for their own time; a process has another, and is not as punctual: what is near is moved further away. */
const PATIENCE = 40;
const EXP = /"exp":(\d+(?:\.\d+)?)/u;

const links: Record<LinkKind, () => Promise<ContractLink>> = {
	loopback: loopbackLink,
	serial: () => serialLink(fleet),
	mqtt: () => mqttLink(fleet),
	http: () => httpLink(fleet)
};

describe.each(Object.keys(links) as LinkKind[])('the Device API over %s', (kind) => {
	let link: ContractLink;
	beforeAll(async () => void (link = await links[kind]()), 180_000);
	afterAll(async () => link.close(), 30_000);

	const used = { withClock: 0, withoutClock: 0 };
	it.each(scenarios)('$name', async ({ unix_ms, steps }) => {
		const clock = unix_ms > 0;
		const device = await link.device(used[clock ? 'withClock' : 'withoutClock']++, clock);
		for (const { request, response } of steps) {
			const moved = clock ? atTimeOf(link, request, unix_ms) : request;
			const answer = await device.ask(moved);
			expect(withoutTime(answer)).toEqual(withoutTime(response));
		}
	});
});

function atTimeOf(link: ContractLink, request: string, unixMs: number): string {
	return request.replace(
		EXP,
		(_, exp: string) => `"exp":${link.nowS() + (Number(exp) - unixMs / 1000) * PATIENCE}`
	);
}

/** Of an expired request `exp` and `now` are the asker's and the device's own; that they are told in that order is checked. */
function withoutTime(answer: unknown): unknown {
	const { error } = answer as { error?: { code: number; data?: { exp: number; now: number } } };
	if (error?.code !== -32001 || !error.data) return answer;
	expect(error.data.now).toBeGreaterThan(error.data.exp);
	return { ...(answer as object), error: { ...error, data: 'exp before now' } };
}
