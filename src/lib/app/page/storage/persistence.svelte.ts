import { askToPersist } from '$lib/telemetry';
import type { FieldPort } from '../field-port';

/** What the browser keeps even when the disk runs full. Measurements may lie in a bucket of their own, with an answer of their own. */
export type Kept = 'all' | 'measurements' | 'settings' | 'nothing';

/** What the browser says of keeping the data, and the question to it. */
export class Persistence {
	#kept = $state<Kept | undefined>();
	#asked = $state(false);

	constructor(private readonly field: Pick<FieldPort, 'call'>) {}

	/** Undefined until the browser has said. */
	get kept(): Kept | undefined {
		return this.#kept;
	}

	get asked(): boolean {
		return this.#asked;
	}

	/** Over plain http nobody can. */
	get canAsk(): boolean {
		return storage()?.persist !== undefined;
	}

	async look(): Promise<void> {
		const [{ persisted: measurements }, settings] = await Promise.all([
			this.field.call('storeStats', null),
			storage()?.persisted?.()
		]);
		if (measurements) this.#kept = settings ? 'all' : 'measurements';
		else this.#kept = settings ? 'settings' : 'nothing';
	}

	/** Must be called from a click: some browsers ask the person. */
	async ask(): Promise<void> {
		await askToPersist();
		this.#asked = true;
		await this.look();
	}
}

const storage = () => (navigator as Partial<Navigator>).storage as Partial<StorageManager> | undefined;
