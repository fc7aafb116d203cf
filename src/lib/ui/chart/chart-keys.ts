/** What a key does to a chart that has focus. */
export type ChartAct =
	| { kind: 'pan'; share: number }
	| { kind: 'zoom'; factor: number }
	/** Moves the cursor by so many measured values. */
	| { kind: 'step'; by: -1 | 1 }
	| { kind: 'first' }
	| { kind: 'present' }
	| { kind: 'hide-cursor' };

/** Arrows pan, with Shift they walk from value to value; + and − zoom; Home is the oldest value, End the present. */
export function chartAct(
	event: Pick<KeyboardEvent, 'key' | 'shiftKey' | 'ctrlKey' | 'metaKey' | 'altKey'>
): ChartAct | undefined {
	if (event.ctrlKey || event.metaKey || event.altKey) return undefined; // the browser's own
	switch (event.key) {
		case 'ArrowLeft':
			return event.shiftKey ? { kind: 'step', by: -1 } : { kind: 'pan', share: -0.2 };
		case 'ArrowRight':
			return event.shiftKey ? { kind: 'step', by: 1 } : { kind: 'pan', share: 0.2 };
		case '+':
		case '=':
			return { kind: 'zoom', factor: 0.5 };
		case '-':
		case '_':
			return { kind: 'zoom', factor: 2 };
		case 'Home':
			return { kind: 'first' };
		case 'End':
			return { kind: 'present' };
		case 'Escape':
			return { kind: 'hide-cursor' };
		default:
			return undefined;
	}
}
