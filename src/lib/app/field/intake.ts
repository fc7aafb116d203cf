import { BoundedQueue, Counters, type Clock } from '$lib/base';
import type { Decoded, DeviceApi, Outbox, Profile, Refusal, Registry } from '$lib/device';
import type { LinkMessage, MessageLink } from '$lib/link';
import type { Sample } from '$lib/model';
import { DEFAULT_LIMITS, type StoreError, type TelemetryStore } from '$lib/telemetry';
import { FRAME_MS } from './coalescer';
import type { LiveTails } from './live-tails';
import type { IntakeReport } from './messages';
import { RateMeter } from './rate-meter';

type Cause =
	| Refusal
	| 'unknown-topic'
	| 'too-many-devices'
	| 'too-many-device-metrics'
	| 'reported-too-large'
	| 'retained-telemetry'
	| 'store-backlog'
	| 'unasked-response';

export interface IntakeParts {
	readonly clock: Clock;
	readonly profiles: readonly Profile[];
	readonly registry: Registry;
	readonly outbox: Outbox;
	readonly deviceApi: DeviceApi;
	readonly live: LiveTails;
	readonly store: TelemetryStore;
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

/**
 * The way up: link → profile → registry, live view and store. Each message is decoded where it arrives, synchronously; samples
 * go to the store together, once a frame.
 */
export class Intake {
	readonly #counters = new Counters<Cause>();
	readonly #examples = new BoundedQueue<IntakeReport['examples'][number]>(MAX_EXAMPLES);
	readonly rate: RateMeter;
	#messages = 0;
	#samples = 0;
	#waiting: Sample[] = [];
	#uncommitted = 0;
	#cancelTick: (() => void) | undefined;

	constructor(private readonly parts: IntakeParts) {
		this.rate = new RateMeter(parts.clock);
	}

	/** Takes in all that `link` carries until `signal` aborts. */
	follow(link: MessageLink, signal: AbortSignal): void {
		link.listen((message) => this.#take(link, message), signal);
	}

	report(): IntakeReport {
		return {
			messages: this.#messages,
			samples: this.#samples,
			refused: this.#counters.snapshot(),
			examples: [...this.#examples]
		};
	}

	/** Hands what waits to the store now. */
	drain(): void {
		this.#cancelTick?.();
		this.#cancelTick = undefined;
		const samples = this.#waiting;
		if (samples.length === 0) return;
		this.#waiting = [];
		this.#uncommitted += samples.length;
		void this.parts.store.append(samples).then((result) => {
			this.#uncommitted -= samples.length;
			if (!result.ok) this.parts.onStoreError(result.error);
		});
	}

	#take(link: MessageLink, message: LinkMessage): void {
		this.#messages++;
		this.rate.count();
		this.parts.onChange();
		for (const profile of this.parts.profiles) {
			const decoded = profile.decode(message);
			if (decoded) return this.#sort(decoded, profile.name, link, message);
		}
		this.#refuse('unknown-topic', message);
	}

	#sort(decoded: Decoded, profile: string, link: MessageLink, message: LinkMessage): void {
		switch (decoded.kind) {
			case 'telemetry': {
				// A broker gives a retained sample again at each subscription, however old: without an identity nothing tells it
				// from a new one, so it would be stored each time, and a dead device shown as live.
				if (message.retained && !decoded.sample.identity) return this.#refuse('retained-telemetry', message);
				const taken = this.parts.registry.telemetry(decoded, link.kind, profile);
				if (taken.kind === 'refused') return this.#refuse(taken.cause, message);
				for (const cause of decoded.counted) this.#refuse(cause, message);
				if (taken.droppedMetrics > 0) this.#refuse('too-many-device-metrics', message, taken.droppedMetrics);
				return this.#keep(taken.sample, message);
			}
			case 'response':
				if (
					!this.parts.outbox.response(decoded.device, decoded.response) &&
					!this.parts.deviceApi.response(decoded.device, decoded.response)
				)
					this.#counters.add('unasked-response'); // another page asked: no fault, so no example
				this.parts.registry.state(decoded, message.retained, link.kind, profile);
				return;
			case 'status':
			case 'reported':
				if (decoded.kind === 'reported' && message.payload.length > MAX_REPORTED_BYTES)
					return this.#refuse('reported-too-large', message);
				if (!this.parts.registry.state(decoded, message.retained, link.kind, profile))
					return this.#refuse('too-many-devices', message);
				if (decoded.kind === 'status' && decoded.status.state === 'online')
					this.parts.outbox.nudge(decoded.device);
				return;
			case 'refused':
				return this.#refuse(decoded.cause, message);
		}
	}

	#keep(sample: Sample, message: LinkMessage): void {
		if (this.#uncommitted + this.#waiting.length >= MAX_UNCOMMITTED)
			return this.#refuse('store-backlog', message);
		this.#samples++;
		this.#waiting.push(sample);
		this.parts.live.push(sample);
		this.#cancelTick ??= this.parts.clock.after(FRAME_MS, () => this.drain());
	}

	#refuse(cause: Cause, message: LinkMessage, times = 1): void {
		this.#counters.add(cause, times);
		const topic = message.topic.slice(0, MAX_TOPIC_CHARS);
		this.#examples.push({ atMs: message.receivedMs, topic, cause });
	}
}
