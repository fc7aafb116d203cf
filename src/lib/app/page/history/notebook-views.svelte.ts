import { type DeviceId } from '$lib/model';
import type { Annotation, SavedView } from '$lib/telemetry';
import type { FieldPort } from '../field-port';

/** One device's annotations, oldest written first. */
export class DeviceAnnotations {
	#all = $state.raw<readonly Annotation[]>([]);

	get all(): readonly Annotation[] {
		return this.#all;
	}

	follow(field: FieldPort, device: DeviceId, signal: AbortSignal): void {
		const mine = (all: readonly Annotation[]) => (this.#all = all.filter((one) => one.device === device));
		field.watch('annotations', null, mine, signal);
	}
}

/** Every saved view, by name; undefined until the worker has said. */
export class SavedViewList {
	#all = $state.raw<readonly SavedView[] | undefined>(undefined);

	get all(): readonly SavedView[] | undefined {
		return this.#all;
	}

	follow(field: FieldPort, signal: AbortSignal): void {
		const byName = (all: readonly SavedView[]) =>
			(this.#all = all.toSorted((a, b) => a.name.localeCompare(b.name)));
		field.watch('views', null, byName, signal);
	}
}
