import { svelte } from '@sveltejs/vite-plugin-svelte';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { buildId } from '../../scripts/build-id.mjs';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const root = here('../pages');
const outDir = here('../../.cache/bench-pages');

/** Builds bench/pages with the app's own sources, minified as the app is. @returns the folder to serve */
export async function buildPages(): Promise<string> {
	await build({
		configFile: false,
		plugins: [svelte({ configFile: false })],
		root,
		logLevel: 'warn',
		define: { __BUILD_ID__: JSON.stringify(buildId()) },
		resolve: { alias: { $lib: here('../../src/lib') } },
		worker: {
			format: 'es',
			// Where the headers for workers apply, as in the app.
			rolldownOptions: {
				output: {
					entryFileNames: '_app/immutable/workers/[name]-[hash].js',
					chunkFileNames: '_app/immutable/workers/[name]-[hash].js'
				}
			}
		},
		build: {
			outDir,
			emptyOutDir: true,
			target: 'esnext',
			assetsDir: '_app/immutable',
			assetsInlineLimit: 0,
			rolldownOptions: {
				input: [
					'console.html',
					'contest.html',
					'field-core.html',
					'flash.html',
					'intake.html',
					'line-charts.html',
					'peer.html',
					'puts.html',
					'store.html'
				].map((page) => `${root}/${page}`)
			}
		}
	});
	return outDir;
}
