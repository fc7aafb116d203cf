import { type Clock, systemClock } from '$lib/base';

export interface Toast {
	readonly id: number;
	readonly text: string;
	/** What can be done about it, for instance "Undo". Doing it closes the toast. */
	readonly act: { readonly label: string; readonly run: () => void } | undefined;
}

/** Long enough to read twice and to reach for "Undo"; a toast that offers an act stays longer (WCAG 2.2.1). */
const STAY_MS = 6_000;
const STAY_WITH_ACT_MS = 12_000;
const MOST = 3;

/** Short messages that need no answer. The oldest makes room for a fourth. */
export class ToastTray {
	#toasts = $state.raw<readonly Toast[]>([]);
	#next = 0;

	constructor(private readonly clock: Clock = systemClock) {}

	get toasts(): readonly Toast[] {
		return this.#toasts;
	}

	say(text: string, act?: Toast['act']): void {
		const toast: Toast = { id: this.#next++, text, act };
		this.#toasts = [...this.#toasts, toast].slice(-MOST);
		this.clock.after(act ? STAY_WITH_ACT_MS : STAY_MS, () => this.close(toast.id));
	}

	close(id: number): void {
		this.#toasts = this.#toasts.filter((toast) => toast.id !== id);
	}
}
