import { expect, it } from 'vitest';
import { readOptions } from './options';

it('starts with two nodes on the usual ports', () => {
	expect(readOptions([])).toEqual({
		kind: 'start',
		options: {
			port: 4173,
			wsPort: 9001,
			mqttPort: 1883,
			host: undefined,
			nodes: 2,
			build: true,
			https: false,
			allowOrigins: []
		}
	});
});

it('takes what it is told', () => {
	const asked = readOptions(['--port', '0', '--no-nodes', '--no-build', '--https', '--host', '127.0.0.1']);
	expect(asked).toMatchObject({
		kind: 'start',
		options: { port: 0, nodes: 0, build: false, https: true, host: '127.0.0.1' }
	});
});

it.each([
	[['--port', '65536'], '--port'],
	[['--port', 'x'], '--port'],
	[['--nodes', '51'], '--nodes'],
	[['--allow-origin', 'https://a.example/path'], '--allow-origin'],
	[['--prot', '1'], '--prot']
])('names what is wrong with %j', (args, name) => {
	const asked = readOptions(args);
	expect(asked).toMatchObject({ kind: 'wrong', why: expect.stringContaining(name) as string });
});

it('knows a cry for help', () => {
	expect(readOptions(['-h'])).toEqual({ kind: 'help' });
});
