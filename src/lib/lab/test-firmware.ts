import { readFile } from 'node:fs/promises';

/** For tests: the firmware, built first where it is missing or old. */
export async function testFirmware(): Promise<WebAssembly.Module> {
	const { buildFirmware, wasmFile } = await import('../../../scripts/build-firmware.mjs');
	await buildFirmware();
	return WebAssembly.compile(await readFile(wasmFile));
}
