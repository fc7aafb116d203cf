import type { HealthReport } from '../../field/messages';
import type { FieldPort } from '../field-port';

/** How everything is, followed only while the screen is there. */
export class HealthView {
	#report = $state.raw<HealthReport | undefined>(undefined);

	get report(): HealthReport | undefined {
		return this.#report;
	}

	follow(field: FieldPort, signal: AbortSignal): void {
		field.watch('health', null, (report) => (this.#report = report), signal);
	}
}
