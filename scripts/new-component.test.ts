import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { componentFiles, namesOf } from './new-component';

const FIRMWARE = fileURLToPath(new URL('../firmware', import.meta.url));

describe('a new component', () => {
	it('has one name in three forms', () => {
		const names = { snake: 'rain_gauge', type: 'rain-gauge', pascal: 'RainGauge' };
		for (const given of ['rain_gauge', 'rain-gauge', 'RainGauge']) expect(namesOf(given)).toEqual(names);
	});

	it.each(['', '2fast', 'rain gauge', 'a__b', 'ümlaut', '../up', 'x'.repeat(33)])(
		'is not called %j',
		(name) => {
			expect(namesOf(name)).toBeUndefined();
		}
	);

	it('passes its tests from the first minute', { timeout: 120_000 }, () => {
		const names = namesOf('rain_gauge')!;
		const folder = mkdtempSync(join(tmpdir(), 'fieldbench-component-'));
		try {
			const components = join(folder, 'components', names.snake);
			mkdirSync(components, { recursive: true });
			for (const [name, text] of Object.entries(componentFiles(names)))
				writeFileSync(join(components, name), text);
			const core = ['fields', 'json_reader', 'json_writer', 'json_number', 'decimal', 'utf8'].map((name) =>
				join(FIRMWARE, 'core', `${name}.cpp`)
			);
			const program = join(folder, 'test');
			const flags = [
				'-std=gnu++17',
				'-Wall',
				'-Wextra',
				'-Werror',
				'-fno-rtti',
				`-I${folder}`,
				`-I${FIRMWARE}`
			];
			const sources = [
				join(components, `${names.snake}.cpp`),
				join(components, `${names.snake}_test.cpp`),
				...core,
				join(FIRMWARE, 'ports/host/test_main.cpp')
			];
			execFileSync('g++', [...flags, ...sources, '-o', program]);
			expect(String(execFileSync(program))).toContain('2 run, 0 failures');
		} finally {
			rmSync(folder, { recursive: true });
		}
	});
});
