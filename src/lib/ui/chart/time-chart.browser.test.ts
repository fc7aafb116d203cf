import { expect, it } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { render } from 'vitest-browser-svelte';
import { ChartCursor } from './chart-cursor.svelte';
import type { ChartLayer, ChartMarker } from './layers';
import { EMPTY_SERIES } from './series';
import '../tokens.css';
import TimeChart from './TimeChart.svelte';
import { MAX_SPAN_MS, MIN_SPAN_MS, type ViewWindow } from './view-window';

const HOUR = 3_600_000;
const toMs = Date.now() - 24 * HOUR;
const view: ViewWindow = { fromMs: toMs - HOUR, toMs, following: false };

function layer(name: string, unit: string, base = 20): ChartLayer {
	const timeMs = Array.from({ length: 360 }, (_, i) => view.fromMs + i * 10_000);
	const avg = timeMs.map((_, i) => base + Math.sin(i / 20));
	const series = { timeMs, avg, min: avg.map((v) => v - 0.5), max: avg.map((v) => v + 0.5) };
	return { key: name, name, unit, decimals: 1, series };
}
const temperature = layer('Temperature', '°C');

/** The library is fetched when the first chart is shown, and a busy machine takes its time. */
const CHART_JS_ARRIVES = { timeout: 10_000 };

interface Wanted {
	layers?: readonly ChartLayer[];
	markers?: readonly ChartMarker[];
	cursor?: ChartCursor;
	view?: ViewWindow;
	title?: string;
	simulated?: boolean;
	loading?: boolean;
}

async function chart(wanted: Wanted = {}) {
	const asked: ViewWindow[] = [];
	let first = 0;
	const title = wanted.title ?? 'Temperature';
	const { component } = (await render(TimeChart, {
		...{ title, layers: [temperature], view, simulated: true, ...wanted },
		onview: (next: ViewWindow) => asked.push(next),
		onfirst: () => first++
	})) as unknown as { component: { toPng(): Promise<Blob> } };
	const plot = page.getByRole('group', { name: title });
	plot.element().focus();
	return { plot, asked, firsts: () => first, component };
}

it('is moved in time and zoomed by keys', async () => {
	const { asked, firsts } = await chart();
	await userEvent.keyboard('{ArrowLeft}');
	expect(asked.at(-1)?.toMs).toBe(toMs - 0.2 * HOUR);
	await userEvent.keyboard('+');
	expect((asked.at(-1)?.toMs ?? 0) - (asked.at(-1)?.fromMs ?? 0)).toBe(HOUR / 2);
	await userEvent.keyboard('-');
	expect((asked.at(-1)?.toMs ?? 0) - (asked.at(-1)?.fromMs ?? 0)).toBe(2 * HOUR);
	await userEvent.keyboard('{End}');
	expect(asked.at(-1)?.following).toBe(true);
	await userEvent.keyboard('{Home}');
	expect(firsts()).toBe(1);
});

it.each([
	['+', MIN_SPAN_MS, 'This is as near as a chart goes: 2 seconds.'],
	['-', MAX_SPAN_MS, 'This is as wide as a chart goes: five years.']
])('says why %s goes no further', async (key, spanMs, words) => {
	const { asked } = await chart({ view: { fromMs: toMs - spanMs, toMs, following: false } });
	await userEvent.keyboard(key);
	expect(asked).toEqual([]);
	await expect.element(page.getByRole('status')).toHaveTextContent(words);
});

it('is pinched by two fingers, and keeps what lies between them there', async () => {
	const { plot, asked } = await chart();
	await expect.poll(() => plot.element().querySelector('canvas')?.clientWidth).toBeGreaterThan(0);
	const box = plot.element().firstElementChild!;
	const finger = (type: string, pointerId: number, clientX: number) =>
		box.dispatchEvent(
			new PointerEvent(type, {
				pointerId,
				clientX,
				pointerType: 'touch',
				bubbles: true,
				button: type === 'pointermove' ? -1 : 0
			})
		);
	box.setPointerCapture = () => undefined; // only a real finger can be captured
	finger('pointerdown', 1, 200);
	finger('pointerdown', 2, 300);
	finger('pointermove', 2, 400);
	expect((asked[0]?.toMs ?? 0) - (asked[0]?.fromMs ?? 0)).toBeCloseTo(HOUR / 2, 0);
});

it('reads value by value, for eyes and for ears', async () => {
	await chart();
	await userEvent.keyboard('{Shift>}{ArrowLeft}{/Shift}');
	await expect.element(page.getByText(/^\d+\.\d °C \(\d+\.\d … \d+\.\d\) · /u)).toBeVisible();
	await userEvent.keyboard('{Escape}');
	await expect.element(page.getByText(/ … /u)).not.toBeInTheDocument();
});

it('reads and moves from the present where it follows it, however long ago its window was told', async () => {
	const toldMs = Date.now() - 30_000;
	const timeMs = [toldMs - 20_000, toldMs - 10_000, toldMs + 20_000];
	const values = [21, 22, 23];
	const { asked } = await chart({
		layers: [{ ...temperature, series: { timeMs, avg: values, min: values, max: values } }],
		view: { fromMs: toldMs - HOUR, toMs: toldMs, following: true }
	});
	await userEvent.keyboard('{Shift>}{ArrowLeft}{/Shift}');
	await expect.element(page.getByText(/^23\.0 °C/u)).toBeVisible();
	const beforeMs = Date.now();
	await userEvent.keyboard('{ArrowLeft}');
	expect(asked.at(-1)?.toMs).toBeGreaterThanOrEqual(beforeMs - 0.2 * HOUR);
});

it('says in words what it shows, and that it is simulated', async () => {
	const { plot } = await chart();
	await expect.element(plot).toHaveAccessibleDescription(/lowest 18\.5 °C .* highest 21\.5 °C .* no gaps/u);
	await expect.element(page.getByText('Simulated')).toBeVisible();
});

it('has a table of the same values', async () => {
	await chart();
	await userEvent.click(page.getByRole('button', { name: 'Temperature: show as a table' }));
	const table = page.getByRole('table', { name: 'Temperature: averages of about 10 seconds, newest first' });
	await expect.element(table).toBeVisible();
	expect(page.getByRole('row').elements().length).toBe(201);
	await userEvent.click(page.getByRole('button', { name: 'Older' }));
	await expect.element(page.getByText('Page 2 of 2')).toBeVisible();
	expect(page.getByRole('row').elements().length).toBe(161);
});

it('has in its table no value of another time', async () => {
	const timeMs = [toMs - 20_000, toMs - 10_000, toMs - 4_000];
	const line = (name: string, laterMs: number, value: number) => {
		const values = timeMs.map(() => value);
		const series = { timeMs: timeMs.map((t) => t + laterMs), avg: values, min: values, max: values };
		return { ...temperature, key: name, name, series };
	};
	await chart({ layers: [line('Indoors', 0, 20), line('Outdoors', 3_000, 9)] });
	await userEvent.click(page.getByRole('button', { name: 'Temperature: show as a table' }));
	await expect.element(page.getByRole('table', { name: /each value in this time/u })).toBeVisible();
	const cells = (row: number) => page.getByRole('row').nth(row).getByRole('cell').elements();
	expect(
		cells(1)
			.map((cell) => cell.textContent)
			.slice(1)
	).toEqual([...Array(3).fill('–'), '9.0', '9.0', '9.0']);
	expect(
		cells(2)
			.map((cell) => cell.textContent)
			.slice(1)
	).toEqual(['20.0', '20.0', '20.0', ...Array(3).fill('–')]);
});

it('shows lines of two units with an earlier day, and says which one has no axis', async () => {
	const DAY = 24 * HOUR;
	const { series } = layer('', '', 18);
	const before = { ...series, timeMs: Array.from(series.timeMs, (t) => t - DAY) };
	const compared = { ...temperature, compare: { name: 'the day before', shiftMs: DAY, series: before } };
	const { plot } = await chart({
		layers: [compared, layer('Humidity', '%', 50), layer('Pressure', 'hPa', 990)]
	});
	await expect
		.element(plot)
		.toHaveAccessibleDescription(/Compared with the day before: about 18\.\d °C .* now 20\.\d °C/u);
	await expect.element(page.getByText(/^Not drawn: Pressure\./u)).toBeVisible();
	await userEvent.keyboard('{Shift>}{ArrowLeft}{/Shift}');
	const lines = page.getByRole('list', { name: 'Lines of this chart' });
	await expect
		.element(lines)
		.toHaveTextContent(/Temperature .*°C.*the day before: \d+\.\d \(\+2\.0\).*Humidity .*%/u);
	await userEvent.click(page.getByRole('button', { name: 'Temperature: show as a table' }));
	await expect.element(page.getByRole('columnheader', { name: 'Temperature, the day before' })).toBeVisible();
});

it('lists what is marked, and puts the cursor on what is chosen', async () => {
	const markers: readonly ChartMarker[] = [
		{ key: 'a', atMs: view.fromMs + 600_000, kind: 'event', label: 'Restarted' },
		{ key: 'b', atMs: toMs - 600_000, toMs: toMs - 300_000, kind: 'note', label: 'Window open' },
		{ key: 'c', atMs: toMs + HOUR, kind: 'alert', label: 'Not in view' }
	];
	const cursor = new ChartCursor();
	await chart({ markers, cursor });
	await userEvent.click(page.getByText(/1 event/u));
	await expect.element(page.getByText('Not in view')).not.toBeInTheDocument();
	await userEvent.click(page.getByRole('button', { name: /Window open/u }));
	expect(cursor.timeMs).toBe(toMs - 600_000);
	await expect.element(page.getByText(/°C.* · Window open$/u)).toBeVisible();
});

it('says that it reads while nothing is there yet, and keeps the row of what is marked', async () => {
	const markers: readonly ChartMarker[] = [{ key: 'a', atMs: toMs + HOUR, kind: 'event', label: 'Later' }];
	const { plot } = await chart({
		layers: [{ ...temperature, series: EMPTY_SERIES }],
		loading: true,
		markers
	});
	await expect.element(page.getByText(/^Reading what is stored/u)).toBeVisible();
	await expect.element(plot).toHaveAttribute('aria-busy', 'true');
	await expect.element(page.getByText('Nothing is marked in this time.')).toBeVisible();
});

it('shares its cursor: a key in one chart reads the other one too', async () => {
	const cursor = new ChartCursor();
	await chart({ cursor });
	await chart({ cursor, layers: [layer('Humidity', '%', 50)], title: 'Humidity' });
	page.getByRole('group', { name: 'Temperature' }).element().focus();
	await userEvent.keyboard('{Shift>}{ArrowLeft}{/Shift}');
	await expect.element(page.getByText(/^\d+\.\d °C .* · /u)).toBeVisible();
	await expect.element(page.getByText(/^\d+\.\d % .* · /u)).toBeVisible();
});

/** The device pixels of a chart's canvas; undefined before it is drawn. */
function pixelsOf(plot: HTMLElement | SVGElement): ImageData | undefined {
	const canvas = plot.querySelector('canvas');
	if (!canvas?.clientWidth) return undefined;
	const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d')!;
	copy.drawImage(canvas, 0, 0);
	const pixels = copy.getImageData(0, 0, canvas.width, canvas.height);
	return pixels.data.some((channel) => channel !== 0) ? pixels : undefined;
}

it('draws one sample of 100,000 that stands out as high as it is', async () => {
	const step = HOUR / 100_000;
	const timeMs = Float64Array.from({ length: 100_000 }, (_, i) => view.fromMs + i * step);
	const calm = new Float64Array(100_000).fill(20);
	const max = Float64Array.from(calm);
	max[61_728] = 30;
	const { plot } = await chart({
		layers: [{ ...temperature, series: { timeMs, avg: calm, min: calm, max } }],
		simulated: false
	});
	const spike = () => {
		const pixels = pixelsOf(plot.element());
		if (!pixels) return 'nothing is drawn yet';
		const { width, height, data } = pixels;
		const copper = (x: number, y: number) => {
			const [red = 0, , blue = 0, alpha = 0] = data.subarray(4 * (y * width + x));
			return alpha > 40 && red - blue > 60;
		};
		const rows = Array.from({ length: height }, (_, y) => y);
		const [left, right] = [50 * devicePixelRatio, width - 9 * devicePixelRatio]; // the axis, and room beyond the present
		const columns = Array.from({ length: right - left }, (_, x) => left + x);
		const inked = rows.filter((y) => columns.some((x) => copper(x, y)));
		const calmRow = rows.find((y) => columns.filter((x) => copper(x, y)).length > columns.length / 2) ?? NaN;
		const above = inked.filter((y) => y < calmRow - 4);
		const at = [...new Set(above.flatMap((y) => columns.filter((x) => copper(x, y))))];
		const share = ((at[0] ?? NaN) - left) / (right - left);
		return {
			inPlace: Math.abs(share - 0.617) < 0.01,
			thin: at.length > 0 && at.length <= 4,
			unbroken: above.length === calmRow - 4 - (above[0] ?? NaN),
			high: above.length > 0.3 * height
		};
	};
	const whole = { inPlace: true, thin: true, unbroken: true, high: true };
	await expect.poll(spike, CHART_JS_ARRIVES).toEqual(whole);
});

/** A picture's pixels, CSS px from its left upper corner. */
async function pictureOf(chart: { toPng(): Promise<Blob> }) {
	const bitmap = await createImageBitmap(await chart.toPng());
	expect(bitmap.width).toBe(1080 * devicePixelRatio);
	const ctx = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d')!;
	ctx.drawImage(bitmap, 0, 0);
	return (x: number, y: number, width: number, height: number) => {
		const [left, top, across, down] = [x, y, width, height].map((px) => px * devicePixelRatio);
		return ctx.getImageData(left!, top!, across!, down!).data;
	};
}

it('says what its bands of missing samples mean, in the picture too, and only of those in view', async () => {
	const hole = (fromMs: number, more: object) => ({ fromMs, toMs: fromMs + 300_000, lost: false, ...more });
	const kinds = page.getByRole('list', { name: 'Where samples are missing' }).getByRole('listitem');
	const inked = async (holes: ChartLayer['holes'], said: readonly string[]) => {
		const { component } = await chart({ layers: [{ ...temperature, holes: holes! }], simulated: false });
		await expect.poll(() => kinds.elements().map((one) => one.textContent.trim())).toEqual(said);
		const row = (await pictureOf(component))(0, 70, 1080, 12);
		document.body.replaceChildren();
		return Array.from({ length: row.length / 4 }, (_, i) => row[4 * i]!).filter((red) => red !== row[0])
			.length;
	};
	const alone = await inked([hole(view.fromMs - HOUR, {})], []);
	const one = await inked([hole(view.fromMs, { lost: true })], ['Lost for good']);
	const all = await inked(
		[hole(view.fromMs, { lost: true }), hole(toMs - 600_000, {}), hole(toMs - 300_000, { filling: true })],
		['Missing, to be fetched', 'Being fetched', 'Lost for good']
	);
	expect(one).toBeGreaterThan(alone + 100);
	expect(all).toBeGreaterThan(one + 200);
});

it('becomes a picture of its own, the mark of simulated data on it', async () => {
	const violet = async (simulated: boolean) => {
		const { component } = await chart({ title: `Kept ${simulated}`, simulated });
		const data = (await pictureOf(component))(540, 0, 540, 60);
		return Array.from({ length: data.length / 4 }, (_, i) => data[4 * i + 2]! - data[4 * i + 1]!).filter(
			(v) => v > 20
		).length;
	};
	expect(await violet(false)).toBe(0);
	expect(await violet(true)).toBeGreaterThan(50);
});
