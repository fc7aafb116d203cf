import { done, ManualClock } from '$lib/base';
import { FieldCore } from '$lib/app/field/field-core';
import type { BrokerProfile } from '$lib/app/field/messages';
import { openStorage } from '$lib/app/field/open-storage';
import type { FieldStorage } from '$lib/app/field/storage';
import type { StoreTrouble } from '$lib/telemetry';
import type { MqttConnector, WireEvents } from '$lib/link';
import { deviceId, START_MS } from '../walks';
import type { FromFieldCore, Passed, Passing } from './messages';
import { NodeTexts } from './node-texts';

/** A flush each: so long a sample waits at most. */
const STEP_MS = 250;

/** The product's field core over real storage. Its clock is the bench's, and its broker a wire that hands over what nodes would publish. */
interface Running {
	readonly clock: ManualClock;
	readonly storage: FieldStorage;
	readonly wire: WireEvents;
	readonly nodes: readonly NodeTexts[];
}

const never = new AbortController().signal;
let running: Promise<Running> | undefined;
let sent = 0;
let told = 0;

async function start(devices: number): Promise<Running> {
	const clock = new ManualClock(START_MS);
	const onTrouble = (trouble: StoreTrouble) => {
		// A second copy that needs nobody is said once, as the store opens.
		if (trouble.kind !== 'copy-waits' || trouble.need !== undefined) fail(trouble);
	};
	const storage = await openStorage({ sentinel: null, clock, onTrouble });
	if (storage.failing !== undefined) throw new Error(storage.failing);
	let connected: (wire: WireEvents) => void = () => undefined;
	const wire = new Promise<WireEvents>((resolve) => (connected = resolve));
	const connector: MqttConnector = (_, events) => {
		setTimeout(() => events.connected(false)); // as a socket does: when the wire is in hand
		return Promise.resolve({
			subscribe: () => {
				connected(events);
				return Promise.resolve(true);
			},
			unsubscribe: () => undefined,
			publish: () => Promise.resolve(done),
			ping: () => undefined,
			close: () => Promise.resolve()
		});
	};
	const core = await FieldCore.start({
		...{ clock, random: Math.random, connector, storage, onFenced: () => fail('fenced') },
		page: { origin: location.origin, online: true, localNetwork: 'unknown' }
	});
	const { calls, feeds } = core.handlers;
	const hear = () => {
		told++;
	};
	feeds.session(null, hear, never);
	feeds.devices(null, hear, never);
	feeds.intake(null, hear, never);
	feeds.overview(null, hear, never);
	feeds.health(null, hear, never);
	feeds.live({ device: deviceId(0), provenance: 'real' }, hear, never);
	feeds.events({ device: deviceId(0) }, hear, never);
	const asked = { signal: never, ports: [] };
	const id = 'bench';
	const profile: BrokerProfile = {
		...{ id, name: 'Bench', url: 'ws://localhost:9001', username: '', hasPassword: false, protocol: 'mqtt5' },
		...{ keepaliveS: 30, persistentSession: false, local: false }
	};
	await calls.saveBroker({ profile }, asked);
	await calls.connect({ id }, asked);
	const nodes = Array.from({ length: devices }, (_, i) => new NodeTexts(deviceId(i), i));
	return { clock, storage, wire: await wire, nodes };
}

async function pass({ seconds, devices, perSecond, pace }: Passing): Promise<Passed> {
	const { clock, storage, wire, nodes } = await (running ??= start(devices));
	const perStep = (perSecond * STEP_MS) / 1000;
	const startMs = performance.now();
	for (let step = 1; step <= (seconds * 1000) / STEP_MS; step++) {
		for (let i = 0; i < perStep; i++) {
			clock.advance(STEP_MS / perStep);
			const { topic, payload } = nodes[sent % nodes.length]!.next(clock.now());
			wire.message(topic, payload, false);
			sent++;
		}
		const flushed = await storage.telemetry.flush();
		if (!flushed.ok) throw new Error(flushed.error.kind);
		const earlyMs = (step * STEP_MS) / pace - (performance.now() - startMs);
		if (earlyMs > 1) await new Promise((resolve) => setTimeout(resolve, earlyMs));
	}
	clock.advance(STEP_MS); // the intake's own delay
	await storage.telemetry.flush();
	const { samples, dropped } = await storage.telemetry.stats();
	if (dropped > 0) throw new Error(`${dropped} samples dropped`);
	return { sent, stored: samples, told };
}

const tell = (message: FromFieldCore) => postMessage(message);
const fail = (trouble: unknown) => tell({ failed: JSON.stringify(trouble) });

onmessage = async ({ data }: MessageEvent<Passing>) => {
	try {
		tell(await pass(data));
	} catch (error) {
		tell({ failed: error instanceof Error ? `${error.message}\n${error.stack ?? ''}` : String(error) });
	}
};
