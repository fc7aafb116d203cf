import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { files, headersFor } from './headers.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

describe('headers', () => {
	it.each(Object.entries(files))(
		'%s says what the rules say (else: node scripts/headers.mjs)',
		async (path, text) => {
			expect(await readFile(`${root}${path}`, 'utf8')).toBe(text());
		}
	);

	it('keeps what is named by its content for ever, and asks about everything else', () => {
		expect(headersFor('/_app/immutable/chunks/a.js')['Cache-Control']).toContain('immutable');
		for (const path of ['/', '/404.html', '/service-worker.js', '/_app/version.json', '/local-broker.json'])
			expect(headersFor(path)['Cache-Control'], path).toBe('no-cache');
	});

	it('gives workers a whole policy and pages only what their own cannot say', () => {
		for (const path of ['/service-worker.js', '/_app/immutable/workers/field.js']) {
			const policy = headersFor(path)['Content-Security-Policy'];
			expect(policy, path).toContain("default-src 'none'");
			expect(policy, path).toContain("connect-src 'self' ws: wss:");
			expect(policy, path).not.toContain('unsafe-inline');
		}
		expect(headersFor('/devices/x')['Content-Security-Policy']).toBe("frame-ancestors 'none'");
	});

	it('keeps the general headers on special paths', () => {
		expect(headersFor('/_app/immutable/workers/field.js')).toMatchObject({
			'X-Content-Type-Options': 'nosniff',
			'Cache-Control': 'public, max-age=31536000, immutable'
		});
	});
});
