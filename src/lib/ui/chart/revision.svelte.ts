import { type ChartLayer, growing } from './layers';

/** Values come many times a second; words about them are made anew this often. */
const WORDS_MS = 5_000;
const PACE_MS = { words: WORDS_MS, table: 1_000 } as const;
const REPLACED_MS = 50;

/** Tells what is made of a chart's series in words that they changed, at a readable pace. */
export class Revision {
	#count = $state(0);

	/** What is made of the series, made anew when they changed. Reactive. */
	read<T>(make: (revision: number) => T): T {
		return make(this.#count);
	}

	follow(layers: readonly ChartLayer[], shown: keyof typeof PACE_MS, signal: AbortSignal): void {
		let timer: ReturnType<typeof setTimeout> | undefined;
		let dueMs = Infinity;
		const within = (ms: number) => {
			const wanted = performance.now() + ms;
			if (wanted >= dueMs) return;
			clearTimeout(timer);
			dueMs = wanted;
			timer = setTimeout(() => {
				dueMs = Infinity;
				this.#count++;
			}, ms);
		};
		for (const series of growing(layers))
			series.watch((how) => within(how === 'grew' ? PACE_MS[shown] : REPLACED_MS), signal);
		signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
	}
}
