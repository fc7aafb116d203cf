import { done, type Clock } from '$lib/base';
import { AlertBook, DeviceApi, Outbox, Registry, profiles } from '$lib/device';
import {
	LoopbackLink,
	MqttSession,
	type LoopbackPort,
	type MessageLink,
	type MqttConnector,
	type PageFacts
} from '$lib/link';
import { conventionOf, type Command, type DeviceId, type Sample } from '$lib/model';
import { Backfill, type BackfillView, type SeriesKey, type StoreTrouble } from '$lib/telemetry';
import { askLog } from './ask-log';
import { retentionOf } from './retention-plan';
import { BatchSeals, type SealReport } from './batch-seals';
import { BrokerBook } from './broker-book';
import { addressOf, BrokerRelay } from './broker-relay';
import { BrokerSeat } from './broker-seat';
import { Coalescer, FRAME_MS } from './coalescer';
import { CommandSeals } from './command-seals';
import { deviceSecretName, saveDeviceSecret } from './device-keys';
import { isBrokerFigure } from './health/broker-figures';
import { DevicesTeller } from './devices-news';
import { FieldHealth } from './health/field-health';
import { Latencies, timedStore } from './health/timed-store';
import { TroubleLog } from './health/trouble-log';
import { Intake } from './intake';
import { LiveTails } from './live-tails';
import type { CoreHandlers, DeviceEvent, IntakeReport, PageNews } from './messages';
import { Notebook } from './notebook';
import { MinuteCounts } from './minute-counts';
import { NoticeBoard } from './notice-board';
import { OverviewDesk } from './overview-desk';
import type { FieldStorage } from './storage';
import { chosenRetention, storeCalls } from './store-calls';
import { StateLog } from './state-log';
import { StoreWatch } from './store-watch';
import { Transfers } from './transfer/transfer-calls';
import { Watchers } from './watchers';

export interface FieldParts {
	readonly clock: Clock;
	readonly random: () => number;
	readonly connector: MqttConnector;
	readonly storage: FieldStorage;
	/** Where the page comes from; news from windows adds to it. */
	readonly page: PageFacts;
	/** Another leader has taken a higher fence number: this one must stop. */
	readonly onFenced: () => void;
}

/** As quick as numbers can be read. */
const GLANCE_MS = 250;
/** 2,000 devices are told of four times a second, a hundred at each frame. */
const SNAPSHOT_MS_PER_DEVICE = 0.125;
/** Where one telling did not hold all that had changed. */
const BEHIND_MS = 50;
const INTAKE_REPORT_MS = 250;

/**
 * All that one leading worker does: holds the session, takes in what devices say, keeps it, and carries out what people ask.
 * Made of parts that are given, so that a test runs the same composition against fakes.
 */
export class FieldCore {
	/** For one caller or many: nothing in it belongs to one of them. */
	readonly handlers: CoreHandlers;
	readonly #parts: FieldParts;
	readonly #session: MqttSession;
	readonly #seals: CommandSeals;
	readonly #batchSeals: BatchSeals;
	readonly #loopback: LoopbackLink;
	readonly #registry: Registry;
	readonly #outbox: Outbox;
	readonly #notices: NoticeBoard;
	readonly #notebook: Notebook;
	readonly #alerts: AlertBook;
	readonly #overview: OverviewDesk;
	readonly #seat: BrokerSeat;
	readonly #watch: StoreWatch;
	readonly #stateLog: StateLog;
	readonly #intake: Intake;
	readonly #relay: BrokerRelay;
	readonly #live: LiveTails;
	readonly #transfers: Transfers;
	readonly #backfill: Backfill;
	readonly #health: FieldHealth;
	readonly #closing = new AbortController();
	readonly #devices = new DevicesTeller();
	readonly #events = new Map<DeviceId, Watchers<readonly DeviceEvent[]>>();
	readonly #commands = new Map<DeviceId, Watchers<readonly Command[]>>();
	readonly #sealed = new Map<DeviceId, Watchers<SealReport>>();
	readonly #fillings = new Map<string, Watchers<BackfillView>>();
	readonly #intakeReports = new Watchers<IntakeReport>();
	readonly #closeLooks = new Watchers<never>();
	readonly #devicesDue: Coalescer;
	readonly #intakeDue: Coalescer;
	#page: PageFacts;
	#cancelRateTick: (() => void) | undefined;

	/** Ready when what was stored can be shown; the network is not waited for. */
	static async start(parts: FieldParts): Promise<FieldCore> {
		const core = new FieldCore(parts);
		await core.#restore();
		return core;
	}

	private constructor(parts: FieldParts) {
		const { clock, random, connector } = parts;
		const latencies = new Latencies(clock);
		const storage = { ...parts.storage, telemetry: timedStore(parts.storage.telemetry, latencies) };
		this.#parts = { ...parts, storage };
		this.#page = parts.page;
		const brokers = new BrokerBook(storage);
		this.#notices = new NoticeBoard(storage.notices);
		this.#notebook = new Notebook(storage);
		const troubles = new TroubleLog(clock);
		this.#watch = new StoreWatch({
			...{ storage, troubles, notices: this.#notices, onFenced: parts.onFenced }
		});
		this.#live = new LiveTails(clock);
		this.#transfers = new Transfers({
			...{ clock, storage, flush: () => this.flush() },
			onImported: async () => {
				await this.#restoreValues();
				await this.#stateLog.endUnheard(this.#registry.summaries());
			},
			// As after a reset: the lead is taken anew, and with it what was restored. After the answer has left.
			onRestored: () => clock.after(0, parts.onFenced)
		});
		this.#loopback = new LoopbackLink(clock);
		const conventions = profiles();
		this.#session = new MqttSession({
			...{ connector, clock, random },
			filters: conventions.flatMap((profile) => profile.filters),
			page: () => this.#page,
			onVersion: (id, version) => this.#inBackground(brokers.rememberVersion(id, version)),
			onRoundTrip: (ms) => this.#health.roundTrip(ms)
		});
		this.#registry = new Registry({
			shelf: storage.devices,
			archive: storage.events,
			clock,
			onChange: () => this.#devicesDue.mark(),
			listensSince: (link) => {
				const { state } = this.#session;
				return link === 'mqtt' && state.kind === 'live' ? state.sinceMs : 0;
			},
			onStates: (device, provenance, states) => this.#stateLog.tell(device, provenance, states),
			onFault: (cause) => this.#watch.failing(cause)
		});
		this.#stateLog = new StateLog({
			...{ store: storage.telemetry, clock },
			onStoreError: (error) => this.#watch.error(error)
		});
		this.#alerts = new AlertBook({
			...{ shelf: storage.alerts, clock },
			onChange: () => this.#overview.alertsChanged(),
			onFault: (cause) => this.#watch.failing(cause)
		});
		this.#seals = new CommandSeals({ secrets: storage.secrets, clock, random });
		const link = (device: DeviceId) => this.#linkOf(device);
		const deviceApi = new DeviceApi({ link, clock });
		this.#outbox = new Outbox({
			...{ shelf: storage.outbox, clock, link },
			onChange: (device) => this.#commands.get(device)?.tell(this.#outbox.history(device)),
			onFault: (cause) =>
				void this.#notices.post({ id: 'outbox-failing', kind: 'outbox-failing', cause: String(cause) })
		});
		const minutes = new MinuteCounts(clock);
		this.#batchSeals = new BatchSeals({
			...{ secrets: storage.secrets, taken: storage.taken },
			onChange: (device) => this.#sealed.get(device)?.tell(this.#batchSeals.report(device)),
			onFault: (cause) => this.#watch.failing(cause)
		});
		this.#intake = new Intake({
			...{ clock, profiles: conventions, deviceApi, live: this.#live, store: storage.telemetry },
			...{ registry: this.#registry, outbox: this.#outbox, alerts: this.#alerts, minutes },
			seals: this.#batchSeals,
			answerDoubt: (answer, message) => this.#seals.doubtOf(answer, message),
			passOver: (link, topic) => link.kind === 'mqtt' && (isBrokerFigure(topic) || this.#isOurs(topic)),
			onNumbered: (sample, identity) => this.#backfill.heard(sample, identity, sample.clock),
			onOnline: (source) => this.#backfill.reachable(source),
			onChange: () => this.#intakeDue.mark(),
			onStoreError: (error) => this.#watch.error(error)
		});
		this.#backfill = new Backfill(
			{
				...{ clock, store: storage.telemetry },
				ask: (source, range, signal) =>
					askLog({ deviceApi, registry: this.#registry }, source, range, signal),
				keep: (samples) => this.#keepLate(samples),
				onChange: (source) => this.#fillings.get(keyOf(source))?.tell(this.#backfill.view(source))
			},
			this.#closing.signal
		);
		this.#overview = new OverviewDesk({ clock, alerts: this.#alerts, minutes, backfill: this.#backfill });
		this.#relay = new BrokerRelay(
			{ clock, session: this.#session, loopback: this.#loopback, onChange: () => this.#intakeDue.mark() },
			this.#closing.signal
		);
		this.#seat = new BrokerSeat({
			...{ session: this.#session, brokers, relay: this.#relay },
			closing: this.#closing.signal
		});
		this.#health = new FieldHealth({
			...{ clock, latencies, troubles, session: this.#session, settings: storage.settings },
			...{ registry: this.#registry, outbox: this.#outbox, backfill: this.#backfill },
			...{ store: storage.telemetry, storeFailing: storage.failing, intake: () => this.#intakeReport() }
		});
		const snapshotMs = () => {
			if (this.#devices.behind) return BEHIND_MS;
			const quickestMs = this.#closeLooks.size > 0 ? FRAME_MS : GLANCE_MS;
			return Math.max(quickestMs, this.#registry.size * SNAPSHOT_MS_PER_DEVICE);
		};
		this.#devicesDue = new Coalescer(clock, snapshotMs, () => this.#showDevices());
		this.#intakeDue = new Coalescer(
			clock,
			() => INTAKE_REPORT_MS,
			() => this.#intakeReports.tell(this.#intakeReport())
		);
		this.handlers = this.#handle();
	}

	async #restore(): Promise<void> {
		const { storage } = this.#parts;
		await Promise.all([
			this.#registry.restore(),
			this.#notices.restore(),
			this.#notebook.restore(),
			this.#alerts.restore(),
			this.#outbox.restore()
		]);
		await this.#restoreValues();
		this.#inBackground(this.#stateLog.endUnheard(this.#registry.summaries()));
		storage.telemetry.retain(retentionOf(await chosenRetention(storage.settings)));
		for (const loss of storage.losses) await this.#watch.lost(loss);
		if (storage.keepLost) {
			const noticedMs = this.#parts.clock.now();
			await this.#notices.post({ id: `keep-lost-${noticedMs}`, kind: 'keep-lost', noticedMs });
		}
		if (storage.failing !== undefined) this.#watch.failing(storage.failing);
		const { signal } = this.#closing;
		this.#intake.follow(this.#session, signal);
		this.#intake.follow(this.#loopback, signal);
		this.#session.watch((state) => {
			if (state.kind === 'live') this.#outbox.nudge();
		}, signal);
		await this.#health.start(signal);
		await this.#seat.resume();
	}

	/** Devices are known, and have their newest values, as the telemetry store has them. */
	async #restoreValues(): Promise<void> {
		for (const { device, provenance, values } of await this.#parts.storage.telemetry.latest()) {
			this.#registry.restoreValues(device, provenance, values);
			this.#backfill.know({ device, provenance });
		}
		this.#devicesDue.mark();
	}

	#handle(): CoreHandlers {
		return {
			calls: {
				...this.#seat.calls,
				...storeCalls(this.#parts.storage),
				...this.#transfers.calls,
				...this.#notebook.calls,
				...this.#overview.calls,
				archivedEvents: ({ device, fromMs }) => this.#registry.archivedEvents(device, fromMs),
				sessionSpans: () => Promise.resolve(this.#health.spans()),
				countErrorsAnew: ({ anew }) => (anew ? this.#health.errors.beginAnew() : this.#health.errors.goOn()),
				pageNews: (news) => this.news(news),
				sendCommand: async (wanted) =>
					this.#registry.has(wanted.device)
						? this.#outbox.submit(wanted)
						: { ok: false, error: { kind: 'unknown-device' } },
				saveDeviceSecret: async ({ device, secret }) => {
					const saved = await saveDeviceSecret(this.#parts.storage.secrets, device, secret);
					this.#seals.changed(device);
					if (saved.ok) await this.#batchSeals.changed(device);
					return saved;
				},
				hasDeviceSecret: ({ device }) => this.#parts.storage.secrets.has(deviceSecretName(device)),
				forgetDevice: async ({ device }) => {
					await this.#intake.checked();
					this.#intake.drain();
					// Its row last: what is left of a device must have a name that can be forgotten again.
					const forgotten = await this.#parts.storage.telemetry.forget(device);
					if (!forgotten.ok) return forgotten;
					this.#intake.forget(device);
					this.#backfill.forget(device);
					await this.#outbox.forget(device);
					await this.#notebook.forget(device);
					await this.#alerts.forget(device);
					await this.#parts.storage.secrets.delete(deviceSecretName(device));
					this.#seals.changed(device);
					await this.#batchSeals.forget(device);
					await this.#registry.forget(device);
					return forgotten;
				},
				resetTelemetry: async () => {
					const { reset } = this.#parts.storage;
					if (!reset) return done;
					const gone = await reset();
					if (!gone.ok) return gone;
					await this.#notices.dismiss('store-failing');
					// As after a fence: the lead is taken anew, and with it a new store. After the answer has left.
					this.#parts.clock.after(0, this.#parts.onFenced);
					return gone;
				},
				attachLab: (_, { ports }) => {
					const [port] = ports;
					if (port) void this.attachLab(port);
				},
				dismissNotice: ({ id }) => this.#notices.dismiss(id),
				flush: () => this.flush()
			},
			feeds: {
				...this.#notebook.feeds,
				...this.#transfers.feeds,
				...this.#overview.feeds,
				session: (_, emit, signal) => this.#session.watch(emit, signal),
				devices: (_, emit, signal) =>
					this.#devices.add(emit, signal, this.#registry.summaries(), this.#besideDevices()),
				closeLook: (_, emit, signal) => this.#closeLooks.add(emit, signal, undefined),
				live: ({ device, provenance }, emit, signal) => this.#live.follow(device, provenance, emit, signal),
				commands: ({ device }, emit, signal) =>
					watchersOf(this.#commands, device, signal).add(emit, signal, this.#outbox.history(device)),
				seals: ({ device }, emit, signal) =>
					watchersOf(this.#sealed, device, signal).add(emit, signal, this.#batchSeals.report(device)),
				events: ({ device }, emit, signal) =>
					watchersOf(this.#events, device, signal).add(emit, signal, this.#registry.events(device)),
				backfill: (series, emit, signal) =>
					watchersOf(this.#fillings, keyOf(series), signal).add(emit, signal, this.#backfill.view(series)),
				notices: (_, emit, signal) => this.#notices.watch(emit, signal),
				intake: (_, emit, signal) => this.#intakeReports.add(emit, signal, this.#intakeReport()),
				health: (_, emit, signal) => this.#health.watch(emit, signal),
				sentinel: (_, emit, signal) => this.#parts.storage.watchSentinel(emit, signal)
			}
		};
	}

	/**
	 * Joins the lab worker; takes ownership of the port.
	 * @returns what to call when the lab behind the port is gone
	 */
	attachLab(port: LoopbackPort): () => void {
		const lost = this.#loopback.attach(port, () => {
			this.#registry.loopbackLost();
			this.#relay.lost();
		});
		this.#outbox.nudge();
		return lost;
	}

	news({ online, localNetwork }: PageNews): void {
		this.#page = {
			...this.#page,
			...(online === undefined ? {} : { online }),
			...(localNetwork === undefined ? {} : { localNetwork })
		};
		const { state } = this.#session;
		const waited = state.kind === 'waiting' && online === true;
		const permitted =
			state.kind === 'failed' &&
			state.problem.kind === 'local-network-permission' &&
			localNetwork === 'granted';
		if (waited || permitted) this.#session.retry();
	}

	/** Writes what waits. */
	async flush(): Promise<void> {
		await this.#intake.checked();
		this.#intake.drain();
		const [flushed] = await Promise.all([
			this.#parts.storage.telemetry.flush(),
			this.#registry.save(),
			this.#alerts.save(),
			this.#health.keep()
		]);
		await this.#intake.kept();
		if (!flushed.ok) this.#watch.error(flushed.error);
	}

	/** Leaves the broker, writes what waits and lets go of the storage. */
	async close(): Promise<void> {
		if (this.#closing.signal.aborted) return;
		this.#closing.abort(new DOMException('the field worker stops leading', 'AbortError'));
		this.#cancelRateTick?.();
		this.#devicesDue.stop();
		this.#intakeDue.stop();
		this.#overview.stop();
		this.#outbox.close();
		this.#loopback.detach();
		await this.#session.disconnect();
		await this.flush();
		await this.#parts.storage.close();
	}

	#linkOf(device: DeviceId): MessageLink | undefined {
		if (conventionOf(device) !== undefined) return undefined; // it speaks no Device API
		const last = this.#registry.lastLink(device);
		if (last === 'loopback') return this.#loopback;
		return last === 'mqtt' ? this.#seals.over(device, this.#session) : undefined;
	}

	/**
	 * What a broker says of this page's own devices is what they said themselves, or is for them. Also before the lab has come up:
	 * what the broker kept of them must not make a second link.
	 */
	#isOurs(topic: string): boolean {
		const device = addressOf(topic)?.device;
		if (device === undefined) return false;
		return this.#relay.has(device) || this.#registry.lastLink(device) === 'loopback';
	}

	#intakeReport(): IntakeReport {
		return { ...this.#intake.report(), relay: this.#relay.report() };
	}

	#besideDevices() {
		return {
			refusedIds: this.#registry.refusedIds,
			messagesPerSecond: this.#intake.rate.perSecond
		};
	}

	#showDevices(): void {
		if (this.#devices.size > 0) this.#devices.tell(this.#registry.summaries(), this.#besideDevices());
		for (const [device, watchers] of this.#events) {
			const events = this.#registry.newEvents(device);
			if (events) watchers.tell(events);
		}
		if (this.#devices.behind) this.#devicesDue.mark();
		// Until the rate has come to rest it changes with no message to tell it.
		if (!this.#cancelRateTick && this.#intake.rate.moving && this.#devices.size > 0)
			this.#cancelRateTick = this.#parts.clock.after(1000, () => {
				this.#cancelRateTick = undefined;
				this.#devicesDue.mark();
				this.#intakeDue.mark();
			});
	}

	async #keepLate(samples: readonly Sample[]): Promise<boolean> {
		const kept = await this.#parts.storage.telemetry.append(this.#registry.backfilled(samples));
		if (!kept.ok) this.#watch.error(kept.error);
		return kept.ok;
	}

	/** What the store noticed by itself. */
	storeTrouble(trouble: StoreTrouble): void {
		this.#watch.trouble(trouble);
		if (trouble.kind === 'returned') this.#inBackground(this.#restoreValues());
	}

	#inBackground(work: Promise<void>): void {
		work.catch((cause: unknown) => this.#watch.failing(cause));
	}
}

const keyOf = ({ device, provenance }: SeriesKey): string => `${provenance}/${device}`;

/** The followers of one device; nothing is kept of a device that nobody looks at. */
function watchersOf<K, T>(all: Map<K, Watchers<T>>, device: K, signal: AbortSignal): Watchers<T> {
	const watchers = all.get(device) ?? new Watchers<T>();
	all.set(device, watchers);
	signal.addEventListener('abort', () => queueMicrotask(() => watchers.size === 0 && all.delete(device)), {
		once: true
	});
	return watchers;
}
