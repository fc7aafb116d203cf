import { trustedWorkerUrl } from '$lib/base';
import { Chart, LinearScale, LineController, LineElement, PointElement } from 'chart.js';
import type { FromLineCharts } from './line-charts-messages';
import workerUrl from './line-charts.worker.ts?worker&url';

Chart.register(LinearScale, LineController, LineElement, PointElement);

/**
 * Plain Chart.js as its documentation says it is fastest: no animation, no parsing, sorted data, no points, a value a sample pushed and
 * what left the window shifted out, all charts updated once in a frame in which something came.
 */
const { port: worker } = new SharedWorker(trustedWorkerUrl(workerUrl), { type: 'module' });
let charts: readonly Chart<'line', { x: number; y: number }[]>[] = [];
let spanMs = 60_000;
let live = () => {};
let frame: number | undefined;

worker.onmessage = ({ data }: MessageEvent<FromLineCharts>) => {
	if (data.type === 'live') return live();
	charts.forEach((chart, i) => {
		const y = data.values[i];
		if (y !== undefined) chart.data.datasets[0]?.data.push({ x: data.timeMs, y });
	});
	frame ??= requestAnimationFrame(update);
};

function update(): void {
	frame = undefined;
	const nowMs = Date.now();
	for (const chart of charts) {
		const data = chart.data.datasets[0]?.data ?? [];
		while (data[0] && data[0].x < nowMs - spanMs) data.shift();
		const x = chart.options.scales?.x;
		if (x) Object.assign(x, { min: nowMs - spanMs, max: nowMs });
		chart.update('none');
	}
}

globalThis.lineChartsBench = {
	async follow(brokerUrl, count, span) {
		spanMs = span;
		charts = Array.from({ length: count }, () => make());
		const connected = new Promise<void>((resolve) => (live = resolve));
		worker.postMessage(brokerUrl);
		await connected;
	},
	points: () => charts.map((chart) => chart.data.datasets[0]?.data.length ?? 0)
};

function make(): Chart<'line', { x: number; y: number }[]> {
	const box = document.createElement('div');
	const canvas = document.createElement('canvas');
	box.append(canvas);
	document.body.append(box);
	return new Chart(canvas, {
		type: 'line',
		data: { datasets: [{ data: [], borderColor: '#9a4a1b', borderWidth: 1.75, pointRadius: 0 }] },
		options: {
			animation: false,
			parsing: false,
			normalized: true,
			events: [],
			maintainAspectRatio: false,
			scales: { x: { type: 'linear', ticks: { maxRotation: 0 } } }
		}
	});
}
