export type ThemeChoice = 'auto' | 'light' | 'dark';

/** Also read by static/theme.js, which sets the choice before the first paint. */
const KEY = 'fieldbench-theme';

/** Light, dark, or as the system has it; remembered in this browser. */
export class Theme {
	#choice = $state<ThemeChoice>('auto');

	constructor(private readonly root: HTMLElement = document.documentElement) {
		const kept = this.root.dataset.theme;
		this.#choice = kept === 'light' || kept === 'dark' ? kept : 'auto';
	}

	get choice(): ThemeChoice {
		return this.#choice;
	}

	choose(choice: ThemeChoice): void {
		this.#choice = choice;
		if (choice === 'auto') delete this.root.dataset.theme;
		else this.root.dataset.theme = choice;
		try {
			if (choice === 'auto') localStorage.removeItem(KEY);
			else localStorage.setItem(KEY, choice);
		} catch {
			// Storage is blocked or full: the choice holds for as long as this page is open.
		}
	}
}
