import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ContractLink, Fleet, LinkKind } from './link';
import { boardLoopbackLink, loopbackLink } from './loopback';
import { httpLink, mqttLink, serialLink } from './process-links';
import { filled, scenarios, type Caller, type Scenario } from './scenarios';

/** Vectors say `exp` for their own time; a process has another, and is not as punctual: what is near is moved further away. */
const PATIENCE = 40;
const EXP = /"exp":(\d+(?:\.\d+)?)/u;

const ROLES: readonly Caller[] = ['viewer', 'operator', 'admin'];
const links: Record<
	LinkKind,
	{ open(fleet: Fleet): Promise<ContractLink>; callers: readonly Caller[]; board: boolean }
> = {
	loopback: { open: loopbackLink, callers: ['nobody', ...ROLES], board: false },
	'board loopback': { open: boardLoopbackLink, callers: ['owner'], board: true },
	serial: { open: serialLink, callers: ['owner'], board: true },
	mqtt: { open: mqttLink, callers: ['nobody', ...ROLES], board: true },
	http: { open: httpLink, callers: ['tokenless', ...ROLES], board: true }
};

describe.each(Object.keys(links) as LinkKind[])('the Device API over %s', (kind) => {
	const mine = scenarios.filter((scenario) => suits(kind, scenario));
	const fleet: Fleet = {
		withClock: mine.filter((s) => s.unix_ms > 0).length,
		withoutClock: mine.filter((s) => s.unix_ms === 0).length
	};
	let link: ContractLink;
	beforeAll(async () => void (link = await links[kind].open(fleet)), 180_000);
	afterAll(async () => link.close(), 30_000);

	const used = { withClock: 0, withoutClock: 0 };
	it.each(mine)('$name', async ({ unix_ms, keyed = false, steps }) => {
		const clock = unix_ms > 0;
		const device = await link.device(used[clock ? 'withClock' : 'withoutClock']++, { clock, keyed });
		for (const { as, request, response } of steps) {
			const moved = clock ? atTimeOf(link, request, unix_ms) : request;
			const answer = withoutTime(await device.ask(moved, as));
			expect(answer, request).toEqual(filled(withoutTime(response), answer));
		}
	});
});

it('runs every scenario over some link', () => {
	const kinds = Object.keys(links) as LinkKind[];
	const left = scenarios.filter((scenario) => !kinds.some((kind) => suits(kind, scenario)));
	expect(left.map(({ name }) => name)).toEqual([]);
});

function suits(kind: LinkKind, { board, steps }: Scenario): boolean {
	const link = links[kind];
	return (board ?? link.board) === link.board && steps.every(({ as }) => !as || link.callers.includes(as));
}

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
