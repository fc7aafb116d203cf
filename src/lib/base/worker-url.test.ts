import { afterEach, expect, it, vi } from 'vitest';

afterEach(() => {
	vi.unstubAllGlobals();
	vi.resetModules();
});

async function load(trustedTypes?: unknown) {
	vi.stubGlobal('location', { href: 'https://bench.test/devices/x', origin: 'https://bench.test' });
	if (trustedTypes) vi.stubGlobal('trustedTypes', trustedTypes);
	return (await import('./worker-url')).trustedWorkerUrl;
}

it('gives our own URL where the browser has no Trusted Types', async () => {
	const trustedWorkerUrl = await load();
	expect(trustedWorkerUrl('/_app/w.js')).toBe('https://bench.test/_app/w.js');
});

it('refuses code of another origin, and code that has no origin', async () => {
	const trustedWorkerUrl = await load();
	for (const url of [
		'https://evil.test/w.js',
		'//evil.test/w.js',
		'data:text/javascript,1',
		'blob:https://bench.test/1'
	])
		expect(() => trustedWorkerUrl(url), url).toThrow(TypeError);
});

it('makes its policy once, and passes every URL through it', async () => {
	const createPolicy = vi.fn((_name: string, rules: { createScriptURL(u: string): string }) => ({
		createScriptURL: (u: string) => ({ trusted: rules.createScriptURL(u) })
	}));
	const trustedWorkerUrl = await load({ createPolicy });
	expect(trustedWorkerUrl('/a.js')).toEqual({ trusted: 'https://bench.test/a.js' });
	expect(trustedWorkerUrl('/b.js')).toEqual({ trusted: 'https://bench.test/b.js' });
	expect(() => trustedWorkerUrl('https://evil.test/w.js')).toThrow(TypeError);
	expect(createPolicy).toHaveBeenCalledOnce();
	expect(createPolicy).toHaveBeenCalledWith('fieldbench-worker', expect.anything());
});
