import { connectField } from '../field/client';
import type { FieldPort } from './field-port';
import type { LabPort } from './lab-view.svelte';
import { lazyLab } from './lazy-lab';

/** Joins this tab to the field worker and, when it is needed, to the lab, until `signal` aborts. @param base the app's base path */
export function connectServices(base: string, signal: AbortSignal): { field: FieldPort; lab: LabPort } {
	const field = connectField({ signal });
	const lab = lazyLab(async () => {
		const { connectLab } = await import('../lab/lab-host');
		return connectLab({ field, base }, signal);
	}, signal);
	return { field, lab };
}
