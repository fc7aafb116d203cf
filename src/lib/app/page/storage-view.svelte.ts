import type { StoreStats } from '$lib/telemetry';
import type { CopyAct, CopyStatus, CopyWhere, RetentionPlan } from '../field/messages';
import type { FieldPort } from './field-port';

/** How much is stored, and how safely. */
export class StorageView {
	#stats = $state.raw<StoreStats | undefined>(undefined);
	#retention = $state.raw<RetentionPlan | undefined>(undefined);
	#copy = $state.raw<CopyStatus | undefined>(undefined);

	constructor(private readonly field: FieldPort) {}

	get stats(): StoreStats | undefined {
		return this.#stats;
	}

	get retention(): RetentionPlan | undefined {
		return this.#retention;
	}

	/** How the second copy stands. */
	get copy(): CopyStatus | undefined {
		return this.#copy;
	}

	async keepCopy(where: CopyWhere): Promise<void> {
		this.#copy = await this.field.call('setCopy', { where });
		await this.load();
	}

	async actOnCopy(act: CopyAct): Promise<void> {
		this.#copy = await this.field.call('actOnCopy', { act });
	}

	/** Must be called from a click: the browser asks the person. @returns whether the folder may be written again */
	async openCopyFolder(): Promise<boolean> {
		const folder = await this.field.call('copyFolder', null);
		if (!folder || (await folder.requestPermission({ mode: 'readwrite' })) !== 'granted') return false;
		await this.actOnCopy('look-again');
		return true;
	}

	/** While it may change. */
	async lookAtCopy(): Promise<void> {
		this.#copy = await this.field.call('copyStatus', null);
	}

	async retain(changed: Partial<RetentionPlan>): Promise<void> {
		if (!this.#retention) return;
		this.#retention = { ...this.#retention, ...changed };
		await this.field.call('setRetention', this.#retention);
		await this.load();
	}

	async load(): Promise<void> {
		[this.#stats, this.#retention, this.#copy] = await Promise.all([
			this.field.call('storeStats', null),
			this.field.call('retention', null),
			this.field.call('copyStatus', null)
		]);
	}
}
