import type { Result } from '$lib/base';
import type { BoardFacts, FirmwarePart, FlashError } from '$lib/flash';
import { parseNvs, type NvsEntry, type NvsFault } from '$lib/formats';
import {
	deviceIdOf,
	EMPTY_SETTINGS,
	formOf,
	newSecret,
	presentSettings,
	settingsImage,
	type PresentSettings,
	type SettingsDraft,
	type SettingsForm,
	type SettingsImage,
	type SettingsProblem
} from '$lib/provision';
import { parseDeviceId } from '$lib/model';
import { nvsOf, type SettingsOffer } from './settings-offer';
import type { BoardAtWork, FlashWorks, OfferedBroker } from './works';

/** What the board keeps now, as far as it is known. */
export type SettingsBase =
	| { readonly kind: 'unread' }
	| { readonly kind: 'reading'; readonly readBytes: number; readonly totalBytes: number }
	/** @property lost entries that cannot be read: they are not in the new settings */
	| { readonly kind: 'read'; readonly entries: readonly NvsEntry[]; readonly lost: number }
	/** It has no partition for settings, or an erased one. */
	| { readonly kind: 'none' }
	| { readonly kind: 'failed'; readonly why: FlashError['kind'] | NvsFault['kind'] };

/** Settings that a person wants written with the firmware: the form, what it starts from, and the image made of both. */
export class SettingsWish {
	/** What is typed. */
	form = $state<SettingsDraft>({ ...EMPTY_SETTINGS });
	/** The new secret is kept elsewhere too, as a person says. */
	copied = $state(false);
	#base = $state.raw<SettingsBase>({ kind: 'unread' });
	/** What lay there when it was read. */
	#found: { readonly offset: number; readonly bytes: Uint8Array } | undefined;
	#anew = $state(false);
	#readAgain = $state(false);
	#image = $state.raw<SettingsImage | undefined>(undefined);
	#problem = $state.raw<SettingsProblem | undefined>(undefined);
	/** The form as it went into the image, or as it was begun with. */
	#settled = $state.raw<SettingsForm>(EMPTY_SETTINGS);
	#brokers = $state.raw<readonly OfferedBroker[]>([]);
	#noBroker = $state<string>();
	#opening: Promise<void> | undefined;
	#stop = new AbortController();

	readonly present = $derived.by(
		(): PresentSettings | undefined =>
			(this.#base.kind === 'read' && !this.#anew && presentSettings(this.#base.entries)) || undefined
	);
	/** Something is typed that is not in the plan. */
	readonly pending = $derived(!sameForm(this.form, this.#settled));

	/** @param put takes the image into the plan, or what is there out of it */
	constructor(
		private readonly at: BoardAtWork,
		private readonly board: BoardFacts,
		readonly offer: SettingsOffer,
		private readonly put: (part: FirmwarePart | undefined) => void
	) {}

	get practice(): boolean {
		return this.board.practice;
	}

	get base(): SettingsBase {
		return this.#base;
	}

	/** Begins with nothing, though the board has settings. */
	get anew(): boolean {
		return this.#anew;
	}

	/** The board has changed what the form was begun from, so it begins once more from what the board has now. */
	get readAgain(): boolean {
		return this.#readAgain;
	}

	/** In the plan now. */
	get image(): SettingsImage | undefined {
		return this.#image;
	}

	/** What is in the plan was made from settings that the board has. */
	get fromBoard(): boolean {
		return this.#image !== undefined && this.present !== undefined;
	}

	/** Why it is not. */
	get problem(): SettingsProblem | undefined {
		return this.#problem;
	}

	get brokers(): readonly OfferedBroker[] {
		return this.#brokers;
	}

	/** Why no broker is offered, in words. */
	get noBroker(): string | undefined {
		return this.#noBroker;
	}

	/** The first time: reads what the board has, and looks for brokers. */
	open(): Promise<void> {
		if (this.offer.kind !== 'here') return Promise.resolve();
		this.#opening ??= this.#begin();
		return this.#opening;
	}

	/**
	 * Before a write: the board is free for it, and what is typed is in the plan.
	 * @returns false where that changed the plan, or cannot be: then a person looks first
	 */
	async settle(): Promise<boolean> {
		this.#stop.abort();
		await this.#opening;
		if (!this.pending) return true;
		this.apply();
		return false;
	}

	/** Nobody looks any more: the board is free for others. */
	leave(): void {
		this.#stop.abort();
	}

	/** The settings are on the board now: this page must be able to command it. */
	async keepSecret(works: Pick<FlashWorks, 'keepSecret'>): Promise<void> {
		const { image, board } = this;
		if (!image) return;
		const device = parseDeviceId(image.deviceId || deviceIdOf(board.mac, board));
		if (device.ok) await works.keepSecret(device.value, image.secret);
	}

	/** The settings are on the board now: what it has is read again when it is asked for. */
	written(): void {
		this.#opening = undefined;
		this.#base = { kind: 'unread' };
		this.#anew = false;
		this.#readAgain = false;
		this.#refill();
		this.leaveOut();
	}

	/** The board has others than the plan's were made from, and a person chose to begin from those. */
	outdated(): void {
		this.written();
		this.#readAgain = true;
	}

	startAnew(anew: boolean): void {
		this.#anew = anew;
		this.#refill();
	}

	giveSecret(): void {
		this.copied = false;
		this.form = { ...this.form, secret: newSecret((bytes) => crypto.getRandomValues(bytes)) };
	}

	/** Into the plan, if the board would take all of it. @returns whether it is */
	apply(): boolean {
		if (this.offer.kind !== 'here') return false;
		const { place } = this.offer;
		const form = $state.snapshot(this.form);
		if (form.secret !== '' && !this.copied) {
			this.#problem = { kind: 'faults', faults: [{ field: 'secret', kind: 'not-copied' }] };
			return false;
		}
		const base = this.#base.kind === 'read' && !this.#anew ? this.#base.entries : [];
		const made = settingsImage(form, base, { practice: this.practice }, place.size);
		this.#problem = made.ok ? undefined : made.error;
		if (!made.ok) return false;
		this.#image = made.value;
		this.#readAgain = false;
		this.#settled = form;
		const { offset } = place;
		const part = { name: 'Settings', offset, bytes: made.value.bytes, from: 'the form' };
		this.put(this.#found?.offset === offset ? { ...part, madeFrom: this.#found.bytes } : part);
		return true;
	}

	/** Out of the plan; what was typed stays. */
	leaveOut(): void {
		this.#image = undefined;
		this.#problem = undefined;
		this.put(undefined);
	}

	async #begin(): Promise<void> {
		this.#stop = new AbortController();
		const { signal } = this.#stop;
		try {
			await Promise.all([this.#read(signal), this.#findBrokers(signal)]);
		} catch (cause) {
			if (this.#base.kind === 'reading') this.#base = { kind: 'unread' };
			this.#opening = undefined;
			if (!signal.aborted) throw cause;
		}
	}

	async #read(signal: AbortSignal): Promise<void> {
		const looked = this.at.known ? undefined : await this.at.look(signal);
		const place = nvsOf(this.at.table);
		if (looked?.ok === false) this.#base = { kind: 'failed', why: looked.error.kind };
		else if (place) {
			const tell = (readBytes: number) =>
				(this.#base = { kind: 'reading', readBytes, totalBytes: place.size });
			tell(0);
			const read = await this.at.read({ offset: place.offset, length: place.size }, tell, signal);
			this.#found = read.ok ? { offset: place.offset, bytes: read.value } : undefined;
			this.#base = baseOf(read);
		} else this.#base = { kind: 'none' };
		this.#refill();
	}

	/** The form as it changes nothing. A password that is not shown must not be lost with what it belongs to: nothing typed stays. */
	#refill(): void {
		const { present } = this;
		this.#settled = present ? formOf(present) : EMPTY_SETTINGS;
		this.form = { ...this.#settled };
	}

	async #findBrokers(signal: AbortSignal): Promise<void> {
		const found = await this.at.brokers(signal);
		if (found.ok) this.#brokers = found.value;
		else this.#noBroker = found.error;
	}
}

function baseOf(read: Result<Uint8Array<ArrayBuffer>, FlashError>): SettingsBase {
	const found = read.ok ? parseNvs(read.value) : read;
	if (!found.ok) return { kind: 'failed', why: found.error.kind };
	const { entries, damage } = found.value;
	return entries.length + damage.length === 0
		? { kind: 'none' }
		: { kind: 'read', entries, lost: damage.length };
}

const sameForm = (a: SettingsForm, b: SettingsForm): boolean =>
	(Object.keys(a) as (keyof SettingsForm)[]).every((field) => a[field] === b[field]);
