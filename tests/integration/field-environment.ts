import { ManualClock, ok, systemClock, type Clock } from '$lib/base';
import { KnownDevices } from '$lib/app/field/devices-news';
import { FieldCore } from '$lib/app/field/field-core';
import type { DevicesNews, FieldService } from '$lib/app/field/messages';
import type { FieldStorage } from '$lib/app/field/storage';
import { mqttJsConnector, type MqttConnector } from '$lib/link';
import type { Sample } from '$lib/model';
import { parseAnnotation, parseSavedView, type LatestSample, type TelemetryStore } from '$lib/telemetry';
import { memoryKeep } from '$lib/vault';
import * as stored from '$lib/app/field/stored-rows';
import { WebSocket } from 'ws';

/** Node's WebSocket through the product's own connector. */
export const nodeConnector: MqttConnector = mqttJsConnector(
	(url, protocols) => new WebSocket(url, protocols)
);

/** A store that keeps all it is given and nothing else: what reached it is what a test asks. */
export class RecordingStore implements TelemetryStore {
	readonly samples: Sample[] = [];

	append: TelemetryStore['append'] = async (samples) => {
		this.samples.push(...samples.filter(({ states }) => !states)); // what was measured
		return ok({ stored: samples.length, duplicates: 0 });
	};
	bulk: TelemetryStore['bulk'] = async () => {
		throw new Error('this store takes no columns');
	};
	range: TelemetryStore['range'] = async () => {
		throw new Error('this store keeps no series');
	};
	aggregate: TelemetryStore['aggregate'] = async () => undefined;
	page: TelemetryStore['page'] = async () => ({ samples: [], nextMs: undefined });
	async *scan(): AsyncGenerator<readonly Sample[]> {
		yield this.samples;
	}
	snapshot: TelemetryStore['snapshot'] = async () => ({
		ok: false,
		error: { kind: 'unavailable', cause: 'this store keeps no blocks' }
	});
	extents: TelemetryStore['extents'] = async () => [];
	states: TelemetryStore['states'] = async () => [];
	guessed: TelemetryStore['guessed'] = () => [];
	settleTimes: TelemetryStore['settleTimes'] = () => {};
	gaps: TelemetryStore['gaps'] = () => [];
	abandoned: TelemetryStore['abandoned'] = () => 0;
	missing: TelemetryStore['missing'] = () => [];
	giveUp: TelemetryStore['giveUp'] = () => {};
	disown: TelemetryStore['disown'] = () => 0;
	retain: TelemetryStore['retain'] = () => {};
	latest = async (): Promise<readonly LatestSample[]> => [];
	flush: TelemetryStore['flush'] = async () => ok(undefined);
	stats: TelemetryStore['stats'] = async () => {
		throw new Error('this store has no figures');
	};
	aside: TelemetryStore['aside'] = async () => [];
	sizes: TelemetryStore['sizes'] = async () => [];
	forget: TelemetryStore['forget'] = async () => ok(undefined);
	close = async (): Promise<void> => {};
}

/** All in memory. Give the same keep again to see what a restarted worker finds. */
export function memoryStorage(
	keep = memoryKeep(),
	telemetry: TelemetryStore = new RecordingStore()
): FieldStorage {
	return {
		settings: keep.rows('settings', stored.parseSetting),
		brokers: keep.rows('brokers', stored.parseBroker),
		devices: keep.rows('devices', stored.parseStoredDevice),
		events: keep.rows('events', stored.parseEventPage),
		outbox: keep.rows('outbox', stored.parseCommand),
		notices: keep.rows('notices', stored.parseNotice),
		annotations: keep.rows('annotations', parseAnnotation),
		views: keep.rows('views', parseSavedView),
		alerts: keep.rows('alerts', stored.parseAlert),
		taken: keep.rows('taken', stored.parseTaken),
		secrets: keep.secrets,
		telemetry,
		losses: [],
		failing: undefined,
		watchSentinel: () => {},
		close: async () => {}
	};
}

export function startCore(
	options: { storage?: FieldStorage; connector?: MqttConnector; clock?: Clock; onFenced?: () => void } = {}
): Promise<FieldCore> {
	return FieldCore.start({
		clock: options.clock ?? systemClock,
		random: Math.random,
		connector: options.connector ?? nodeConnector,
		storage: options.storage ?? memoryStorage(),
		page: { origin: 'http://localhost', online: true, localNetwork: 'unknown' },
		onFenced: options.onFenced ?? (() => {})
	});
}

type Feeds = FieldService['feeds'];

/** Resolves with the first value of a feed that fits, all devices in it where it tells of devices; the test's own timeout ends a vain wait. */
export function untilFeed<F extends Exclude<keyof Feeds, 'role'>>(
	core: FieldCore,
	feed: F,
	args: Feeds[F]['args'],
	fits: (value: Feeds[F]['value']) => boolean
): Promise<Feeds[F]['value']> {
	return new Promise((resolve) => {
		const controller = new AbortController();
		const known = new KnownDevices();
		core.handlers.feeds[feed](
			args,
			(told) => {
				const value = allOf(told, known);
				if (!fits(value)) return;
				queueMicrotask(() => controller.abort()); // the first value may come before the feed knows its signal
				resolve(value);
			},
			controller.signal
		);
	});
}

function allOf<T>(value: T, known: KnownDevices): T {
	if (typeof value !== 'object' || value === null || !('whole' in value)) return value;
	known.take(value as unknown as DevicesNews);
	return { ...value, devices: known.all() };
}

/** The context of a call that nobody cancels. */
export const calling = { signal: new AbortController().signal, ports: [] };

export { ManualClock };
