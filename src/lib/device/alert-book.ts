import { randomId, type Clock } from '$lib/base';
import type { DeviceId, Provenance } from '$lib/model';
import type { DeviceEvent } from './device';
import { severityOf, type Severity } from './severity';
import type { Shelf } from './shelf';

/** Beyond these the oldest goes, one that is over or acknowledged before one that is neither; a device cannot push out another's. */
export const MAX_ALERTS = 1000;
export const MAX_ALERTS_PER_DEVICE = 100;
/** A rule that flaps is written so often at most. */
const SAVE_MS = 250;

/** What a device warned of, from its raising to its end. */
export interface Alert {
	readonly id: string;
	readonly device: DeviceId;
	readonly provenance: Provenance;
	readonly rule: string;
	readonly text: string;
	readonly severity: Severity;
	/** ms since the epoch, as the device says, else when it was heard; undefined where only its end was heard. */
	readonly raisedMs: number | undefined;
	/** undefined: nobody has said that it is over. */
	readonly overMs: number | undefined;
	/** When a person said that they know of it. */
	readonly acknowledgedMs: number | undefined;
}

/** The newest thing that happened to it, ms. */
export const alertTimeMs = (alert: Alert): number => Math.max(alert.raisedMs ?? 0, alert.overMs ?? 0);

/** Somebody should look at it: it is raised, or it was, and nobody has said that they know. */
export const needsLook = (alert: Alert): boolean => alert.acknowledgedMs === undefined;

export interface AlertBookParts {
	readonly shelf: Shelf<Alert>;
	readonly clock: Clock;
	readonly onChange: () => void;
	/** A row could not be written; it is tried again with the next change. */
	readonly onFault: (cause: unknown) => void;
}

/** The alerts of all devices, kept until they are old, and what people said to them. */
export class AlertBook {
	readonly #alerts = new Map<string, Alert>();
	readonly #unsaved = new Set<string>();
	#dropped = 0;
	#cancelSave: (() => void) | undefined;
	#saving: Promise<void> = Promise.resolve();

	constructor(private readonly parts: AlertBookParts) {}

	async restore(): Promise<void> {
		for (const alert of await this.parts.shelf.all()) this.#alerts.set(alert.id, alert);
	}

	/** Newest first. */
	list(): readonly Alert[] {
		return [...this.#alerts.values()].toSorted(
			(a, b) => alertTimeMs(b) - alertTimeMs(a) || (a.id < b.id ? -1 : 1)
		);
	}

	/** Alerts that nobody had acknowledged and that had to go, since this worker began. */
	get dropped(): number {
		return this.#dropped;
	}

	/** It was told before: a broker may deliver twice. */
	knows(device: DeviceId, event: DeviceEvent): boolean {
		const { rule, text } = saidBy(event);
		const end = event.kind === 'alert-over';
		return this.#of(device).some(
			(one) => one.rule === rule && one.text === text && (end ? one.overMs : one.raisedMs) === event.atMs
		);
	}

	/**
	 * Takes in an event where it is of an alert. One that stands and is raised again (its device restarted, say, and never told an
	 * end) is the same one, and nobody knows of it any more.
	 */
	told(device: DeviceId, provenance: Provenance, event: DeviceEvent): void {
		if (event.kind !== 'alert' && event.kind !== 'alert-over') return;
		const { atMs } = event;
		const { rule, text, severity } = saidBy(event);
		const raised = event.kind === 'alert';
		const standing = this.#of(device).find(
			(one) => one.rule === rule && one.text === text && one.overMs === undefined
		);
		if (standing)
			this.#put(
				raised
					? { ...standing, severity, raisedMs: atMs, acknowledgedMs: undefined }
					: { ...standing, overMs: atMs }
			);
		else {
			this.#put({
				...{ id: randomId(), device, provenance, rule, text, severity, acknowledgedMs: undefined },
				raisedMs: raised ? atMs : undefined,
				overMs: raised ? undefined : atMs
			});
			this.#bound(device);
		}
		this.parts.onChange();
	}

	/** What a person said; on disk when it resolves. Ids that are gone are passed over. */
	async acknowledge(ids: readonly string[], known: boolean): Promise<void> {
		const acknowledgedMs = known ? this.parts.clock.now() : undefined;
		for (const id of ids) {
			const alert = this.#alerts.get(id);
			if (alert && needsLook(alert) === known) this.#put({ ...alert, acknowledgedMs });
		}
		this.parts.onChange();
		await this.save();
	}

	forget(device: DeviceId): Promise<void> {
		for (const [id, alert] of this.#alerts) if (alert.device === device) this.#remove(id);
		this.parts.onChange();
		return this.save();
	}

	/** Writes what is not yet written. */
	save(): Promise<void> {
		this.#cancelSave?.();
		this.#cancelSave = undefined;
		this.#saving = this.#saving
			.then(() => this.#writeAll())
			.catch((cause: unknown) => this.parts.onFault(cause));
		return this.#saving;
	}

	#of(device: DeviceId): readonly Alert[] {
		return [...this.#alerts.values()].filter((alert) => alert.device === device);
	}

	#bound(device: DeviceId): void {
		const mine = this.#of(device);
		if (mine.length > MAX_ALERTS_PER_DEVICE) this.#drop(mine);
		if (this.#alerts.size > MAX_ALERTS) this.#drop([...this.#alerts.values()]);
	}

	#drop(from: readonly Alert[]): void {
		const settled = from.filter((alert) => !needsLook(alert) || alert.overMs !== undefined);
		const [oldest] = (settled.length > 0 ? settled : from).toSorted(
			(a, b) => alertTimeMs(a) - alertTimeMs(b)
		);
		if (!oldest) return;
		if (needsLook(oldest)) this.#dropped++;
		this.#remove(oldest.id);
	}

	#put(alert: Alert): void {
		this.#alerts.set(alert.id, alert);
		this.#due(alert.id);
	}

	#remove(id: string): void {
		this.#alerts.delete(id);
		this.#due(id);
	}

	#due(id: string): void {
		this.#unsaved.add(id);
		this.#cancelSave ??= this.parts.clock.after(SAVE_MS, () => void this.save());
	}

	async #writeAll(): Promise<void> {
		for (const id of [...this.#unsaved]) {
			const alert = this.#alerts.get(id);
			this.#unsaved.delete(id);
			try {
				await (alert ? this.parts.shelf.put(id, alert) : this.parts.shelf.delete(id));
			} catch (cause) {
				this.#unsaved.add(id);
				throw cause;
			}
		}
	}
}

/** What an alert's event says; conventions that name no rule are known by their text. */
function saidBy({ detail }: DeviceEvent): Pick<Alert, 'rule' | 'text' | 'severity'> {
	const text = String(detail['text'] ?? detail['message'] ?? 'It does not say of what');
	return {
		rule: String(detail['rule'] ?? ''),
		text,
		severity: severityOf(detail['severity'] ?? detail['level'])
	};
}
