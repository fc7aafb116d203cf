import { BoundedQueue, Counters, done, type Clock, type Result } from '$lib/base';
import type { AlertBook, Decoded, DeviceApi, Outbox, Profile, Refusal, Registry } from '$lib/device';
import type { LinkMessage, MessageLink } from '$lib/link';
import type { DeviceId, Sample, SampleIdentity } from '$lib/model';
import { DEFAULT_LIMITS, type SeriesKey, type StoreError, type TelemetryStore } from '$lib/telemetry';
import { FRAME_MS } from './coalescer';
import type { AnswerDoubt, CommandSeals } from './command-seals';
import type { LiveTails } from './live-tails';
import type { BatchDoubt, BatchSeals, Unsealed } from './batch-seals';
import type { IntakeReport } from './messages';
import type { MinuteCounts } from './minute-counts';
import { RateMeter } from './rate-meter';
import { SaidBefore } from './said-before';
import { SeenSamples } from './seen-samples';
import { ShownSamples } from './shown-samples';

type Telemetry = Extract<Decoded, { kind: 'telemetry' }>;
type Batch = Extract<Decoded, { kind: 'batch' }>;
type Answer = Extract<Decoded, { kind: 'response' }>;

type Cause =
	| Refusal
	| BatchDoubt
	| AnswerDoubt
	| 'unknown-topic'
	| 'too-many-devices'
	| 'too-many-device-metrics'
	| 'reported-too-large'
	| 'retained-telemetry'
	| 'retained-event'
	| 'differs-from-sealed'
	| 'store-backlog'
	| 'batch-backlog';

export interface IntakeParts {
	readonly clock: Clock;
	readonly profiles: readonly Profile[];
	readonly registry: Registry;
	readonly outbox: Outbox;
	readonly alerts: AlertBook;
	readonly minutes: MinuteCounts;
	readonly deviceApi: DeviceApi;
	readonly live: LiveTails;
	readonly store: TelemetryStore;
	/** Whether what comes is its device's own. */
	readonly seals: Pick<BatchSeals, 'judge' | 'kept' | 'released' | 'sealDoubt' | 'plain' | 'refused'>;
	/** Why an answer is not believed; undefined at once where there is nothing to check. */
	readonly answerDoubt: CommandSeals['doubtOf'];
	/** Messages that this page sent itself, or that are for its own devices. */
	readonly passOver: (link: MessageLink, topic: string) => boolean;
	/** A sample with a number was taken in; of a repeat, its better time. */
	readonly onNumbered: (sample: Sample, identity: SampleIdentity) => void;
	/** A device says that it is there. */
	readonly onOnline: (source: SeriesKey) => void;
	readonly onChange: () => void;
	readonly onStoreError: (error: StoreError) => void;
}

/** A device's reported state is kept whole and goes to pages with every snapshot of all devices: 2,000 of them fit at this size. */
export const MAX_REPORTED_BYTES = 4096;
const MAX_EXAMPLES = 20;
const MAX_TOPIC_CHARS = 160;
/**
 * Samples given to the store and not yet committed: about 10 s of the highest rate. Beyond, they are counted and refused here,
 * so that the store need not let go of what it has taken.
 */
const MAX_UNCOMMITTED = DEFAULT_LIMITS.heldSamples;
/** Batches and answers whose seals are being checked: 16 MB of the largest. */
const MAX_UNCHECKED = 256;

/** `sealed`: its seal held, or it needs none. */
type Standing = 'unjudged' | 'sealed' | Unsealed;

/**
 * The way up: link → profile → registry, live view and store. Each message is decoded where it arrives, synchronously; samples
 * go to the store together, once a frame.
 */
export class Intake {
	readonly #counters = new Counters<Cause>();
	readonly #examples = new BoundedQueue<IntakeReport['examples'][number]>(MAX_EXAMPLES);
	readonly rate: RateMeter;
	readonly #seen = new SeenSamples();
	readonly #said = new SaidBefore();
	readonly #shown = new ShownSamples();
	#messages = 0;
	#samples = 0;
	#repeated = 0;
	#unchecked = 0;
	#checking: Promise<void> = Promise.resolve();
	#waiting: Sample[] = [];
	/** Whose samples are among them, or were told before. */
	#batches: Batch[] = [];
	/** Of the samples that were given to the store last. */
	#committed: Promise<Result<unknown, StoreError>> = Promise.resolve(done);
	#keeping: Promise<void> = Promise.resolve();
	#uncommitted = 0;
	#cancelTick: (() => void) | undefined;

	constructor(private readonly parts: IntakeParts) {
		this.rate = new RateMeter(parts.clock);
	}

	/** Takes in all that `link` carries until `signal` aborts. */
	follow(link: MessageLink, signal: AbortSignal): void {
		link.listen((message) => this.#take(link, message), signal);
	}

	report(): Omit<IntakeReport, 'relay'> {
		return {
			messages: this.#messages,
			samples: this.#samples,
			repeated: this.#repeated,
			refused: this.#counters.snapshot(),
			examples: [...this.#examples]
		};
	}

	/** A device that was forgotten may tell again what it told. */
	forget(device: DeviceId): void {
		this.#seen.forget(device);
		this.#said.forget(device);
		this.#shown.forget(device);
	}

	/** Resolves when all batches that came have been judged. */
	checked(): Promise<void> {
		return this.#checking;
	}

	/** Hands what waits to the store now. */
	drain(): void {
		this.#cancelTick?.();
		this.#cancelTick = undefined;
		const [samples, batches] = [this.#waiting, this.#batches];
		this.#waiting = [];
		this.#batches = [];
		if (samples.length > 0) this.#store(samples);
		if (batches.length > 0) this.#settle(batches, this.#committed);
	}

	/** Resolves when the numbers of all batches whose samples are on disk are there too. */
	kept(): Promise<void> {
		return this.#keeping;
	}

	/** A batch's number is kept behind its samples, so that one that was lost with the browser may come again. */
	#settle(batches: readonly Batch[], committed: Promise<Result<unknown, StoreError>>): void {
		const { seals } = this.parts;
		this.#keeping = Promise.all([this.#keeping, committed]).then(async ([, { ok }]) => {
			for (const batch of batches)
				if (ok) await seals.kept(batch);
				else seals.released(batch);
		});
	}

	#store(samples: readonly Sample[]): void {
		this.#uncommitted += samples.length;
		const committed = this.parts.store.append(samples);
		this.#committed = committed;
		void committed.then((result) => {
			this.#uncommitted -= samples.length;
			if (result.ok) this.#repeated += result.value.duplicates + (result.value.corrected ?? 0);
			else {
				this.#seen.clear(); // what was not stored may come again
				this.parts.onStoreError(result.error);
			}
		});
	}

	#take(link: MessageLink, message: LinkMessage): void {
		if (this.parts.passOver(link, message.topic)) return;
		this.#messages++;
		this.rate.count();
		this.parts.minutes.count();
		this.parts.onChange();
		for (const profile of this.parts.profiles) {
			const decoded = profile.decode(message);
			if (decoded) return this.#sort(decoded, profile.name, link, message);
		}
		this.#refuse('unknown-topic', message);
	}

	#sort(
		decoded: Decoded,
		profile: string,
		link: MessageLink,
		message: LinkMessage,
		standing: Standing = 'unjudged'
	): void {
		if (standing === 'unjudged' && (decoded.kind === 'telemetry' || decoded.kind === 'event')) {
			const judged = this.parts.seals.plain(decoded.device, { kind: decoded.kind, link: link.kind });
			const take = (as: Standing) => this.#sort(decoded, profile, link, message, as);
			if (judged === 'show') return take(judged);
			if (judged) return this.#inTurn(judged, decoded.device, message, take);
		}
		switch (decoded.kind) {
			case 'telemetry':
				// A broker gives a retained sample again at each subscription, however old: without an identity nothing tells it
				// from a new one, so it would be stored each time, and a dead device shown as live.
				if (message.retained && !decoded.sample.identity) return this.#refuse('retained-telemetry', message);
				if (this.#told(decoded.sample, link, profile, message, { ...decoded, standing }))
					for (const cause of decoded.counted) this.#refuse(cause, message);
				return;
			case 'batch':
				return this.#check(decoded, profile, link, message);
			case 'response':
				return this.#answer(decoded, profile, link, message);
			case 'status':
			case 'reported':
				if (decoded.kind === 'reported' && message.payload.length > MAX_REPORTED_BYTES)
					return this.#refuse('reported-too-large', message);
				if (!this.parts.registry.state(decoded, message.retained, link.kind, profile))
					return this.#refuse('too-many-devices', message);
				if (decoded.kind === 'status' && decoded.status.state === 'online') {
					const { device, status } = decoded;
					this.parts.outbox.nudge(device);
					this.parts.onOnline({ device, provenance: status.simulated ? 'simulated' : 'real' });
				}
				return;
			case 'event':
				// A broker gives it again at each subscription: it is no news.
				if (message.retained) return this.#refuse('retained-event', message);
				if (this.#isOldAlert(decoded)) {
					this.#repeated++;
					return;
				}
				if (!this.parts.registry.event(decoded, link.kind, profile))
					return this.#refuse('too-many-devices', message);
				this.parts.alerts.told(decoded.device, decoded.provenance, decoded.event);
				return;
			case 'several':
				for (const part of decoded.parts) this.#sort(part, profile, link, message, standing);
				return;
			case 'unread':
				return;
			case 'refused': {
				const { device, cause, envelope } = decoded;
				const refuse = () => this.#refuse(cause, message, 1, device);
				if (device === undefined || !envelope) return refuse();
				// Whoever cannot seal can send anything: that it cannot be read is then not the fault.
				return this.#inTurn(() => this.parts.seals.sealDoubt(device, envelope), device, message, refuse);
			}
		}
	}

	#isOldAlert({ device, event }: Extract<Decoded, { kind: 'event' }>): boolean {
		const alert = event.kind === 'alert' || event.kind === 'alert-over';
		return alert && this.parts.alerts.knows(device, event);
	}

	#answer(answer: Answer, profile: string, link: MessageLink, message: LinkMessage): void {
		const { device, response } = answer;
		const give = () => {
			const { outbox, deviceApi, registry } = this.parts;
			if (!outbox.response(device, response) && !deviceApi.response(device, response))
				this.#counters.add('unasked-response'); // another page asked: no fault, so no example
			registry.state(answer, message.retained, link.kind, profile);
		};
		const judged = this.parts.answerDoubt(answer, { kind: link.kind, payload: message.payload });
		if (!judged) return give();
		if (this.#unchecked >= MAX_UNCHECKED) return this.#refuse('batch-backlog', message);
		this.#unchecked++;
		this.#checking = this.#checking.then(async () => {
			const doubt = await judged.catch(() => 'answer-key-unusable' as const);
			this.#unchecked--;
			this.parts.onChange();
			if (!doubt) give();
			else if (doubt === 'unasked-response' || doubt === 'stale-epoch') this.#counters.add(doubt);
			else this.#refuse(doubt, message);
		});
	}

	/** Judges a batch's seal, in the order in which batches came, and takes its samples as if each had come alone. */
	#check(batch: Batch, profile: string, link: MessageLink, message: LinkMessage): void {
		if (message.retained && batch.envelope.scheme !== 'native')
			return this.#refuse('retained-telemetry', message);
		this.#inTurn(
			() => this.parts.seals.judge(batch),
			batch.device,
			message,
			() => {
				for (const [cause, times] of Object.entries(batch.counted))
					this.#refuse(cause as Refusal, message, times);
				const before = this.#counters.get('store-backlog');
				batch.samples.forEach((sample, i) =>
					this.#told(sample, link, profile, message, { inBatch: i, standing: 'sealed' })
				);
				for (const part of batch.besides) this.#sort(part, profile, link, message, 'sealed');
				if (this.#counters.get('store-backlog') > before) return this.parts.seals.released(batch);
				this.#batches.push(batch);
				this.#dueSoon();
			}
		);
	}

	/** Takes something once it is judged, in the order in which it came. */
	#inTurn(
		judged: Promise<BatchDoubt | Unsealed | undefined> | (() => Promise<BatchDoubt | undefined>),
		device: DeviceId,
		message: LinkMessage,
		take: (as: Standing) => void
	): void {
		if (this.#unchecked >= MAX_UNCHECKED) return this.#refuse('batch-backlog', message, 1, device);
		this.#unchecked++;
		this.#checking = this.#checking.then(async () => {
			// A vault that cannot be read is no reason to believe.
			const doubt = await (typeof judged === 'function' ? judged() : judged).catch(
				() => 'key-unusable' as const
			);
			this.#unchecked--;
			this.parts.onChange();
			if (doubt === undefined) take('sealed');
			else if (doubt === 'show') take(doubt);
			else this.#refuse(doubt, message, 1, device);
		});
	}

	/**
	 * Takes one sample in, unless it is here already. One that is only shown claims no number: what is sealed comes after it and is stored.
	 * @returns whether it was news
	 */
	#told(
		sample: Sample,
		link: MessageLink,
		profile: string,
		message: LinkMessage,
		{
			standing,
			...beside
		}: { readonly standing: Standing } & (
			Pick<Telemetry, 'alias' | 'firmware' | 'hearsay'> | { readonly inBatch: number }
		)
	): boolean {
		const { device, identity, values } = sample;
		const before = identity && standing === 'sealed' ? this.#shown.settle(device, identity, values) : 'new';
		if (before === 'differs') this.#refuse('differs-from-sealed', message, 1, device);
		const came =
			identity && standing === 'show' && this.#shown.has(device, identity)
				? 'repeat'
				: identity && this.#seen.judge(device, identity, sample.clock);
		if (came ? came === 'repeat' : this.#said.repeats(sample)) {
			this.#repeated++;
			return false;
		}
		const taken = this.parts.registry.telemetry({ device, sample, ...beside }, link.kind, profile);
		if (taken.kind === 'refused') {
			this.#refuse(taken.cause, message);
			return false;
		}
		if (taken.droppedMetrics > 0) this.#refuse('too-many-device-metrics', message, taken.droppedMetrics);
		if (standing === 'show') {
			if (identity) this.#shown.add(device, identity, values);
			this.parts.live.push(taken.sample, false);
		}
		// Its time is known better now: the store is told, and nobody is shown it again.
		else if (came === 'better') this.#give(taken.sample, message);
		else this.#keep(taken.sample, message, 'inBatch' in beside, before !== 'same');
		return true;
	}

	#keep(sample: Sample, message: LinkMessage, late: boolean, news: boolean): void {
		if (!this.#give(sample, message)) return;
		this.#samples++;
		if (news) this.parts.live.push(sample, late);
	}

	/** @returns whether it goes to the store */
	#give(sample: Sample, message: LinkMessage): boolean {
		if (this.#uncommitted + this.#waiting.length >= MAX_UNCOMMITTED) {
			this.#refuse('store-backlog', message);
			return false;
		}
		const { identity, clock } = sample;
		if (identity) {
			this.#seen.add(sample.device, identity, clock);
			this.parts.onNumbered(sample, identity);
		}
		this.#waiting.push(sample);
		this.#dueSoon();
		return true;
	}

	#dueSoon(): void {
		this.#cancelTick ??= this.parts.clock.after(FRAME_MS, () => this.drain());
	}

	#refuse(cause: Cause, message: LinkMessage, times = 1, device?: DeviceId): void {
		this.#counters.add(cause, times);
		if (device !== undefined && this.parts.registry.has(device)) this.parts.seals.refused(device, cause);
		const topic = message.topic.slice(0, MAX_TOPIC_CHARS);
		this.#examples.push({ atMs: message.receivedMs, topic, cause });
	}
}
