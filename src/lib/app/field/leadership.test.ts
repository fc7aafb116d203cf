import { expect, test } from 'vitest';
import { ManualClock } from '$lib/base';
import { FakeOrigin } from './fakes';
import { LEADER_LOCK, Leadership, type FieldTalk } from './leadership';

/** Two or more workers of one origin, each with a leadership; `leads` lists who thinks it leads. */
function origin({ locks = true, random = () => 0 }: { locks?: boolean; random?: () => number } = {}) {
	const clock = new ManualClock();
	const fake = new FakeOrigin(clock);
	const workers = new Map<string, { leadership: Leadership; thinksItLeads: boolean; led: number }>();
	const add = (name: string) => {
		const view = fake.as(name);
		const channel = view.openChannel('talk');
		const worker = { thinksItLeads: false, led: 0 } as {
			leadership: Leadership;
			thinksItLeads: boolean;
			led: number;
		};
		worker.leadership = new Leadership({
			...{ locks: locks ? view.locks : undefined, clock: view.clock, random },
			say: (talk) => channel.postMessage(talk),
			onLead: (signal) => {
				worker.thinksItLeads = true;
				worker.led++;
				signal.addEventListener('abort', () => (worker.thinksItLeads = false));
			}
		});
		channel.onmessage = ({ data }: MessageEvent<FieldTalk>) =>
			data.type === 'who' ? worker.leadership.asked() : worker.leadership.heard();
		workers.set(name, worker);
		worker.leadership.start();
		return worker;
	};
	const leads = () => [...workers].filter(([, w]) => w.thinksItLeads).map(([name]) => name);
	/** Time passes in steps, so that what happens in one is heard before the next. */
	const pass = async (ms: number) => {
		for (let left = ms; left > 0; left -= 250) {
			await new Promise<void>((resolve) => setImmediate(resolve));
			clock.advance(Math.min(250, left));
			await new Promise<void>((resolve) => setImmediate(resolve));
		}
	};
	return { clock, fake, add, leads, pass };
}

test('the first worker leads at once, and others wait as long as it lives', async () => {
	const o = origin();
	o.add('a');
	await o.pass(250);
	o.add('b');
	await o.pass(60_000);
	expect(o.leads()).toEqual(['a']);
});

test('the next takes over as soon as the leader is dead', async () => {
	const o = origin();
	o.add('a');
	await o.pass(250);
	o.add('b');
	await o.pass(1000);
	o.fake.kill('a');
	await o.pass(250);
	expect(o.fake.holder(LEADER_LOCK)).toBe('b');
	expect(o.leads()).toContain('b');
});

test('a leader frozen with its lock is robbed after five silent seconds, and not before', async () => {
	const o = origin();
	o.add('a');
	await o.pass(250);
	o.add('b');
	await o.pass(2000);
	o.fake.freeze('a');
	await o.pass(4500);
	expect(o.fake.holder(LEADER_LOCK)).toBe('a');
	await o.pass(2500);
	expect(o.fake.holder(LEADER_LOCK)).toBe('b');
});

test('the robbed leader stops leading and gets its turn again when the thief ends', async () => {
	const o = origin();
	const a = o.add('a');
	await o.pass(250);
	o.add('b');
	await o.pass(2000);
	o.fake.freeze('a');
	await o.pass(8000);
	o.fake.thaw('a');
	await o.pass(1000);
	expect(o.leads()).toEqual(['b']);
	o.fake.kill('b');
	await o.pass(1000);
	expect(a.thinksItLeads).toBe(true);
	expect(a.led).toBe(2);
});

test('of three followers one steals, and its heartbeat keeps the others from it', async () => {
	let n = 0;
	const o = origin({ random: () => (n++ % 4) / 4 });
	o.add('a');
	await o.pass(250);
	const rest = ['b', 'c', 'd'].map((name) => o.add(name));
	await o.pass(1000);
	o.fake.freeze('a');
	await o.pass(30_000);
	expect(rest.reduce((led, w) => led + w.led, 0)).toBe(1);
});

test('a worker that steals in vain steals at most once in ten seconds', async () => {
	const o = origin();
	const b = o.add('b');
	await o.pass(250);
	// Somebody of another protocol takes the lock again and again and never says a word.
	const mute = o.fake.as('mute').locks;
	let robbed = 0;
	const rob = () =>
		void mute.request(LEADER_LOCK, { steal: true }, () => new Promise(() => {})).catch(() => robbed++);
	rob();
	for (let s = 0; s < 40; s++) {
		await o.pass(1000);
		if (b.thinksItLeads) rob();
	}
	expect(robbed).toBeGreaterThan(1);
	expect(robbed).toBeLessThanOrEqual(4);
});

test('without locks a lone worker leads within half a second, and a second one follows it', async () => {
	const o = origin({ locks: false });
	o.add('a');
	await o.pass(500);
	expect(o.leads()).toEqual(['a']);
	o.add('b');
	await o.pass(20_000);
	expect(o.leads()).toEqual(['a']);
	o.fake.kill('a');
	await o.pass(6000);
	expect(o.leads()).toContain('b');
});

test('stepping down gives the lock to the next in the queue', async () => {
	const o = origin();
	const a = o.add('a');
	await o.pass(250);
	o.add('b');
	await o.pass(500);
	a.leadership.stepDown();
	await o.pass(500);
	expect(o.leads()).toEqual(['b']);
});
