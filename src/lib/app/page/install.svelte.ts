/** Chromium's offer to install, kept until the person asks for it (w3c/manifest-incubations). */
interface InstallPromptEvent extends Event {
	prompt(): Promise<{ outcome: 'accepted' | 'dismissed' }>;
}

export type InstallState =
	/** Runs in a window of its own. */
	| 'installed'
	/** The browser offers it: one click. */
	| 'offered'
	/** No offer: by the browser's own menu, if it can at all. */
	| 'by-menu'
	/** Plain http: no browser installs this. */
	| 'insecure';

export class Install {
	#event = $state.raw<InstallPromptEvent | undefined>(undefined);
	#installed = $state(matchMedia('(display-mode: standalone)').matches);

	readonly state = $derived<InstallState>(
		this.#installed ? 'installed' : !isSecureContext ? 'insecure' : this.#event ? 'offered' : 'by-menu'
	);

	/** Listens from the start: the offer comes once, early, and is lost to those who come later. */
	follow(signal: AbortSignal): void {
		addEventListener(
			'beforeinstallprompt',
			(event) => {
				event.preventDefault(); // no banner of the browser's: the offer waits in Settings
				this.#event = event as InstallPromptEvent;
			},
			{ signal }
		);
		addEventListener(
			'appinstalled',
			() => {
				this.#installed = true;
				this.#event = undefined;
			},
			{ signal }
		);
	}

	/** Must be called from a click. An offer can be taken up once. */
	async ask(): Promise<void> {
		const event = this.#event;
		this.#event = undefined;
		await event?.prompt();
	}
}
