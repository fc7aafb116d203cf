import { sveltekit } from '@sveltejs/kit/vite';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { buildId } from './scripts/build-id.mjs';
import { chromiumFlags, findChromium } from './scripts/find-chromium.mjs';

/** In Chromium: IndexedDB, workers and components as they are. Everything else runs in Node, which is quicker. */
const IN_BROWSER = ['src/**/*.browser.test.ts', 'src/**/*.svelte.test.ts'];

const executablePath = findChromium();

export default defineConfig({
	plugins: [sveltekit()],
	define: { __BUILD_ID__: JSON.stringify(buildId()) },
	build: {
		// A small .wasm as a data: URL would be blocked by connect-src.
		assetsInlineLimit: 0
	},
	worker: { format: 'es' },
	test: {
		projects: [
			{
				extends: true,
				test: {
					name: 'node',
					environment: 'node',
					include: ['src/**/*.test.ts', 'tests/integration/**/*.test.ts', 'scripts/**/*.test.ts'],
					exclude: IN_BROWSER
				}
			},
			{
				extends: true,
				test: {
					name: 'browser',
					include: IN_BROWSER,
					browser: {
						enabled: true,
						headless: true,
						screenshotFailures: false,
						provider: playwright({
							launchOptions: { args: chromiumFlags, ...(executablePath ? { executablePath } : {}) }
						}),
						instances: [{ browser: 'chromium' }]
					}
				}
			}
		]
	}
});
