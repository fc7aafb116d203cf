import { expect, it } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { render } from 'vitest-browser-svelte';
import TimeChart from './TimeChart.svelte';
import type { ViewWindow } from './view-window';

const HOUR = 3_600_000;
const toMs = Date.now() - 24 * HOUR;
const view: ViewWindow = { fromMs: toMs - HOUR, toMs, following: false };
const timeMs = Array.from({ length: 360 }, (_, i) => view.fromMs + i * 10_000);
const avg = timeMs.map((_, i) => 20 + Math.sin(i / 20));
const series = { timeMs, avg, min: avg.map((v) => v - 0.5), max: avg.map((v) => v + 0.5) };

/** The library is fetched when the first chart is shown, and a busy machine takes its time. */
const CHART_JS_ARRIVES = { timeout: 10_000 };

async function chart() {
	const asked: ViewWindow[] = [];
	let first = 0;
	await render(TimeChart, {
		title: 'Temperature',
		unit: '°C',
		decimals: 1,
		series,
		view,
		onview: (next: ViewWindow) => asked.push(next),
		onfirst: () => first++,
		simulated: true
	});
	const plot = page.getByRole('group', { name: 'Temperature' });
	plot.element().focus();
	return { plot, asked, firsts: () => first };
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

it('reads value by value, for eyes and for ears', async () => {
	await chart();
	await userEvent.keyboard('{Shift>}{ArrowLeft}{/Shift}');
	await expect.element(page.getByText(/^\d+\.\d °C \(\d+\.\d … \d+\.\d\) · /u)).toBeVisible();
	await userEvent.keyboard('{Escape}');
	await expect.element(page.getByText(/ … /u)).not.toBeInTheDocument();
});

it('says in words what it shows, and that it is simulated', async () => {
	const { plot } = await chart();
	await expect.element(plot).toHaveAccessibleDescription(/lowest 18\.5 °C .* highest 21\.5 °C .* no gaps/u);
	await expect.element(page.getByText('Simulated')).toBeVisible();
});

it('has a table of the same values', async () => {
	await chart();
	await userEvent.click(page.getByRole('button', { name: 'Temperature: show as a table' }));
	await expect.element(page.getByRole('table')).toBeVisible();
	expect(page.getByRole('row').elements().length).toBe(201);
});

it('draws: the canvas is not empty', async () => {
	const { plot } = await chart();
	const canvas = plot.element().querySelector('canvas');
	await expect
		.poll(() => {
			const data = canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data;
			return data?.some((channel) => channel !== 0) ?? false;
		}, CHART_JS_ARRIVES)
		.toBe(true);
});
