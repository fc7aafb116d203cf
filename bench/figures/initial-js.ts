import { gzipSync } from 'node:zlib';
import type { Figure, Row } from '../figure';
import { connectApp } from '../harness/app-page';
import { startBenchBroker } from '../harness/broker';
import { newProfile } from '../harness/browser';
import { withCleanUp } from '../harness/clean-up';
import { serveApp, type Asked, type Served } from '../harness/serve';

const TARGET_KB = 60;
const WORKERS = '/_app/immutable/workers/';

/** What a first visit transfers, by what the server was asked for; a fresh profile has no cache and no service worker. */
export const initialJs: Figure = {
	name: 'initial-js-gzip-kb',
	measure: ({ signal }) =>
		withCleanUp(async (atEnd) => {
			const broker = await startBenchBroker();
			atEnd(() => broker.stop());
			const app = await serveApp(signal, broker.wsUrl);
			atEnd(() => app.close());
			const profile = await newProfile();
			atEnd(() => profile.remove());
			const context = await profile.open();
			atEnd(() => context.close());

			// The first button is the one that connects, and it has worked when the session is live.
			await connectApp(context, app.url);
			const asked = [...app.requests];
			return [
				await row('initial-js-gzip-kb', app, asked.filter(isOfPage), {
					target: { kind: 'at-most', value: TARGET_KB }
				}),
				await row('worker-js-gzip-kb', app, asked.filter(isOfWorker))
			];
		})
};

const isCode = ({ destination }: Asked) =>
	['script', 'style', 'sharedworker', 'worker'].includes(destination);
const isOfWorker = (asked: Asked) => isCode(asked) && asked.path.startsWith(WORKERS);
const isOfPage = (asked: Asked) => isCode(asked) && !isOfWorker(asked);

async function row(
	name: string,
	app: Served,
	asked: readonly Asked[],
	target: Pick<Row, 'target'> = {}
): Promise<Row> {
	const value = await kb(app, asked);
	const files = new Set(asked.map(({ path }) => path)).size;
	return { name, value, unit: 'kB', peers: {}, runs: [value], ...target, notes: [`${files} files`] };
}

/** Each file once, compressed by itself as a host does it. */
async function kb(app: Served, asked: readonly Asked[]): Promise<number> {
	let bytes = 0;
	for (const path of new Set(asked.map((one) => one.path))) {
		const response = await fetch(app.url + path);
		bytes += gzipSync(new Uint8Array(await response.arrayBuffer()), { level: 9 }).byteLength;
	}
	return Math.round(bytes / 10) / 100;
}
