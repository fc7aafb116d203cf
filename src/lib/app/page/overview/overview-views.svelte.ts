import type { OverviewReport } from '../../field/messages';
import type { FieldPort } from '../field-port';

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
