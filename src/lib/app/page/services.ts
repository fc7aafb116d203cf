import { connectField } from '../field/client';
import { connectLab } from '../lab/lab-host';
import type { FieldPort } from './field-port';
import type { LabPort } from './lab-view.svelte';

/** Joins this tab to the field worker and to the lab until `signal` aborts. @param base the app's base path */
export function connectServices(base: string, signal: AbortSignal): { field: FieldPort; lab: LabPort } {
	const field = connectField({ signal });
	return { field, lab: connectLab({ field, base }, signal) };
}
