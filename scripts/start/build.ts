import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { buildFirmware, wasmFile } from '../build-firmware.mjs';
import { buildId } from '../build-id.mjs';
import { packPractice } from '../pack-practice';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Where `npm run build` puts the app. */
export const appFolder = fileURLToPath(new URL('../../build', import.meta.url));

export type Built = { kind: 'unchanged' } | { kind: 'built'; ms: number } | { kind: 'failed'; said: string };

/** Builds firmware and page, or finds that what lies there is of the same sources. */
export async function build(signal: AbortSignal): Promise<Built> {
	const startMs = performance.now();
	await buildFirmware(); // cached by its own sources
	await packPractice();
	if (await isCurrent()) return { kind: 'unchanged' };
	const said = await viteBuild(signal);
	return said === undefined ? { kind: 'built', ms: performance.now() - startMs } : { kind: 'failed', said };
}

/** Whether there is anything to serve at all. */
export async function isBuilt(): Promise<boolean> {
	return exists(`${appFolder}/404.html`);
}

export async function firmwareBytes(): Promise<Uint8Array<ArrayBuffer>> {
	return new Uint8Array(await readFile(wasmFile));
}

/** The shell is the last file a build writes, so with it and the right version all others are there. */
async function isCurrent(): Promise<boolean> {
	const version = await readFile(`${appFolder}/_app/version.json`, 'utf8').catch(() => '{}');
	const kept: unknown = JSON.parse(version);
	const id = kept !== null && typeof kept === 'object' && 'version' in kept ? kept.version : undefined;
	return id === buildId() && (await isBuilt());
}

/** In a process of its own: what Vite holds is given back before we serve. @returns what it said, if it failed */
async function viteBuild(signal: AbortSignal): Promise<string | undefined> {
	const child = spawn(process.execPath, ['node_modules/vite/bin/vite.js', 'build', '--logLevel', 'warn'], {
		cwd: root,
		stdio: ['ignore', 'pipe', 'pipe'],
		// It is served from the root of its own origin, whatever is set for a deployment.
		env: { ...process.env, BASE_PATH: '' },
		signal
	});
	let said = '';
	for (const stream of [child.stdout, child.stderr])
		stream.on('data', (text: Buffer) => (said += text.toString()));
	const [code] = (await once(child, 'close')) as [number | null];
	return code === 0 ? undefined : said;
}

const exists = (path: string) =>
	access(path).then(
		() => true,
		() => false
	);
