import { serve, type FromService, type Handlers, type Pipe, type ToService } from '$lib/base';
import type { LabService } from './messages';

/** What tabs say to each other about the lab; every tab hears all of it. */
export type LabTalk =
	| { type: 'ask'; tab: string; message: ToService }
	| { type: 'answer'; tab: string; message: FromService }
	/** A tab hosts the lab from now on: ask it what the last one left open. */
	| { type: 'hosting' }
	/** That tab asks no more. */
	| { type: 'gone'; tab: string };

/** The part of a BroadcastChannel that is used. */
export interface TalkChannel {
	postMessage(talk: LabTalk): void;
	onmessage: ((event: MessageEvent) => void) | null;
	close(): void;
}

/** A guest's way to the host's desk. Its end does not close the channel, which the tab keeps. */
export function pipeToHost(
	channel: TalkChannel,
	tab: string
): Pipe<FromService, ToService> & { heard(talk: LabTalk): void } {
	let receiver: (message: FromService) => void = () => {};
	return {
		send: (message) => channel.postMessage({ type: 'ask', tab, message }),
		receive: (fn) => void (receiver = (message) => fn(message, [])),
		heard: (talk) => {
			if (talk.type === 'answer' && talk.tab === tab) receiver(talk.message);
		},
		close: () => (receiver = () => {})
	};
}

/** More tabs than anybody opens; one that died without a word leaves its place to the next. */
const MAX_GUESTS = 64;

/** The host's side: serves each tab that asks. */
export class GuestBook {
	readonly #guests = new Map<string, { deliver: (message: ToService) => void; leave: AbortController }>();

	constructor(
		private readonly channel: TalkChannel,
		private readonly handlers: Handlers<LabService>,
		private readonly signal: AbortSignal
	) {
		signal.addEventListener('abort', () => this.#guests.forEach(({ leave }) => leave.abort()), {
			once: true
		});
	}

	heard(talk: LabTalk): void {
		if (talk.type === 'ask') this.#guest(talk.tab).deliver(talk.message);
		else if (talk.type === 'gone') this.#leave(talk.tab);
	}

	#guest(tab: string): { deliver: (message: ToService) => void } {
		const known = this.#guests.get(tab);
		if (known) return known;
		const [oldest] = this.#guests.keys();
		if (this.#guests.size >= MAX_GUESTS && oldest !== undefined) this.#leave(oldest);
		const leave = new AbortController();
		let deliver: (message: ToService) => void = () => {};
		serve<LabService>(
			{
				send: (message) => {
					if (!this.signal.aborted) this.channel.postMessage({ type: 'answer', tab, message });
				},
				receive: (fn) => void (deliver = (message) => fn(message, [])),
				close: () => {}
			},
			this.handlers,
			leave.signal
		);
		const guest = { deliver, leave };
		this.#guests.set(tab, guest);
		return guest;
	}

	#leave(tab: string): void {
		this.#guests.get(tab)?.leave.abort();
		this.#guests.delete(tab);
	}
}

/** Total: other builds of the app may share the channel. */
export function parseLabTalk(data: unknown): LabTalk | undefined {
	if (typeof data !== 'object' || data === null) return undefined;
	const { type, tab, message } = data as Record<string, unknown>;
	if (type === 'hosting') return { type };
	if (typeof tab !== 'string') return undefined;
	if (type === 'gone') return { type, tab };
	if (typeof message !== 'object' || message === null || !('type' in message) || !('id' in message))
		return undefined;
	if (type === 'ask') return { type, tab, message: message as ToService };
	return type === 'answer' ? { type, tab, message: message as FromService } : undefined;
}
