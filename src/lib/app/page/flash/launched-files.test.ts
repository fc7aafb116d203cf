import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { watchLaunchedFiles } from './launched-files';

type Consumer = Parameters<NonNullable<Parameters<typeof watchLaunchedFiles>[2]>['setConsumer']>[0];

describe('files opened with the installed app', () => {
	it('are told, and those that cannot be read are counted', async () => {
		let launch: Consumer = () => undefined;
		const told: (readonly string[] | number)[] = [];
		watchLaunchedFiles(
			(files) => told.push(files.map(({ path }) => path)),
			(count) => told.push(count),
			{ setConsumer: (consumer) => (launch = consumer) }
		);
		const good = { getFile: () => Promise.resolve(new File(['x'], 'node.bin')) };
		const gone = { getFile: () => Promise.reject(new DOMException('gone', 'NotFoundError')) };
		launch({ files: [] });
		launch({ files: [good, gone] });
		await expect.poll(() => told).toStrictEqual([['node.bin'], 1]);
	});

	it('are .bin and .zip, and open a window of their own at the Flash page', async () => {
		const file = new URL('../../../../../static/manifest.webmanifest', import.meta.url);
		const manifest = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
		expect(manifest['launch_handler']).toStrictEqual({ client_mode: 'navigate-new' });
		expect(manifest['file_handlers']).toMatchObject([
			{
				action: './flash',
				accept: { 'application/octet-stream': ['.bin'], 'application/zip': ['.zip'] }
			}
		]);
	});
});
