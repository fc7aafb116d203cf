/** The few words of Trusted Types that we speak; TypeScript's DOM library does not know them yet (w3c/trusted-types). */
interface TrustedTypePolicy {
	createScriptURL(url: string): unknown;
}
interface TrustedTypePolicyFactory {
	createPolicy(name: string, rules: { createScriptURL(url: string): string }): TrustedTypePolicy;
}

/** The one policy that may make worker URLs; named in the CSP of svelte.config.js. */
export const WORKER_POLICY = 'fieldbench-worker';

/** A policy's name can be used once a page, so it is made once and kept. */
let policy: TrustedTypePolicy | undefined;

/**
 * A worker's URL as the page's Content Security Policy wants it: through our policy where the browser has Trusted Types,
 * as it is elsewhere.
 * @param url what `import url from './x.worker.ts?worker&url'` gave
 * @throws TypeError for a URL of another origin: a worker's code is ours or nobody's
 */
export function trustedWorkerUrl(url: string): string | URL {
	const factory = (globalThis as { trustedTypes?: TrustedTypePolicyFactory }).trustedTypes;
	if (!factory) return ours(url);
	policy ??= factory.createPolicy(WORKER_POLICY, { createScriptURL: ours });
	// A TrustedScriptURL: `new Worker` takes it, though the DOM's types only say string and URL.
	return policy.createScriptURL(url) as URL;
}

function ours(url: string): string {
	const absolute = new URL(url, location.href);
	if (absolute.origin !== location.origin || absolute.protocol === 'data:' || absolute.protocol === 'blob:')
		throw new TypeError(`not a worker of ours: ${absolute.protocol}//${absolute.host}`);
	return absolute.href;
}
