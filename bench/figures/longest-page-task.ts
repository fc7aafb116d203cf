import type { Page } from 'playwright';
import type { Figure, Row } from '../figure';
import { CARD_NUMBER, connectApp, untilLive } from '../harness/app-page';
import { startBenchBroker } from '../harness/broker';
import { newProfile } from '../harness/browser';
import { withCleanUp } from '../harness/clean-up';
import { tasksDuring, type Task } from '../harness/main-thread-trace';
import { newEpoch, startPublisher, type Publisher } from '../harness/publisher';
import { serveApp } from '../harness/serve';
import { median } from '../harness/statistics';

const TARGET_MS = 50;
const RATE_PER_S = 1000;
const ID_PREFIX = 'fb-bench-';
/** Drawn and settled before the trace begins: what a page does once, when it opens, is another figure. */
const SETTLE_MS = 3000;

/** What is on the screen, and how many nodes share the messages. */
interface Scene {
	readonly name: string;
	readonly path: string;
	/** Is there when the screen is drawn. */
	readonly drawn: string;
	readonly devices: number;
}

const SCENES: readonly Scene[] = [
	{ name: 'Devices page, 20 nodes', path: '/', drawn: CARD_NUMBER, devices: 20 },
	{
		name: "one of 20 nodes' charts",
		path: `/devices/${ID_PREFIX}0?view=history`,
		drawn: 'main canvas',
		devices: 20
	},
	{
		name: "a single node's charts",
		path: `/devices/${ID_PREFIX}0?view=history`,
		drawn: 'main canvas',
		devices: 1
	}
];

export const longestPageTask: Figure = {
	name: 'longest-page-task-ms',
	measure: ({ quick, signal, say }) =>
		withCleanUp(async (atEnd) => {
			const broker = await startBenchBroker();
			atEnd(() => broker.stop());
			const app = await serveApp(signal, broker.wsUrl);
			atEnd(() => app.close());
			const publisher = await startPublisher(broker.tcpPort);
			atEnd(() => publisher.close());
			const profile = await newProfile();
			atEnd(() => profile.remove());
			const context = await profile.open();
			atEnd(() => context.close());
			const page = await connectApp(context, app.url);
			await offer(publisher, 20, 1000); // so that there are devices to look at

			const longest = new Map<Scene, Task[]>(SCENES.map((scene) => [scene, []]));
			for (let run = 0; run < (quick ? 1 : 3); run++)
				for (const [scene, tasks] of longest) {
					signal.throwIfAborted();
					const [task] = await look(page, app.url, scene, publisher, quick ? 5000 : 12_000);
					if (!task) throw new Error(`${scene.name}: the trace holds no task`);
					tasks.push(task);
					say(
						`run ${run + 1}: ${scene.name}: ${task.ms.toFixed(1)} ms (processor ${task.cpuMs ?? '?'} ms; ${task.within.join(', ')})`
					);
				}
			return [rowOf(longest)];
		})
};

/** The worst of the screens, each by the median of its runs. */
function rowOf(longest: ReadonlyMap<Scene, readonly Task[]>): Row {
	const scenes = [...longest].map(([scene, tasks]) => ({
		scene,
		tasks,
		ms: median(tasks.map((task) => task.ms))
	}));
	const worst = scenes.reduce((a, b) => (b.ms > a.ms ? b : a));
	return {
		name: 'longest-page-task-ms',
		value: worst.ms,
		unit: 'ms',
		peers: {},
		target: { kind: 'at-most', value: TARGET_MS },
		runs: worst.tasks.map((task) => task.ms),
		notes: scenes.map(({ scene, tasks }) => {
			const most = tasks.reduce((a, b) => (b.ms > a.ms ? b : a));
			return `${scene.name}: ${tasks.map((task) => task.ms.toFixed(1)).join(' ')}; the longest: processor ${most.cpuMs ?? '?'} ms, ${most.within.join(', ')}`;
		})
	};
}

async function look(
	page: Page,
	url: string,
	scene: Scene,
	publisher: Publisher,
	durationMs: number
): Promise<readonly Task[]> {
	await page.goto(url + scene.path);
	await untilLive(page);
	await page.locator(scene.drawn).first().waitFor();
	await offer(publisher, scene.devices, SETTLE_MS);
	return tasksDuring(page, () => offer(publisher, scene.devices, durationMs));
}

const offer = (publisher: Publisher, devices: number, durationMs: number) =>
	publisher.offer({
		...{ devices, idPrefix: ID_PREFIX, epoch: newEpoch(), values: 'walk', stamps: false },
		...{ ratePerS: RATE_PER_S, durationMs }
	});
