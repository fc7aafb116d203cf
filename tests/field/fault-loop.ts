import { connect as connectTcp, createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import mqtt, { type MqttClient } from 'mqtt';
import type { Page } from 'playwright';
import { randomId } from '$lib/base';
import { parseLogPage } from '$lib/device';
import type { DeviceId, Sample } from '$lib/model';
import type { SeriesKey } from '$lib/telemetry';
import { startVirtualNode } from '../../scripts/virtual-node';
import { testFirmware } from '../../src/lib/lab/test-firmware';
import { freeze } from '../e2e/processes';
import { freePort, startMosquitto, type Mosquitto } from '../integration/mosquitto';
import { startBrowser, type KillableBrowser } from '../store/killable-browser';

export const FAULTS = [
	'browser killed',
	'broker killed',
	'tab closed',
	'leader frozen',
	'network cut'
] as const;
export type Fault = (typeof FAULTS)[number];

export interface FaultLoopOptions {
	/** Of `serveHarness('field')`. */
	readonly url: string;
	/** An empty folder. */
	readonly profile: string;
	readonly faults: readonly Fault[];
	/** Decides how long each fault and each rest lasts. */
	readonly seed: number;
	readonly say?: (line: string) => void;
}

/** One device's history against its own log, after all. */
export interface Compared {
	readonly device: DeviceId;
	readonly measured: number;
	/** Samples at one time that are there more than once, and those that the device never measured so. */
	readonly doubled: number;
	readonly missing: number;
	readonly wrong: number;
}

const PERIOD_MS = 200;
const DEVICES = ['sim-roof-1', 'sim-roof-2', 'sim-roof-3'] as DeviceId[];
/** Besides what is compared: what others on the broker say, so that there is something to do. */
const NOISE_PER_S = 100;
const METRICS = ['temperature', 'humidity'];
const LIVE_WITHIN_MS = 60_000;
const FILLED_WITHIN_MS = 90_000;
/** Between two looks at what has no event. */
const LOOK_MS = 100;

const seriesOf = (device: DeviceId): SeriesKey => ({ device, provenance: 'simulated' });

/**
 * The firmware on a real broker, the product's field worker in a real browser, and one fault after another while samples come:
 * then what is stored is compared with what the devices have in their logs.
 */
export async function runFaultLoop(options: FaultLoopOptions): Promise<Compared[]> {
	const random = seeded(options.seed);
	const wasm = await testFirmware();
	const ports = { wsPort: await freePort(), tcpPort: await freePort() };
	const broker = await startMosquitto(ports);
	const wire = await openWire(ports.wsPort);
	const life = new AbortController();
	let visit = await Visit.begin(options, 0);
	let starts = 1;
	try {
		await Promise.all(
			DEVICES.map((id) =>
				startVirtualNode({
					...{ brokerUrl: broker.tcpUrl, id, name: id, wasm, periodMs: PERIOD_MS, signal: life.signal }
				})
			)
		);
		void makeNoise(broker, life.signal);
		await visit.connect(`ws://127.0.0.1:${wire.port}`);
		await visit.live();
		for (const [number, fault] of options.faults.entries()) {
			await wait(300 + random() * 700);
			const startMs = Date.now();
			switch (fault) {
				case 'browser killed':
					await visit.kill();
					visit = await Visit.begin(options, starts++);
					break;
				case 'broker killed':
					await broker.kill();
					await wait(random() * 1500);
					await broker.start();
					break;
				case 'tab closed':
					await visit.closeTab();
					break;
				case 'leader frozen':
					await visit.freezeLeader(500 + random() * 1500);
					break;
				case 'network cut':
					await (random() < 0.5 ? wire.cut(random() * 1500) : wire.stall(random() * 3000));
			}
			await visit.live();
			options.say?.(`${number + 1} ${fault}: live again after ${Date.now() - startMs} ms`);
		}
		await visit.filled();
		return await Promise.all(
			DEVICES.map(async (device) => {
				const stored = await visit.points(device); // first: the log has whatever came until then
				return compare(await measured(broker, device), stored);
			})
		);
	} finally {
		life.abort();
		await visit.kill();
		await wire.close();
		await broker.stop();
	}
}

/** One life of the browser: two tabs, every other time without SharedWorkers, so that one of them leads. */
class Visit {
	#tabs: Page[] = [];

	private constructor(
		private readonly browser: KillableBrowser,
		private readonly url: string
	) {}

	static async begin({ profile, url }: FaultLoopOptions, number: number): Promise<Visit> {
		const browser = await startBrowser(profile, 'about:blank');
		if (number % 2 === 1)
			await browser.context.addInitScript(() => {
				Reflect.deleteProperty(globalThis, 'SharedWorker');
			});
		const visit = new Visit(browser, url);
		await visit.#open(browser.page);
		await visit.#open(await browser.context.newPage());
		return visit;
	}

	async connect(brokerUrl: string): Promise<void> {
		await this.#tab.evaluate((to) => window.fieldPage.connect(to), brokerUrl);
	}

	/** Resolves when every tab sees the session live. */
	async live(): Promise<void> {
		for (const tab of this.#tabs)
			await within(
				LIVE_WITHIN_MS,
				'not live',
				tab.evaluate(() => window.fieldPage.live())
			);
	}

	/** Closes the tab that leads, or the first, and opens another. */
	async closeTab(): Promise<void> {
		const leader = (await this.#leader()) ?? this.#tab;
		this.#tabs = this.#tabs.filter((tab) => tab !== leader);
		await leader.close();
		await this.#open(await this.browser.context.newPage());
	}

	/** Stops the process of the leader, or of the first tab: until another leads, where one can, and `ms` more. */
	async freezeLeader(ms: number): Promise<void> {
		const leader = await this.#leader();
		const thaw = await freeze(this.browser.context, leader ?? this.#tab);
		if (leader) {
			const [other] = this.#tabs.filter((tab) => tab !== leader);
			if (!other) throw new Error('there is no second tab');
			await until(LIVE_WITHIN_MS, 'no other tab leads', async () => (await roleOf(other)) === 'leader');
		}
		await wait(ms);
		thaw();
	}

	/** Resolves when no device has anything that is yet to be had. */
	async filled(): Promise<void> {
		for (const device of DEVICES)
			await until(FILLED_WITHIN_MS, `${device} is not filled`, async () => {
				const view = await this.#tab.evaluate((key) => window.fieldPage.backfill(key), seriesOf(device));
				return view?.missing === 0 && view.state === 'idle';
			});
	}

	/** The points of each metric. */
	async points(device: DeviceId) {
		const read = (metric: string) =>
			this.#tab.evaluate(([key, name]) => window.fieldPage.points(key, name), [
				seriesOf(device),
				metric
			] as const);
		return Object.fromEntries(
			await Promise.all(METRICS.map(async (metric) => [metric, await read(metric)] as const))
		);
	}

	kill(): Promise<void> {
		return this.browser.kill();
	}

	get #tab(): Page {
		const [tab] = this.#tabs;
		if (!tab) throw new Error('there is no tab');
		return tab;
	}

	async #open(tab: Page): Promise<void> {
		await tab.goto(this.url);
		await until(LIVE_WITHIN_MS, 'the page does not start', () =>
			tab.evaluate(() => 'fieldPage' in window && window.fieldPage.role() !== undefined)
		);
		this.#tabs.push(tab);
	}

	async #leader(): Promise<Page | undefined> {
		for (const tab of this.#tabs) if ((await roleOf(tab)) === 'leader') return tab;
		return undefined;
	}
}

const roleOf = (tab: Page) => tab.evaluate(() => window.fieldPage.role());

type Points = Awaited<ReturnType<Visit['points']>>;

/** Up to the newest that is stored: the device goes on measuring. */
function compare(log: readonly Sample[], stored: Points): Compared {
	const device = log[0]?.device ?? ('none' as DeviceId);
	let [doubled, missing, wrong] = [0, 0, 0];
	for (const metric of METRICS) {
		const { points = [], most = 0 } = stored[metric] ?? {};
		const untilMs = points.at(-1)?.[0] ?? 0;
		const truth = new Map(
			log.filter(({ timeMs }) => timeMs <= untilMs).map(({ timeMs, values }) => [timeMs, values[metric]])
		);
		doubled += Math.max(points.length - new Set(points.map(([at]) => at)).size, most - 1);
		wrong += points.filter(([at, value]) => truth.get(at) !== value).length;
		const there = new Set(points.map(([at]) => at));
		missing += [...truth.keys()].filter((at) => !there.has(at)).length;
	}
	return { device, measured: log.length, doubled, missing, wrong };
}

/** All that a device has in its log, asked by a client that has nothing of ours but the parser of a page. */
async function measured(broker: Mosquitto, device: DeviceId): Promise<readonly Sample[]> {
	const client = await mqtt.connectAsync(broker.tcpUrl);
	try {
		await client.subscribeAsync(`iot/node/${device}/response`);
		const samples: Sample[] = [];
		for (let from: number | undefined = 0; from !== undefined;) {
			const page = parseLogPage(await ask(client, device, { from }), seriesOf(device));
			if (!page.ok) throw new Error(page.error);
			samples.push(...page.value.samples);
			from = page.value.next;
		}
		return samples;
	} finally {
		await client.endAsync();
	}
}

function ask(client: MqttClient, device: DeviceId, params: object): Promise<unknown> {
	const id = randomId();
	const answer = new Promise<unknown>((resolve) => {
		const hear = (_: string, payload: Buffer) => {
			const said = JSON.parse(payload.toString()) as { id: string; result: unknown };
			if (said.id !== id) return;
			client.off('message', hear);
			resolve(said.result);
		};
		client.on('message', hear);
	});
	const request = { jsonrpc: '2.0', id, method: 'telemetry.query', params };
	client.publish(`iot/node/${device}/command`, JSON.stringify(request), { qos: 1 });
	return within(20_000, `${device} does not answer`, answer);
}

async function makeNoise(broker: Mosquitto, signal: AbortSignal): Promise<void> {
	const client = mqtt.connect(broker.tcpUrl, { reconnectPeriod: 200, queueQoSZero: false });
	client.on('error', () => {}); // the broker is killed now and then
	for (let n = 0; !signal.aborted; n++) {
		const sensors = { temperature: 20 + (n % 100) / 10, humidity: 40 + (n % 37), pressure: 101_325 + n };
		const message = { timestamp: Date.now() / 1000, sensors };
		if (client.connected) client.publish(`iot/node/noise-${n % 20}/telemetry`, JSON.stringify(message));
		await wait(1000 / NOISE_PER_S);
	}
	client.end(true);
}

/** A way to a port of this machine that can be cut, or swallow all that is sent for a while. */
async function openWire(target: number) {
	const ends = new Set<Socket>();
	let refusing = false;
	const server = createServer((near) => {
		if (refusing) return void near.destroy();
		const far = connectTcp(target, '127.0.0.1');
		near.pipe(far).pipe(near);
		for (const [end, other] of [
			[near, far],
			[far, near]
		] as const) {
			ends.add(end);
			end.on('error', () => {}); // told by close
			end.on('close', () => {
				ends.delete(end);
				other.destroy();
			});
		}
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	const drop = () => ends.forEach((end) => end.destroy());
	return {
		port: (server.address() as AddressInfo).port,
		async cut(ms: number): Promise<void> {
			refusing = true;
			drop();
			await wait(ms);
			refusing = false;
		},
		async stall(ms: number): Promise<void> {
			const stalled = [...ends];
			for (const end of stalled) end.pause();
			await wait(ms);
			for (const end of stalled) end.resume();
		},
		async close(): Promise<void> {
			drop();
			server.close();
			await once(server, 'close');
		}
	};
}

async function until(withinMs: number, why: string, is: () => Promise<boolean>): Promise<void> {
	const deadline = Date.now() + withinMs;
	while (!(await within(withinMs, why, is()))) {
		if (Date.now() > deadline) throw new Error(why);
		await wait(LOOK_MS);
	}
}

async function within<T>(ms: number, why: string, work: Promise<T>): Promise<T> {
	const end = new AbortController();
	const late = wait(ms, undefined, { signal: end.signal }).then(() => Promise.reject(new Error(why)));
	late.catch(() => {}); // the work was quicker
	try {
		return await Promise.race([work, late]);
	} finally {
		end.abort();
	}
}

/** mulberry32 */
function seeded(seed: number): () => number {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
}
