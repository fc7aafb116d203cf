import type { Alert, AlertsSnapshot, OverviewReport } from '../../field/messages';
import type { FieldPort } from '../field-port';

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
}

/** What only the worker knows of all devices together; told while somebody looks. */
export class OverviewFigures {
	#report = $state.raw<OverviewReport | undefined>(undefined);

	get report(): OverviewReport | undefined {
		return this.#report;
	}

	follow(field: FieldPort, signal: AbortSignal): void {
		field.watch('overview', null, (report) => (this.#report = report), signal);
	}
}
