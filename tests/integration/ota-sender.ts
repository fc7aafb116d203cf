import { Buffer } from 'node:buffer';
import type { OtaPackage } from '../../scripts/ota/package';

/** What `ota.status` tells, docs/ota.md §6. */
export interface OtaStatus {
	readonly state: string;
	readonly version?: string;
	readonly chunks?: number;
	readonly listed?: number;
	readonly next?: number;
	readonly on_trial: boolean;
	readonly fault?: string;
	readonly last?: {
		readonly stage: string;
		readonly reason?: string;
		readonly from: string;
		readonly to: string;
	};
}

export interface OtaRefusal {
	readonly message: string;
	readonly data: { readonly reason: string };
}

/** One request of the Device API over some link. @returns the whole answer */
export type Ask = (method: string, params?: object) => Promise<unknown>;

/** Digests that fit a message. */
const DIGESTS_AT_ONCE = 40;

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

/** Sends a package over one link, as a page does. Each act gives the status. @throws Error with the device's refusal */
export class OtaSender {
	constructor(
		private readonly ask: Ask,
		private readonly made: OtaPackage,
		private readonly wrappedKey?: string
	) {}

	private async act(method: string, params?: object): Promise<OtaStatus> {
		const answer = (await this.ask(method, params)) as { result?: OtaStatus; error?: OtaRefusal };
		if (!answer.result) throw new Error(`${method}: ${JSON.stringify(answer.error)}`);
		return answer.result;
	}

	status(): Promise<OtaStatus> {
		return this.act('ota.status');
	}

	begin(): Promise<OtaStatus> {
		const key = this.wrappedKey === undefined ? {} : { key: this.wrappedKey };
		return this.act('ota.begin', { manifest: base64(this.made.manifest), ...key });
	}

	/** Digests from where the device stands, then chunks up to number `until`. */
	async send(until = this.made.chunks.length): Promise<OtaStatus> {
		let status = await this.status();
		for (let at = status.listed ?? 0; at < this.made.chunks.length; at += DIGESTS_AT_ONCE) {
			const bytes = this.made.digests.subarray(32 * at, 32 * (at + DIGESTS_AT_ONCE));
			status = await this.act('ota.digests', { at, bytes: base64(bytes) });
		}
		for (let index = status.next ?? 0; index < until; index++) {
			const { iv, bytes } = this.made.chunks[index]!;
			status = await this.act('ota.chunk', { index, iv: base64(iv), bytes: base64(bytes) });
		}
		return status;
	}

	finish(): Promise<OtaStatus> {
		return this.act('ota.finish');
	}

	whole = async (): Promise<OtaStatus> => {
		await this.begin();
		await this.send();
		return this.finish();
	};
}
