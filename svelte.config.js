import adapter from '@sveltejs/adapter-static';
import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';
import { buildId } from './scripts/build-id.mjs';

/** @type {import('@sveltejs/kit').Config} */
export default {
	preprocess: vitePreprocess(),
	kit: {
		// Any path we do not know is the app's to answer: device pages are made in the browser.
		adapter: adapter({ pages: 'build', assets: 'build', fallback: '404.html', precompress: false }),
		paths: { base: /** @type {'' | `/${string}`} */ (process.env.BASE_PATH ?? ''), relative: false },
		// From the sources, so that the same sources are the same version to the service worker.
		version: { name: buildId() },
		// The page asks before it takes an update (see docs/architecture.md), so SvelteKit does not poll for one.
		serviceWorker: { register: false },
		csp: {
			mode: 'hash',
			directives: {
				'default-src': ['none'],
				'script-src': ['self', 'wasm-unsafe-eval'],
				'style-src': ['self'],
				// The one style attribute there is: SvelteKit's, on the element that tells screen readers of a new page.
				'style-src-attr': ['unsafe-hashes', 'sha256-S8qMpvofolR8Mpjy4kQvEm7m1q8clzU4dfDH0AmvZjo='],
				'img-src': ['self', 'data:', 'blob:'],
				'font-src': ['self'],
				'manifest-src': ['self'],
				'worker-src': ['self'],
				// A broker may be anywhere its owner put it, and so may the manifest of a firmware: also on a developer's own
				// machine, over http. What a secure page may not read from plain http, the browser's mixed content rules say.
				'connect-src': ['self', 'ws:', 'wss:', 'http:', 'https:'],
				'base-uri': ['self'],
				'form-action': ['none'],
				'require-trusted-types-for': ['script'],
				'trusted-types': ['svelte-trusted-html', 'sveltekit-trusted-url', 'fieldbench-worker']
			}
		}
	}
};
