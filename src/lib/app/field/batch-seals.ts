import { Counters, fromBase64 } from '$lib/base';
import { deviceKey, hmacKey, KEY_BYTES } from '$lib/crypto';
import { batchMacHolds, sharedSecretHolds, type Decoded } from '$lib/device';
import { conventionOf, type DeviceId, type LinkKind } from '$lib/model';
import type { Rows, SecretBox } from '$lib/vault';
import { deviceSecretName } from './device-keys';
import { TakenBatches, type TakenRow } from './taken-batches';

type Batch = Extract<Decoded, { kind: 'batch' }>;

export type BatchDoubt =
	/** The device has a key, and this came without a seal. */
	| 'unsealed-batch'
	| 'unsealed-message'
	/** The seal is another. */
	| 'forged-batch'
	/** Its number was taken already. */
	| 'replayed-batch'
	/** Its number is so far behind that nobody knows whether it was taken. */
	| 'stale-batch'
	/** There is a key for this device, and it cannot be used: so nothing can be believed. */
	| 'key-unusable';

/** Of a device that seals batches: shown, and stored when a sealed batch brings it. */
export type Unsealed = 'show';

/** How what came from one device since the worker started was sealed. */
export interface SealReport {
	/** Batches and messages whose seal held. */
	readonly sealed: number;
	/** Taken without one. */
	readonly plain: number;
	/** Came without one and was shown only: a sealed batch brings it. */
	readonly shown: number;
	/** Refused for their seal, their number or their making, by cause. */
	readonly refused: Readonly<Record<string, number>>;
}

export interface BatchSealsParts {
	readonly secrets: SecretBox;
	readonly taken: Rows<TakenRow>;
	readonly onChange: (device: DeviceId) => void;
	/** A number could not be kept: until the worker ends it is remembered all the same. */
	readonly onFault: (cause: unknown) => void;
}

type Key = CryptoKey | 'none' | 'unusable';

interface Counts {
	sealed: number;
	plain: number;
	shown: number;
	readonly refused: Counters<string>;
}

const MAX_DEVICES = 4096;

/**
 * Whether what is sealed is its device's own and new, docs/protocol.md §3.5 and docs/profiles.md. Of a device whose secret this browser does
 * not have, the broker is the fence: what it sends is taken, sealed or not.
 */
export class BatchSeals {
	readonly #keys = new Map<DeviceId, Key>();
	readonly #counts = new Map<DeviceId, Counts>();
	readonly #taken: TakenBatches;
	/** Rises with each change of any secret. */
	#changes = 0;

	constructor(private readonly parts: BatchSealsParts) {
		this.#taken = new TakenBatches(parts.taken, parts.onFault);
	}

	/** In the order in which they came; one that is believed is to be `kept` or `released`. @returns why it is not believed; undefined where it is */
	async judge(batch: Batch): Promise<BatchDoubt | undefined> {
		const { device, envelope, place } = batch;
		const seal = await this.#sealOf(device, envelope);
		if (seal === 'not-judged') {
			this.#count(device).plain++;
			return undefined;
		}
		if (seal !== 'holds') return seal;
		// The number only now: whoever cannot seal must not use numbers up.
		const verdict = await this.#taken.take(device, place, ruleOf(batch));
		if (verdict !== 'new') return verdict === 'seen' ? 'replayed-batch' : 'stale-batch';
		this.#count(device).sealed++;
		this.parts.onChange(device);
		return undefined;
	}

	/** Its samples are on disk. Resolves when its number is too. */
	kept(batch: Batch): Promise<void> {
		return this.#taken.keep(batch.device, batch.place, ruleOf(batch));
	}

	/** Its samples are not stored: it may come again. */
	released({ device, place }: Batch): void {
		this.#taken.release(device, place);
	}

	/** Of a batch whose contents cannot be read: why nobody need ask what is wrong with them; undefined where it is sealed or has no key. */
	async sealDoubt(device: DeviceId, envelope: Batch['envelope']): Promise<BatchDoubt | undefined> {
		const seal = await this.#sealOf(device, envelope);
		return seal === 'holds' || seal === 'not-judged' ? undefined : seal;
	}

	/**
	 * A message without a seal. Of a kind that its convention seals it is refused where there is a secret, since else whoever cannot
	 * forge a seal need only leave it out. Our own firmware seals batches and not what it says at once: once it has sent one, no sample
	 * is stored without. @returns at once where nothing has to be looked up; undefined where it is taken
	 */
	plain(
		device: DeviceId,
		{ kind, link }: { readonly kind: 'telemetry' | 'event'; readonly link: LinkKind }
	): Promise<BatchDoubt | Unsealed | undefined> | Unsealed | undefined {
		const take = () => {
			this.#count(device).plain++;
			return undefined;
		};
		if (conventionOf(device) === undefined && kind === 'telemetry' && link === 'mqtt') {
			const judge = (sealing: boolean) => {
				if (!sealing) return take();
				this.#count(device).shown++;
				return 'show';
			};
			const sealing = this.#taken.sealing(device);
			return typeof sealing === 'boolean' ? judge(sealing) : sealing.then(judge);
		}
		if (conventionOf(device) !== 'ecowatt' || this.#keys.get(device) === 'none') return take();
		return this.#keyOf(device).then((key) => (key === 'none' ? take() : 'unsealed-message'));
	}

	refused(device: DeviceId, cause: string): void {
		this.#count(device).refused.add(cause);
		this.parts.onChange(device);
	}

	report(device: DeviceId): SealReport {
		const { sealed, plain, shown, refused } = this.#counts.get(device) ?? NOTHING;
		return { sealed, plain, shown, refused: refused.snapshot() as Record<string, number> };
	}

	/** Its secret is another, or gone: what was taken under it means nothing any more, and numbers may begin anew. */
	async changed(device: DeviceId): Promise<void> {
		this.#changes++;
		this.#keys.delete(device);
		await this.#taken.forget(device);
		this.parts.onChange(device);
	}

	forget(device: DeviceId): Promise<void> {
		this.#counts.delete(device);
		return this.changed(device);
	}

	/** `not-judged`: there is no secret to judge it by. */
	async #sealOf(
		device: DeviceId,
		envelope: Batch['envelope']
	): Promise<'holds' | 'not-judged' | 'forged-batch' | 'unsealed-batch' | 'key-unusable'> {
		const key = await this.#keyOf(device);
		if (key === 'unusable') return 'key-unusable';
		if (key === 'none') return 'not-judged';
		if (!envelope.seal) return 'unsealed-batch';
		const holds =
			envelope.scheme === 'native'
				? await batchMacHolds(key, envelope)
				: await sharedSecretHolds(key, envelope);
		return holds ? 'holds' : 'forged-batch';
	}

	async #keyOf(device: DeviceId): Promise<Key> {
		const known = this.#keys.get(device);
		if (known !== undefined) return known;
		const before = this.#changes;
		const key = await this.#openKey(device);
		if (this.#changes !== before) return this.#keyOf(device); // it may be the one before
		if (this.#keys.size >= MAX_DEVICES) this.#keys.clear();
		if (key !== 'unusable') this.#keys.set(device, key);
		return key;
	}

	async #openKey(device: DeviceId): Promise<Key> {
		const opened = await this.parts.secrets.open(deviceSecretName(device));
		if (!opened.ok) {
			const none = opened.error.kind === 'absent' || opened.error.kind === 'no-vault';
			return none ? 'none' : 'unusable';
		}
		const secret = fromBase64(opened.value);
		if (!secret || secret.length === 0) return 'unusable';
		if (conventionOf(device) !== undefined) return hmacKey(secret);
		if (secret.length !== KEY_BYTES) return 'unusable';
		return hmacKey(await deviceKey(secret, device, 'telemetry', 'up'));
	}

	#count(device: DeviceId): Counts {
		const known = this.#counts.get(device);
		if (known) return known;
		if (this.#counts.size >= MAX_DEVICES) this.#counts.clear();
		const fresh: Counts = { sealed: 0, plain: 0, shown: 0, refused: new Counters() };
		this.#counts.set(device, fresh);
		return fresh;
	}
}

const ruleOf = ({ envelope }: Batch) => (envelope.scheme === 'native' ? 'window' : 'rising');

const NOTHING: Counts = { sealed: 0, plain: 0, shown: 0, refused: new Counters() };
