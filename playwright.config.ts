import { defineConfig, devices } from '@playwright/test';
import { type BenchOptions } from './tests/e2e/fixtures';

/**
 * Real Chromium on the built app (`npm run build` first). The browser is launched by the fixtures, because a profile that
 * outlives its browser is the point of half of these tests.
 */
export default defineConfig<BenchOptions>({
	testDir: 'tests',
	outputDir: 'test-results/playwright',
	workers: 2,
	fullyParallel: true,
	forbidOnly: true,
	retries: 0,
	// What hangs ends; what is slow on a busy machine does not fail for it.
	timeout: 180_000,
	expect: { timeout: 20_000 },
	use: { actionTimeout: 30_000 },
	reporter: [
		['list'],
		['json', { outputFile: process.env.PLAYWRIGHT_JSON_OUTPUT_NAME ?? 'test-results/playwright.json' }]
	],
	projects: [
		{ name: 'store', testMatch: ['store/**/*.spec.ts', 'field/**/*.spec.ts'], timeout: 180_000 },
		{
			name: 'desktop',
			testMatch: 'e2e/**/*.spec.ts',
			use: { viewport: { width: 1280, height: 800 } }
		},
		{
			name: 'phone',
			testMatch: 'e2e/**/*.spec.ts',
			testIgnore: 'e2e/**/*.desktop.spec.ts',
			use: { ...devices['Pixel 7'], viewport: { width: 390, height: 844 } }
		}
	]
});
