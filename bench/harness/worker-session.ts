import type { Page } from 'playwright';

/** DevTools' protocol to the one dedicated worker of a page. */
export interface WorkerSession {
	send<T>(method: string): Promise<T>;
}

/** @returns when the worker is there (Chrome DevTools Protocol, Target: sessions that are not flat are spoken to by messages) */
export async function workerSession(page: Page): Promise<WorkerSession> {
	const cdp = await page.context().newCDPSession(page);
	const waiting = new Map<number, (answer: Answer) => void>();
	cdp.on('Target.receivedMessageFromTarget', ({ message }) => {
		const answer = JSON.parse(message) as Answer;
		waiting.get(answer.id)?.(answer);
		waiting.delete(answer.id);
	});
	const attached = new Promise<string>((resolve) => {
		cdp.on('Target.attachedToTarget', ({ sessionId, targetInfo }) => {
			if (targetInfo.type === 'worker') resolve(sessionId);
		});
	});
	await cdp.send('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: false, flatten: false });
	const sessionId = await attached;
	let next = 0;
	return {
		async send<T>(method: string) {
			const id = ++next;
			const answered = new Promise<Answer>((resolve) => waiting.set(id, resolve));
			await cdp.send('Target.sendMessageToTarget', { sessionId, message: JSON.stringify({ id, method }) });
			const { result, error } = await answered;
			if (error) throw new Error(`${method}: ${error.message}`);
			return result as T;
		}
	};
}

interface Answer {
	readonly id: number;
	readonly result?: unknown;
	readonly error?: { readonly message: string };
}
