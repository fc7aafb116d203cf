import { expect, type BrowserContext } from '@playwright/test';

/**
 * Fails a test in which anything was logged as an error, thrown, or blocked by the Content Security Policy, in any tab
 * or worker that Playwright sees. A test names what it provokes, by pattern.
 */
export class Guard {
	readonly #seen: string[] = [];
	readonly #expected: RegExp[] = [];

	/** Messages that fit are the test's own doing. */
	expect(...patterns: readonly RegExp[]): void {
		this.#expected.push(...patterns);
	}

	async watch(context: BrowserContext): Promise<void> {
		// Violations of policies in report-less headers and metas reach the console too, but not in every worker.
		await context.addInitScript(() => {
			document.addEventListener('securitypolicyviolation', (event) =>
				console.error(`CSP: ${event.violatedDirective} blocked ${event.blockedURI}`)
			);
		});
		context.on('console', (message) => {
			if (message.type() === 'error' || /content security policy|trusted ?types/iu.test(message.text()))
				this.#seen.push(`${message.text()} (${message.location().url})`);
		});
		context.on('weberror', (error) => this.#seen.push(String(error.error().stack ?? error.error())));
	}

	verify(): void {
		const unexpected = this.#seen.filter((text) => !this.#expected.some((pattern) => pattern.test(text)));
		expect(unexpected, 'errors in the console').toEqual([]);
	}
}

/** What Chromium says of a server that is not there. */
export const SERVER_GONE =
	/ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|WebSocket connection to/u;
