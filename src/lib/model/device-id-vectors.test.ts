import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parseDeviceId } from './device-id';

const cases = JSON.parse(readFileSync('tests/vectors/ids.json', 'utf8')) as readonly {
	name: string;
	id: string;
	expect: string;
}[];

it.each(cases)('takes or refuses an id: $name', ({ id, expect: expected }) => {
	const parsed = parseDeviceId(id);
	expect(parsed.ok ? 'ok' : parsed.error.kind).toBe(expected);
});
