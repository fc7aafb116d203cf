import type { Result } from '$lib/base';
import type { BrokerProfile, BrokerSaveError } from '../field/messages';
import type { FieldPort } from './field-port';

/** The saved brokers. The worker keeps them; this asks again after each change made here. */
export class BrokerProfiles {
	#profiles = $state.raw<readonly BrokerProfile[] | undefined>(undefined);

	constructor(private readonly field: FieldPort) {}

	/** undefined until the worker has said. */
	get profiles(): readonly BrokerProfile[] | undefined {
		return this.#profiles;
	}

	async load(): Promise<void> {
		this.#profiles = await this.field.call('listBrokers', null);
	}

	/** @param password undefined keeps the stored one, '' removes it */
	async save(profile: BrokerProfile, password?: string): Promise<Result<void, BrokerSaveError>> {
		const saved = await this.field.call('saveBroker', { profile, password });
		await this.load();
		return saved;
	}

	/** Also forgets the password: undo brings the profile back without it. */
	async remove(id: string): Promise<void> {
		await this.field.call('removeBroker', { id });
		await this.load();
	}

	connect(id: string): Promise<void> {
		return this.field.call('connect', { id });
	}

	disconnect(): Promise<void> {
		return this.field.call('disconnect', null);
	}

	retry(): Promise<void> {
		return this.field.call('retry', null);
	}
}
