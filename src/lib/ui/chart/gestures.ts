/** What hands do to a chart, in shares of its width; the chart decides what follows. */
export interface GestureTarget {
	/** A share of the width; positive goes forward in time. */
	pan(share: number): void;
	/** `factor` < 1 comes nearer; `anchor` 0 … 1 is where the fingers are. */
	zoom(factor: number, anchor: number): void;
	/** Where the pointer rests, 0 … 1; undefined when it left. */
	hover(place: number | undefined): void;
	/** The drawn area, px from the element's left edge. */
	area(): { readonly left: number; readonly width: number };
}

const WHEEL_PER_DOUBLING_PX = 300;
const LINE_PX = 16;

/**
 * Drag pans, two fingers pinch, the wheel zooms. So that a page can still be scrolled past a chart, the plain wheel works only
 * where the chart has focus; with Ctrl (which is also how a trackpad says pinch) it always does.
 */
export function attachGestures(element: HTMLElement, target: GestureTarget, signal: AbortSignal): void {
	const fingers = new Map<number, number>();
	const place = (clientX: number) => {
		const { left, width } = target.area();
		return (clientX - element.getBoundingClientRect().left - left) / width;
	};
	const spread = () => {
		const [a = 0, b = 0] = [...fingers.values()];
		return { width: Math.max(0.01, Math.abs(a - b)), middle: (a + b) / 2 };
	};

	element.addEventListener(
		'pointerdown',
		(event) => {
			if (event.button !== 0) return;
			fingers.set(event.pointerId, place(event.clientX));
			element.setPointerCapture(event.pointerId);
		},
		{ signal }
	);
	element.addEventListener(
		'pointermove',
		(event) => {
			const now = place(event.clientX);
			const before = fingers.get(event.pointerId);
			if (before === undefined) return target.hover(now);
			if (fingers.size === 1) {
				fingers.set(event.pointerId, now);
				target.pan(before - now);
				return target.hover(undefined);
			}
			const wide = spread();
			fingers.set(event.pointerId, now);
			const after = spread();
			target.zoom(wide.width / after.width, after.middle);
			// What lies between the fingers goes where they go.
			target.pan(wide.middle - after.middle);
		},
		{ signal }
	);
	const lift = (event: PointerEvent) => {
		fingers.delete(event.pointerId);
		if (event.pointerType === 'touch') target.hover(place(event.clientX));
	};
	element.addEventListener('pointerup', lift, { signal });
	element.addEventListener('pointercancel', (event) => fingers.delete(event.pointerId), { signal });
	element.addEventListener('pointerleave', () => target.hover(undefined), { signal });
	element.addEventListener(
		'wheel',
		(event) => {
			const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY);
			if (!sideways && !event.ctrlKey && !event.metaKey && !element.contains(document.activeElement)) return;
			event.preventDefault();
			// Some browsers count a wheel in lines of text.
			const px = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE_PX : 1;
			if (sideways) target.pan((event.deltaX * px) / target.area().width);
			else target.zoom(2 ** ((event.deltaY * px) / WHEEL_PER_DOUBLING_PX), place(event.clientX));
		},
		{ signal, passive: false }
	);
}
