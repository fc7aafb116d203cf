import { expect, test } from 'vitest';
import { LatencyHistogram } from '../../field/health/latency-histogram';
import { ManualClock } from '$lib/base';
import type { DeviceId } from '$lib/model';
import type { DeviceSummary, HealthReport } from '../../field/messages';
import { deviceRows } from './device-rows';
import { findings } from './findings';
import { healthText } from './health-text';

const NOW = 1_763_700_000_000;
const device = 'fb-1' as DeviceId;
const nothing = new LatencyHistogram(new ManualClock()).summary();

const STATS = {
	...{ walRecords: 3, walBytes: 900, blocks: 2, blockBytes: 4000, rollupBytes: 10, samples: 700 },
	...{ usedBytes: 10, quotaBytes: 1000, persisted: true, bucketsApart: true, flushes: 9, seals: 1, folds: 0 },
	...{ dropped: 0, waiting: 0, held: 3, flushMs: 2, queueDepth: 0, damagedBlocks: 0, damagedRollups: 0 },
	...{ quarantined: { count: 0, bytes: 0, letGo: 0 }, letGo: [] }
};

const WELL: HealthReport = {
	atMs: NOW,
	sinceMs: NOW - 600_000,
	session: {
		state: { kind: 'live', id: 'h', broker: 'home', protocolVersion: 5, sinceMs: NOW - 1000 },
		...{ roundTrip: { ...nothing, count: 9, p50Ms: 4 }, lastRoundTripMs: 4, inFlight: 0, spans: [] },
		times: { windowMs: 86_400_000, upMs: 1000, downMs: 0, offMs: 0, unknownMs: 86_399_000, reconnects: {} }
	},
	broker: { state: 'told', sys: { clients: '2' }, said: [] },
	rates: {
		now: { messages: 1, samples: 1, refused: 0 },
		hour: { timeMs: [], messages: [], samples: [], refused: [] }
	},
	intake: {
		...{ messages: 900, samples: 890, repeated: 0, refused: { 'not-json': 1 } },
		...{ relay: { devices: 0, passedOn: 0, notPassedOn: 0, deaf: false }, examples: [] }
	},
	errors: { sinceMs: NOW - 86_400_000, messages: { 'not-json': 1 }, store: {} },
	commands: { counts: { acknowledged: 3 }, failures: [] },
	store: {
		failing: undefined,
		figures: {
			...{ atMs: NOW, stats: STATS },
			sizes: [
				{
					device,
					provenance: 'real',
					blocks: 2,
					blockBytes: 4000,
					rollupBytes: 10,
					sealed: 697,
					held: 3,
					fromMs: 1,
					toMs: 2
				},
				{ device, provenance: 'simulated', blocks: 1, blockBytes: 9, rollupBytes: 0, sealed: 1, held: 0 }
			]
		},
		latencies: { append: { ...nothing, count: 100, p95Ms: 260 } },
		troubles: { counts: {}, newest: [] }
	},
	devices: [
		{
			...{ device, provenance: 'real', offlineTimes: 2, restarts: 0 },
			backfill: { state: 'idle', missing: 0, filled: 0, lost: 0, undated: 0, disowned: 0, abandoned: 0 }
		}
	],
	refusedIds: 0
};

const ids = (report: HealthReport, crashed: readonly string[] = []) =>
	findings(report, crashed).map(({ id }) => id);

test('where all is well, nothing is found; a single refused message of many is no alarm', () => {
	expect(ids(WELL)).toEqual([]);
});

test('each bad figure is found, the worst first, and says what to do', () => {
	const { session, intake } = WELL;
	const ill: HealthReport = {
		...WELL,
		session: {
			...session,
			state: {
				...{ kind: 'waiting', id: 'h', broker: 'home', retryAtMs: NOW, attempt: 3 },
				problem: { kind: 'unreachable', url: 'ws://secret-host:9001' }
			},
			roundTrip: { ...session.roundTrip, p50Ms: 3000 },
			times: { ...session.times, reconnects: { 'keepalive-timeout': 5 } }
		},
		intake: { ...intake, refused: { 'not-json': 50 } },
		errors: { ...WELL.errors, messages: { 'forged-batch': 2 } },
		store: {
			failing: 'fieldbench-telemetry: newer-version',
			figures: {
				...{ atMs: NOW, sizes: [] },
				stats: { ...STATS, usedBytes: 900, dropped: 4, damagedBlocks: 1 }
			},
			latencies: {
				append: { ...nothing, count: 50, failed: 2, p95Ms: 4000 },
				range: { ...nothing, count: 50, p95Ms: 900 }
			},
			troubles: {
				counts: { 'made-room': 1 },
				newest: [{ atMs: NOW, kind: 'made-room', detail: '3 blocks' }]
			}
		},
		commands: {
			counts: { failed: 1 },
			failures: [{ atMs: NOW, device, method: 'led.set', state: 'failed', message: 'busy' }]
		},
		devices: (['refused', 'unsupported', 'waiting'] as const).map((state) => ({
			...{ device, provenance: 'real' as const, offlineTimes: 0, restarts: 0 },
			backfill: { state, missing: 7, filled: 0, lost: 0, undated: 0, disowned: 0, abandoned: 0 }
		})),
		refusedIds: 12
	};
	const found = findings(ill, ['Virtual 1']);
	expect(found.map(({ id }) => id).toSorted()).toEqual(
		[
			...['session', 'reconnects', 'round-trip', 'not-written', 'dropped', 'quota', 'damaged', 'slow-writes'],
			...['store-closed', 'slow-reads', 'made-room', 'refused', 'forged', 'devices', 'commands', 'crashed'],
			...['backfill-refused', 'backfill-unsupported', 'backfill-waiting']
		].toSorted()
	);
	const tones = found.map(({ tone }) => tone);
	expect(tones.lastIndexOf('failing')).toBeLessThan(tones.indexOf('late'));
	for (const { words } of found) expect(words.todo.length).toBeGreaterThan(15);

	const text = healthText(ill, { build: 'b1', browser: 'Test', role: 'shared', findings: found });
	for (const part of [
		'unreachable',
		'forged-batch 2',
		'append: 50',
		'fb-1 real: state refused, missing 7',
		'led.set failed busy'
	])
		expect(text).toContain(part);
	expect(text).not.toContain('secret-host'); // where a broker is, is nobody else's business
});

test('real and simulated history of one id are told apart', () => {
	const summary = { id: device, provenance: 'real', lastSeenMs: NOW } as DeviceSummary;
	expect(deviceRows([summary], WELL, 'size')).toMatchObject([
		{ bytes: 4010, samples: 700, history: 'No holes known', lastDay: 'offline 2×' }
	]);
});
