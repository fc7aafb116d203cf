import { needsLook } from '$lib/device';
import type { DeviceId } from '$lib/model';
import type { Alert, AlertsSnapshot } from '../field/messages';
import type { FieldPort } from './field-port';

/** What devices warn of, newest first; undefined until the worker has said. */
export class AlertsView {
	#snapshot = $state.raw<AlertsSnapshot | undefined>(undefined);

	get loaded(): boolean {
		return this.#snapshot !== undefined;
	}

	get alerts(): readonly Alert[] {
		return this.#snapshot?.alerts ?? [];
	}

	get dropped(): number {
		return this.#snapshot?.dropped ?? 0;
	}

	follow(field: FieldPort, signal: AbortSignal): void {
		field.watch('alerts', null, (snapshot) => (this.#snapshot = snapshot), signal);
	}

	/** Devices with warnings that nobody has acknowledged, with the worst of them. */
	readonly worst: WorstAlerts = $derived(worstAlerts(this.alerts));
}

export type WorstAlerts = ReadonlyMap<DeviceId, 'warning' | 'critical'>;

function worstAlerts(alerts: readonly Alert[]): WorstAlerts {
	const of = (severity: 'warning' | 'critical') =>
		alerts
			.filter((alert) => alert.severity === severity && needsLook(alert))
			.map(({ device }) => [device, severity] as const);
	return new Map([...of('warning'), ...of('critical')]);
}
