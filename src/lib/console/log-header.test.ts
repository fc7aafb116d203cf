import { expect, it } from 'vitest';
import { logHeader } from './log-header';

it.each([
	['I (1234) wifi: connected', 'info', 'wifi'],
	['E (12:34:56.789) mqtt_client: lost', 'error', 'mqtt_client'],
	['W (2026-11-21 12:00:00.000) app: late', 'warning', 'app'],
	['D (9) a.b/c: x', 'debug', 'a.b/c'],
	['[  1234][V][main.cpp:10] loop(): x', 'verbose', 'main.cpp'],
	['[12:34:56][C][logger:185]: Logger:', 'info', 'logger'],
	['[VV][api.service:012]: x', 'verbose', 'api.service']
])('%s', (text, level, tag) => {
	expect(logHeader(text)).toEqual({ level, tag });
});

it.each([
	'I am here',
	'I (x) a: b',
	'E (1) no colon',
	'[12]',
	'[I][x]: y',
	'',
	' I (1) a: b',
	`I (1) ${'t'.repeat(41)}: x`
])('knows nothing of “%s”', (text) => {
	expect(logHeader(text)).toBeUndefined();
});
