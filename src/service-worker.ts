/// <reference no-default-lib="true"/>
/// <reference lib="esnext" />
/// <reference lib="webworker" />
/// <reference types="@sveltejs/kit" />
/**
 * The app shell, kept so that it opens with no network. Nothing of a device goes through here: data lives in IndexedDB.
 *
 * A new version is fetched and then waits: the page asks its user (src/lib/app/page/updates.svelte.ts), and only
 * then sends `take-over`.
 */
import { base, build, files, version } from '$service-worker';
import { clientsClaim } from 'workbox-core';
import { cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from 'workbox-precaching';
import { NavigationRoute, registerRoute } from 'workbox-routing';

declare const self: ServiceWorkerGlobalScope;

/** Every route is the same shell (ssr is off), and adapter-static names it 404.html so that any host serves it. */
const SHELL = `${base}/404.html`;
/** Says which broker `npm start` runs beside the page: true only while that server runs, so it is never kept. */
const LOCAL_BROKER = `${base}/local-broker.json`;

const kept = files.filter((path) => path !== LOCAL_BROKER && !path.endsWith('/_headers'));

precacheAndRoute([
	...build.map((url) => ({ url, revision: null })), // named by their content
	...kept.map((url) => ({ url, revision: version })),
	{ url: SHELL, revision: version }
]);
cleanupOutdatedCaches();
registerRoute(new NavigationRoute(createHandlerBoundToURL(SHELL)));

registerRoute(
	({ url, sameOrigin }) => sameOrigin && url.pathname === LOCAL_BROKER,
	async ({ request }) => {
		try {
			return await fetch(request, { cache: 'no-store' });
		} catch {
			return Response.json({ brokers: [] }); // the server is gone, and with it the broker it spoke of
		}
	}
);

// The first visit needs no reload to be ready for a walk out of range.
clientsClaim();

self.addEventListener('message', (event) => {
	if ((event.data as { type?: unknown } | null)?.type === 'take-over') void self.skipWaiting();
});
