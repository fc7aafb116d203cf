import type { ConsoleLine } from '../console-line';
import type { ConsoleView } from './console-view.svelte';

/** Whole lines that are picked to be copied, by their numbers: they need not be in view, nor in the document. */
export class PickedLines {
	/** The line that the pick began at, and the one it reaches to. */
	#range = $state.raw<{ readonly from: number; readonly to: number } | undefined>(undefined);
	readonly count = $derived.by(() => this.#count());

	/** @param view asked anew each time, since a console may be given another log */
	constructor(private readonly view: () => ConsoleView) {}

	has(id: number): boolean {
		const range = this.#range;
		return (
			range !== undefined && id >= Math.min(range.from, range.to) && id <= Math.max(range.from, range.to)
		);
	}

	clear(): void {
		this.#range = undefined;
	}

	/** The line that a node of the document lies in. */
	idOf(node: Node): number | undefined {
		const line = (node instanceof Element ? node : node.parentElement)?.closest<HTMLElement>('[data-line]');
		return line ? Number(line.dataset['line']) : undefined;
	}

	/** A click picks a line, or lets go of it when it is the only one; with Shift all up to it. A text that was selected is no click. */
	click(event: MouseEvent): void {
		if (document.getSelection()?.isCollapsed === false || !(event.target instanceof Node)) return;
		const id = this.idOf(event.target);
		const range = this.#range;
		if (id === undefined) this.clear();
		else if (event.shiftKey && range) this.#range = { from: range.from, to: id };
		else if (range && range.from === range.to && range.from === id) this.clear();
		else this.#range = { from: id, to: id };
	}

	/** @param drawn what is in view @returns whether the key was for picking */
	press(event: KeyboardEvent, drawn: readonly ConsoleLine[]): boolean {
		const { rows, shown } = this.view();
		if (event.key === 'Escape' && this.#range) {
			this.clear();
			return true;
		}
		if (event.key === 'a' && (event.ctrlKey || event.metaKey)) {
			if (shown.lines.endId > shown.lines.firstId)
				this.#range = { from: shown.lines.firstId, to: shown.lines.endId };
			return true;
		}
		const step = event.shiftKey ? { ArrowUp: -1, ArrowDown: 1 }[event.key] : undefined;
		if (step === undefined) return false;
		const from = this.#range ?? { from: drawn.at(-1)?.id ?? 0, to: drawn.at(-1)?.id ?? 0 };
		if (!this.#range) this.#range = from;
		else {
			const index = rows.indexOfId(from.to) + step;
			if (index >= 0 && index < rows.count) this.#range = { from: from.from, to: rows.idAt(index) };
		}
		return true;
	}

	/** Their text, without those that a filter leaves out; undefined where none is picked. */
	text(): string | undefined {
		const lines = this.#lines();
		return lines && lines.map(({ text, cut }) => (cut ? text : `${text}\n`)).join('');
	}

	#lines(): readonly ConsoleLine[] | undefined {
		if (!this.#range) return undefined;
		const { rows, shown } = this.view();
		const lines: ConsoleLine[] = [];
		const to = Math.max(this.#range.from, this.#range.to);
		const from = rows.indexOfId(Math.min(this.#range.from, this.#range.to));
		for (let index = from; index < rows.count && rows.idAt(index) <= to; index++) {
			const line = shown.lines.at(rows.idAt(index));
			if (line) lines.push(line);
		}
		if (shown.open && shown.open.id <= to) lines.push(shown.open);
		return lines;
	}

	#count(): number {
		if (!this.#range) return 0;
		const { rows } = this.view();
		const [from, to] = [this.#range.from, this.#range.to].sort((a, b) => a - b) as [number, number];
		return rows.indexOfId(to + 1) - rows.indexOfId(from);
	}
}
