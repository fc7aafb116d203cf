import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import mqtt from 'mqtt';
import { startLinuxNode, type LinuxDevice, type LinuxNode } from '../integration/linux-node';
import { startMosquitto } from '../integration/mosquitto';

export interface FleetOptions {
	readonly devices: number;
	/** Device time to run through, s. */
	readonly simulatedS: number;
	/** Between two samples of a device, s. */
	readonly periodS: number;
	/** So often the broker dies on the way, and comes back after a moment. */
	readonly outages: number;
	readonly log?: (line: string) => void;
}

export interface FleetOutcome {
	/** Samples that the devices took, by their own count. */
	readonly taken: number;
	/** Of them, those that came over MQTT as they were taken. */
	readonly live: number;
	/** Those that only came by telemetry.query, asked before each outage and at the end. */
	readonly backfilled: number;
	/** `id epoch.seq` of samples that came neither way, at most 20 of them. */
	readonly missing: readonly string[];
	/** Samples that came live under the same number with another content. */
	readonly different: number;
	/** Resident memory after a quarter of the way and at the end, bytes. */
	readonly rss: { readonly early: number; readonly late: number };
	/** How much faster than the wall device time ran, outages included. */
	readonly speed: number;
}

const FASTER_THAN_ANY_MACHINE = 1_000_000;
/** Wall time; a broker that is away stops nothing, so it is not long. */
const OUTAGE_MS = 300;
const LOOK_MS = 100;

/**
 * A fleet in one process on a broker that dies now and then, as fast as the machine can. What came live is put together with what
 * the devices' logs give.
 */
export async function runFleet(options: FleetOptions): Promise<FleetOutcome> {
	const folder = await mkdtemp(join(tmpdir(), 'fieldbench-fleet-'));
	const broker = await startMosquitto({ extraConfig: ['max_queued_messages 0'] });
	const live = new Map<string, Map<number, string>>();
	const client = await mqtt.connectAsync(broker.tcpUrl, { reconnectPeriod: 50 });
	let different = 0;
	client.on('message', (topic, payload) => {
		const id = topic.split('/')[2] ?? '';
		const { epoch, seq, sensors } = JSON.parse(payload.toString()) as Sample;
		const seen = entryOf(live, `${id} ${epoch}`);
		const values = Object.values(sensors).join();
		if ((seen.get(seq) ?? values) !== values) different++;
		seen.set(seq, values);
	});
	await client.subscribeAsync('iot/node/+/telemetry', { qos: 1 });
	const config = join(folder, 'config.json');
	const climate = { id: 'climate', type: 'sim-climate', config: { period_ms: options.periodS * 1000 } };
	await writeFile(config, JSON.stringify({ complete: true, components: [climate] }));
	const flags = { id: 'sim-fleet', count: options.devices, speed: FASTER_THAN_ANY_MACHINE, config };
	const args = Object.entries({ ...flags, http: 0, broker: broker.tcpUrl }).flatMap(([k, v]) => [
		`--${k}`,
		String(v)
	]);
	const startMs = performance.now();
	const node = await startLinuxNode(args);
	const logs: Log[] = node.devices.map((device) => ({ device, epoch: 0, end: 0, samples: new Map() }));
	try {
		const early = { rss: 0 };
		let next = 1;
		for (let uptime = 0; uptime < options.simulatedS; uptime = await uptimeOf(node)) {
			if (early.rss === 0 && uptime > options.simulatedS / 4) {
				// Each device's HTTP server has threads whose stacks and arenas the first questions touch.
				await Promise.all(logs.map(readOn));
				early.rss = await rssOf(node);
			}
			if (next <= options.outages && uptime > (next * options.simulatedS) / (options.outages + 1)) {
				options.log?.(`${Math.round(uptime / 3600)} h: the broker dies`);
				next++;
				// What the outage before kept back, before the ring gives it up.
				await Promise.all(logs.map(readOn));
				await broker.kill();
				await pause(OUTAGE_MS); // the outage itself
				await broker.start();
			}
			await pause(LOOK_MS); // between two looks at the clock of devices that run by themselves
		}
		const late = await rssOf(node);
		const speed = (await uptimeOf(node)) / ((performance.now() - startMs) / 1000);
		await Promise.all(logs.map(readOn));
		return { ...compare(logs, live), different, rss: { early: early.rss, late }, speed };
	} finally {
		await client.endAsync(true);
		await node.stop();
		await broker.stop();
		await rm(folder, { recursive: true, force: true });
	}
}

interface Sample {
	readonly epoch: number;
	readonly seq: number;
	readonly sensors: Readonly<Record<string, number>>;
}

/** What a device's log held, by number, each time it was asked. */
interface Log {
	readonly device: LinuxDevice;
	epoch: number;
	/** The next number, when it was asked last: what was taken since is not looked at. */
	end: number;
	readonly samples: Map<number, string>;
}

interface Page {
	readonly epoch: number;
	readonly seq: number;
	readonly samples: readonly { names: readonly string[]; rows: readonly (readonly number[])[] }[];
	readonly next: number | null;
}

async function readOn(log: Log): Promise<void> {
	const { epoch, seq } = await call<{ epoch: number; seq: number }>(log.device, 'telemetry.info');
	for (let from: number | null = log.end; from !== null;) {
		const page: Page = await call(log.device, 'telemetry.query', { epoch, from, to: seq - 1 });
		for (const { rows } of page.samples)
			for (const [number, , , ...values] of rows) log.samples.set(number ?? -1, values.join());
		from = page.next;
	}
	log.epoch = epoch;
	log.end = seq;
}

function compare(logs: readonly Log[], live: ReadonlyMap<string, ReadonlyMap<number, string>>) {
	let taken = 0;
	let liveCount = 0;
	let backfilled = 0;
	const missing: string[] = [];
	for (const { device, epoch, end, samples } of logs) {
		taken += end;
		const came = live.get(`${device.id} ${epoch}`);
		for (let seq = 0; seq < end; seq++) {
			if (came?.has(seq)) liveCount++;
			else if (samples.has(seq)) backfilled++;
			else if (missing.length < 20) missing.push(`${device.id} ${epoch}.${seq}`);
		}
	}
	return { taken, live: liveCount, backfilled, missing };
}

async function call<T>({ http }: LinuxDevice, method: string, params: object = {}): Promise<T> {
	const answer = await fetch(`${http ?? ''}/api/rpc`, {
		method: 'POST',
		headers: { 'Content-Type': 'application/json' },
		body: JSON.stringify({ jsonrpc: '2.0', id: method, method, params })
	});
	const { result, error } = (await answer.json()) as { result?: T; error?: unknown };
	if (result === undefined) throw new Error(`${method}: ${JSON.stringify(error)}`);
	return result;
}

const uptimeOf = (node: LinuxNode) =>
	call<{ uptime: number }>(node.devices[0]!, 'system.info').then(({ uptime }) => uptime);

/** Linux: proc(5), VmRSS. */
async function rssOf(node: LinuxNode): Promise<number> {
	const status = await readFile(`/proc/${node.pid}/status`, 'utf8');
	return Number(/^VmRSS:\s+(\d+) kB$/mu.exec(status)?.[1]) * 1024;
}

function entryOf(map: Map<string, Map<number, string>>, key: string): Map<number, string> {
	const found = map.get(key) ?? new Map<number, string>();
	map.set(key, found);
	return found;
}

const WEEK_S = 7 * 86_400;

/**
 * A fleet of fifty for weeks of device time.
 * @returns what is wrong, or nothing
 */
export async function soakFleet(weeks: number, log: (line: string) => void): Promise<string | undefined> {
	const simulatedS = weeks * WEEK_S;
	const outcome = await runFleet({ devices: 50, simulatedS, periodS: 60, outages: 10, log });
	const { taken, live, backfilled, missing, different, rss, speed } = outcome;
	const grownMb = (rss.late - rss.early) / 2 ** 20;
	log(
		`${taken} samples, ${live} of them live and ${backfilled} asked for; ${Math.round(speed)} times the clock; ` +
			`${grownMb.toFixed(1)} MB grown`
	);
	if (missing.length > 0) return `missing, of the first: ${missing.join(', ')}`;
	if (different > 0) return `${different} came under one number with two contents`;
	if (taken < 0.99 * 50 * (simulatedS / 60)) return `only ${taken} samples were taken`;
	return grownMb < 4 ? undefined : `memory grew by ${grownMb.toFixed(1)} MB`;
}
