import { sveltekit } from '@sveltejs/kit/vite';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { buildId } from './scripts/build-id.mjs';
import { chromiumFlags, findChromium } from './scripts/find-chromium.mjs';

/** In Chromium: IndexedDB, workers and components as they are. Everything else runs in Node, which is quicker. */
const IN_BROWSER = ['src/**/*.browser.test.ts', 'src/**/*.svelte.test.ts'];

/**
 * What the first route is made of travels as one file: in forty small ones it compresses worse (59 KB against 56) and costs a
 * round trip each. What is fetched lazily must not match.
 */
const FIRST_ROUTE =
	/src\/(routes\/\+(layout|page|error)|lib\/(base|model)\/|lib\/ui\/([a-z-]+(\.svelte)?\.ts|(Button|DesignTokens|Icon|ProgressLine|StateBadge|Toasts)\.svelte)|lib\/link\/view\/session-line|lib\/device\/view\/(cadence|device-face)|lib\/app\/(field\/(client|messages|relay)|page\/(?!lab-words)[a-z-]+(\.svelte)?\.ts|page\/devices\/AddVirtual|page\/shell\/(Banners|Brand|Navigation|SessionState)))/;

/** What hangs ends; what is slow on a busy machine does not fail for it. */
const LIMITS = {
	testTimeout: 60_000,
	hookTimeout: 60_000,
	expect: { poll: { timeout: 30_000 } },
	setupFiles: ['tests/limits.ts']
};

const executablePath = findChromium();

export default defineConfig({
	plugins: [sveltekit()],
	define: { __BUILD_ID__: JSON.stringify(buildId()) },
	build: {
		// A small .wasm as a data: URL would be blocked by connect-src.
		assetsInlineLimit: 0,
		rolldownOptions: {
			output: { codeSplitting: { groups: [{ name: 'first', test: FIRST_ROUTE }] } }
		}
	},
	worker: { format: 'es' },
	// Fetched lazily, so that the dev server would meet it late and reload the page, in the middle of a test too.
	optimizeDeps: { include: ['chart.js'] },
	test: {
		// Half of the tests wait for other programs: both cores have work.
		maxWorkers: 2,
		projects: [
			{
				extends: true,
				test: {
					name: 'node',
					...LIMITS,
					environment: 'node',
					include: ['src/**/*.test.ts', 'tests/integration/**/*.test.ts', 'scripts/**/*.test.ts'],
					exclude: IN_BROWSER
				}
			},
			{
				extends: true,
				test: {
					name: 'browser',
					...LIMITS,
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
