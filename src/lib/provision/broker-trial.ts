import { delay, untilAborted, type Clock, type Result } from '$lib/base';
import type { BoardCallError, BoardCalls } from './board-calls';
import type { ApplyStep, BrokerForm, BrokerProblem } from './setup-state';
import { call, stopAtLine } from './setup-stop';

const POLL_MS = 500;
/** A board acts on new settings only once its answer is out: ours after 300 ms (firmware/core/board.cpp). */
const CHANGE_MS = 1000;
/** The board goes back to its settings before, unless it hears from us within this time. */
const TRIAL_S = 60;
/** TLS and a slow broker included, and less than the trial. */
const CONNECT_MS = 40_000;

class Refused extends Error {
	constructor(readonly problem: BrokerProblem) {
		super(problem.kind);
	}
}

/** A board's broker on trial: it is kept only once the board said that it is connected, and that was confirmed. */
export class BrokerTrial {
	#takingBack: Promise<void> = Promise.resolve();

	/** @param ended after it nothing is sent */
	constructor(
		private readonly board: BoardCalls,
		private readonly clock: Clock,
		private readonly ended: AbortSignal
	) {}

	/** @returns why it is not called so */
	rename(name: string, signal: AbortSignal): Promise<BrokerProblem | undefined> {
		return unlessRefused(async () => {
			must(await this.board.rename(name, call(signal)));
		});
	}

	/** @returns why the board does not publish there; it goes back to what it had */
	apply(
		form: BrokerForm,
		onStep: (step: ApplyStep) => void,
		signal: AbortSignal
	): Promise<BrokerProblem | undefined> {
		return unlessRefused(async () => {
			// A revert that is still on its way would take back what comes now.
			await untilAborted(this.#takingBack, signal);
			onStep('setting');
			let onTrial = true; // from here on: what was sent may have arrived, whatever becomes of the answer
			try {
				must(await this.board.setMqtt(form, TRIAL_S, call(signal)));
				onStep('connecting');
				await this.#connected(form, signal);
				onStep('confirming');
				const confirmed = must(await this.board.confirm(call(signal)));
				if (!confirmed.includes('mqtt')) throw new Refused({ kind: 'trial-over' });
				onTrial = false;
			} finally {
				if (onTrial) this.#takeBack();
			}
		});
	}

	/** Throws unless the board says that it is connected with these settings. */
	async #connected(form: BrokerForm, signal: AbortSignal): Promise<void> {
		const until = this.clock.now() + CONNECT_MS;
		let waitMs = CHANGE_MS; // until then the status may still be that of the session before
		for (;;) {
			await delay(waitMs, this.clock, signal);
			waitMs = POLL_MS;
			const status = must(await this.board.mqtt(call(signal)));
			if (status.uri === form.uri && status.state === 'connected') return;
			if (status.uri === form.uri && status.state === 'failed')
				throw new Refused({ kind: status.reason ?? 'unreachable' });
			if (this.clock.now() >= until) throw new Refused({ kind: status.reason ?? 'timeout' });
		}
	}

	/** Waited for only by the next settings: where it is lost too, the trial runs out and the board goes back by itself. */
	#takeBack(): void {
		if (this.ended.aborted) return;
		this.#takingBack = this.board.revert(call(this.ended)).then(
			() => undefined,
			() => undefined // the line ended: the trial does it
		);
	}
}

async function unlessRefused(act: () => Promise<void>): Promise<BrokerProblem | undefined> {
	try {
		await act();
		return undefined;
	} catch (cause) {
		if (cause instanceof Refused) return cause.problem;
		throw cause;
	}
}

function must<T>(answer: Result<T, BoardCallError>): T {
	if (answer.ok) return answer.value;
	const { error } = answer;
	stopAtLine(error);
	if (error.kind !== 'device') throw new Refused({ kind: 'no-answer' });
	const { code, message, data } = error.error;
	const field = typeof data === 'object' && data !== null && 'field' in data ? data.field : undefined;
	throw new Refused(field === 'uri' ? { kind: 'bad-uri' } : { kind: 'board-refused', code, message });
}
