import { ok, type Result } from '$lib/base';
import {
	presentAfter,
	presentAfterHalf,
	readPresent,
	type FlashError,
	type FlashState,
	type PresentFlash,
	type ReadRange,
	type WritePlan
} from '$lib/flash';

/** What this page knows of a board's flash, through writes, failures and what its program does meanwhile. */
export class KnownFlash {
	/** undefined: it has no table. */
	#present: PresentFlash | 'unread' | undefined = 'unread';
	/** Read since its program last ran, which may choose another app to start, and since it was last written. */
	#fresh = false;
	/** What was there before a write that ended half way. */
	#before: PresentFlash | undefined;
	#mac: string | undefined;
	/** Where a person says that the table lies, or where it was found: it is looked for there first. */
	#tableAt: number | undefined;

	get present(): PresentFlash | 'unread' | undefined {
		return this.#present;
	}

	/** undefined where there is none, or nobody knows. */
	get table(): PresentFlash['table'] | undefined {
		return this.#tabled?.table;
	}

	/** Where it lies, bytes from the flash's start. */
	get tableOffset(): number | undefined {
		return this.#tabled?.tableOffset;
	}

	/** Nothing can have changed since it was read. */
	get fresh(): boolean {
		return this.#fresh;
	}

	/** A board answers: what was known of another one is forgotten. */
	met(mac: string): void {
		if (mac !== this.#mac) {
			this.#present = 'unread';
			this.#before = undefined;
			this.#tableAt = undefined;
		}
		this.#mac = mac;
		this.#fresh = false;
	}

	/** From the next look on. */
	seekAt(offset: number): void {
		this.#tableAt = offset;
		this.#fresh = false;
	}

	/** Its program runs. */
	ran(): void {
		this.#fresh = false;
	}

	/** Reads what is there, unless that is known. */
	async look(read: ReadRange): Promise<Result<undefined, FlashError>> {
		if (this.#fresh) return ok(undefined);
		this.#present = 'unread'; // and so it stays where this fails or is broken off
		const found = await readPresent(read, this.#tableAt);
		if (!found.ok) return found;
		this.#present = this.#before ? presentAfterHalf(found.value, this.#before) : found.value;
		this.#tableAt = this.tableOffset ?? this.#tableAt;
		this.#fresh = true;
		return ok(undefined);
	}

	/** Takes in what became of a write. */
	wrote(plan: WritePlan, end: FlashState): void {
		this.#fresh = false;
		if (end.kind === 'done') {
			const known = presentAfter(plan, this.#tabled);
			this.#tableAt = known?.tableOffset ?? this.#tableAt;
			this.#present = known ?? (this.#present === 'unread' && !plan.eraseAll ? 'unread' : undefined);
			this.#before = undefined;
		} else if ('wroteAnything' in end && end.wroteAnything) {
			this.#before = plan.eraseAll ? undefined : (this.#tabled ?? this.#before);
			this.#present = 'unread';
		}
	}

	get #tabled(): PresentFlash | undefined {
		return this.#present === 'unread' ? undefined : this.#present;
	}
}
