import type { SessionState } from '$lib/model';
import type { FieldHello, IntakeReport, Notice } from '../field/messages';
import type { FieldPort } from './field-port';

const NOTHING_YET: IntakeReport = {
	...{ messages: 0, samples: 0, repeated: 0, refused: {}, examples: [] },
	relay: { devices: 0, passedOn: 0, notPassedOn: 0, deaf: false }
};

/** The session with the broker. */
export class SessionView {
	#now = $state.raw<SessionState | undefined>(undefined);

	/** undefined until the worker has said. */
	get state(): SessionState | undefined {
		return this.#now;
	}

	get live(): boolean {
		return this.#now?.kind === 'live';
	}

	follow(field: FieldPort, signal: AbortSignal): void {
		field.watch('session', null, (state) => (this.#now = state), signal);
	}
}

/** What a person must know and has not dismissed. */
export class NoticeList {
	#notices = $state.raw<readonly Notice[]>([]);

	get notices(): readonly Notice[] {
		return this.#notices;
	}

	follow(field: FieldPort, signal: AbortSignal): void {
		field.watch('notices', null, (notices) => (this.#notices = notices), signal);
	}
}

/** What came in over all links since the worker started; followed only while a screen shows it. */
export class IntakeView {
	#report = $state.raw<IntakeReport>(NOTHING_YET);

	get report(): IntakeReport {
		return this.#report;
	}

	follow(field: FieldPort, signal: AbortSignal): void {
		field.watch('intake', null, (report) => (this.#report = report), signal);
	}
}

/** Who serves this tab, and whether passwords can be kept. */
export class RoleView {
	#hello = $state.raw<FieldHello | undefined>(undefined);

	get hello(): FieldHello | undefined {
		return this.#hello;
	}

	/** undefined until the worker has said. */
	get secretsAvailable(): boolean | undefined {
		return this.#hello?.secretsAvailable;
	}

	follow(field: FieldPort, signal: AbortSignal): void {
		field.watch('role', null, (hello) => (this.#hello = hello), signal);
	}
}
