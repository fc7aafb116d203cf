import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { concatBytes, ok, utf8 } from '$lib/base';
import { buildNvs, DATA_SUBTYPE, DATA_TYPE, parseNvs, type NvsEntry, type Partition } from '$lib/formats';
import { backupName, takeBackup, type BackupSink, type BackupWish, type ReadOut } from './backup';
import { backupSource, type Backup } from './backup-source';
import type { BoardFacts } from './facts';
import { bytesOf } from './fake-bench';
import { planWrite } from './plan';
import { openPicked } from './sources-build';

const TAKEN = Date.UTC(2026, 10, 21, 14, 2);
const BOARD: BoardFacts = {
	...{ chip: 'ESP32-C3', description: 'ESP32-C3', mac: 'fa:b0:11:22:33:44', flashSizeBytes: 0x100000 },
	...{ practice: true, features: [], revision: 'v0.4', crystalMhz: 40 },
	...{ secureBoot: false, flashEncryption: false, flashId: { maker: 0xef, device: 0x4016 }, usb: 'bridge' }
};
const row = (label: string, type: number, subtype: number, offset: number, size: number): Partition => ({
	...{ label, type, subtype, offset, size, encrypted: false, readOnly: false }
});
const nvs = (offset: number, size: number) => row('nvs', DATA_TYPE, DATA_SUBTYPE.nvs, offset, size);
const TABLE = {
	partitions: [nvs(0x9000, 0x6000), row('factory', 0, 0, 0x10000, 0x80000)],
	md5: 'ok'
} as const;

/** A file in memory that a test can read, damage, or keep from taking more. */
function memorySink({
	mostBytes = Infinity,
	readBack = true,
	harm = (bytes: Uint8Array): unknown => bytes
} = {}) {
	let parts: Uint8Array[] = [];
	const sink: BackupSink & { bytes(): Uint8Array<ArrayBuffer>; discarded: boolean } = {
		discarded: false,
		bytes: () => concatBytes(parts),
		write(bytes) {
			if (concatBytes(parts).length + bytes.length > mostBytes)
				return Promise.reject(new DOMException('no room left', 'QuotaExceededError'));
			parts.push(Uint8Array.from(bytes));
			return Promise.resolve();
		},
		patch(position, bytes) {
			const all = concatBytes(parts);
			all.set(bytes, position);
			parts = [all];
			return Promise.resolve();
		},
		finish() {
			const all = concatBytes(parts);
			harm(all);
			parts = [all];
			return Promise.resolve(readBack ? new Blob([all]) : undefined);
		},
		discard() {
			sink.discarded = true;
			return Promise.resolve();
		}
	};
	return sink;
}

const wishOf = (wish: Partial<BackupWish> = {}): BackupWish => ({
	...{ board: BOARD, table: TABLE, range: { offset: 0, length: 0x100000 }, form: 'zip', takenMs: TAKEN },
	...wish
});

/** A flash that gives stretches of 256 KiB. */
function flashOf(held: Uint8Array<ArrayBuffer>): ReadOut {
	return async ({ offset, length }, take) => {
		for (let at = offset; at < offset + length; at += 0x40000)
			await take(held.slice(at, Math.min(at + 0x40000, offset + length)));
		return ok({ durationMs: 1, totalBytes: length, retries: 0, baud: 921_600 });
	};
}

async function take(wish: BackupWish, sink = memorySink(), held = bytesOf(0x100000)) {
	return { taken: await takeBackup(wish, flashOf(held), sink), sink, held };
}

async function opened(bytes: Uint8Array<ArrayBuffer>) {
	const [found] = await openPicked([{ path: 'b.zip', file: new Blob([bytes]) }]);
	return found;
}

describe('a backup', () => {
	it('is a zip that every unpacker takes, with the bytes and what they are', async () => {
		const { taken, sink, held } = await take(wishOf());
		expect(taken).toMatchObject({ ok: true, value: { readBack: true } });
		const folder = mkdtempSync(join(tmpdir(), 'backup-'));
		writeFileSync(join(folder, 'b.zip'), sink.bytes());
		const python = `import zipfile,sys; z=zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; sys.stdout.buffer.write(z.read('flash.bin'))`;
		const out = execFileSync('python3', ['-c', python, join(folder, 'b.zip')], { maxBuffer: 1 << 24 });
		rmSync(folder, { recursive: true });
		expect(out.equals(Buffer.from(held))).toBe(true);
		expect(await opened(sink.bytes())).toMatchObject({
			ok: true,
			value: {
				backup: {
					description: {
						...{ chip: 'ESP32-C3', mac: BOARD.mac, takenMs: TAKEN, offset: 0, length: 0x100000 },
						partitions: TABLE.partitions
					}
				}
			}
		});
	});

	it('may be the bare bytes, as other tools take them', async () => {
		const range = { offset: 0x9000, length: 0x6000 };
		const { taken, sink, held } = await take(wishOf({ form: 'bin', range, partition: 'nvs' }));
		expect(taken).toMatchObject({ ok: true, value: { readBack: true } });
		expect(Buffer.from(sink.bytes()).equals(Buffer.from(held.subarray(0x9000, 0xf000)))).toBe(true);
	});

	it('says when the file cannot be read back, and when it is not what was read', async () => {
		expect((await take(wishOf(), memorySink({ readBack: false }))).taken).toMatchObject({
			ok: true,
			value: { readBack: false }
		});
		// In the zip's header, in the flash's bytes, in the description, in the directory.
		for (const place of [14, 0x5000, 0x100000 + 200, -10]) {
			const harm = (bytes: Uint8Array) => void (bytes[place < 0 ? bytes.length + place : place]! ^= 1);
			const { taken, sink } = await take(wishOf(), memorySink({ harm }));
			expect(taken).toEqual({ ok: false, error: { kind: 'saved-damaged' } });
			expect(sink.discarded).toBe(true);
		}
	});

	it('is discarded where the disk is full, and the cause is told', async () => {
		const { taken, sink } = await take(wishOf(), memorySink({ mostBytes: 0x50000 }));
		expect(taken).toEqual({ ok: false, error: { kind: 'not-saved', cause: 'no room left' } });
		expect(sink.discarded).toBe(true);
	});

	it('is discarded where it is stopped', async () => {
		const sink = memorySink();
		const stop = new DOMException('stopped', 'AbortError');
		await expect(takeBackup(wishOf(), () => Promise.reject(stop), sink)).rejects.toBe(stop);
		expect(sink.discarded).toBe(true);
	});

	it('is named by the board, what of it, and when', () => {
		expect(backupName(wishOf())).toBe('fieldbench-fab011223344-flash-2026-11-21-1402.zip');
		expect(backupName(wishOf({ partition: 'my nvs', form: 'bin' }))).toBe(
			'fieldbench-fab011223344-my_nvs-2026-11-21-1402.bin'
		);
	});

	it('that was damaged, cut or altered is refused with the reason, at any byte', async () => {
		const { sink } = await take(wishOf({ range: { offset: 0x9000, length: 0x1000 } }));
		const whole = sink.bytes();
		for (let at = 0; at < whole.length; at += 37) {
			const flipped = whole.slice();
			flipped[at]! ^= 0x10;
			const found = await opened(flipped);
			if (!found?.ok || !found.value.backup) continue;
			// What is taken all the same has the bytes that were read: the flip is in a name, a date or a length of the zip.
			expect(found.value.backup.bytes).toEqual(whole.slice(39, 39 + 0x1000));
		}
		for (const length of [10, 0x800, whole.length - 30, whole.length - 1])
			expect(await opened(whole.slice(0, length))).toMatchObject({ ok: false });
	});

	it('whose bytes are not those of its digest is told apart from a zip that is damaged', async () => {
		const { sink } = await take(wishOf({ range: { offset: 0x9000, length: 0x1000 } }));
		const text = new TextDecoder('latin1').decode(sink.bytes());
		const at = text.indexOf('"sha256": "') + 11;
		const description = text.slice(text.indexOf('{\n'), text.lastIndexOf('}\n') + 2);
		const other = description.replace(text.slice(at, at + 64), 'a'.repeat(64));
		const { zipSync } = await import('fflate');
		const flash = sink.bytes().slice(39, 39 + 0x1000);
		const found = await opened(Uint8Array.from(zipSync({ 'flash.bin': flash, 'backup.json': utf8(other) })));
		expect(found).toEqual({ ok: false, error: { kind: 'backup-damaged', path: 'b.zip' } });
	});
});

describe('writing a backup back', () => {
	const backupOf = (description: Partial<Backup['description']>, bytes: Uint8Array<ArrayBuffer>): Backup => ({
		...{ name: 'b.zip', bytes },
		description: {
			...{ chip: 'ESP32-C3', practice: true, revision: '', mac: BOARD.mac, takenMs: TAKEN },
			...{ flashSizeBytes: 0x100000, encrypted: false, offset: 0, length: bytes.length, sha256: '' },
			...{ partitions: TABLE.partitions, ...description }
		}
	});

	it('names each partition and what lies between, and leaves no byte out', () => {
		const held = bytesOf(0x100000);
		const made = backupSource(backupOf({}, held), undefined);
		if (!made.ok) throw new Error(made.error.kind);
		const { parts } = made.value.source;
		expect(parts.map(({ name, offset }) => [name, offset])).toEqual([
			['bootloader', 0],
			['partition table', 0x8000],
			['nvs', 0x9000],
			['between', 0xf000],
			['factory', 0x10000],
			['after the last', 0x90000]
		]);
		expect(Buffer.concat(parts.map(({ bytes }) => bytes)).equals(Buffer.from(held))).toBe(true);
	});

	it('names what a range has only a piece of', () => {
		const made = backupSource(backupOf({ offset: 0xa000 }, bytesOf(0x8000)), undefined);
		expect(made.ok && made.value.source.parts.map(({ name, offset }) => [name, offset])).toEqual([
			['part of nvs and factory', 0xa000]
		]);
	});

	it('puts a partition where the one of its name is now, or where it was', () => {
		const was = [row('data', DATA_TYPE, DATA_SUBTYPE.littlefs, 0x90000, 0x8000)];
		const backup = backupOf({ partition: 'data', offset: 0x90000, partitions: was }, bytesOf(0x8000));
		const moved = row('data', DATA_TYPE, DATA_SUBTYPE.littlefs, 0xa0000, 0x8000);
		const offsetOn = (partitions: Partition[]) => {
			const made = backupSource(backup, { partitions, md5: 'ok' });
			return made.ok && made.value.source.parts[0]?.offset;
		};
		expect(offsetOn([moved])).toBe(0xa0000);
		expect(offsetOn([nvs(0x9000, 0x6000)])).toBe(0x90000);
	});

	it('builds settings anew for a partition of another size, or says why not', () => {
		const entries: NvsEntry[] = [
			{ namespace: 'wifi', key: 'ssid', type: 'string', value: 'home' },
			{ namespace: 'cfg', key: 'blob', type: 'blob', value: bytesOf(6000) }
		];
		const image = buildNvs(entries, 0x6000);
		if (!image.ok) throw new Error(image.error.kind);
		const backup = backupOf({ partition: 'nvs', offset: 0x9000 }, image.value);
		const on = (size: number) => backupSource(backup, { partitions: [nvs(0x9000, size)], md5: 'ok' });
		const larger = on(0x10000);
		if (!larger.ok) throw new Error(larger.error.kind);
		const [part] = larger.value.source.parts;
		expect(part?.bytes.length).toBe(0x10000);
		const read = parseNvs(part!.bytes);
		expect(read.ok && read.value.entries).toEqual(entries);
		expect(on(0x3000)).toMatchObject({ ok: true });
		const full = buildNvs([...entries, { ...entries[1]!, key: 'more' }], 0x6000);
		if (!full.ok) throw new Error(full.error.kind);
		const tooMuch = backupOf({ partition: 'nvs', offset: 0x9000 }, full.value);
		expect(backupSource(tooMuch, { partitions: [nvs(0x9000, 0x3000)], md5: 'ok' })).toEqual({
			ok: false,
			error: { kind: 'does-not-fit', label: 'nvs', sizeBytes: 0x3000 }
		});
		const noise = backupOf({ partition: 'nvs', offset: 0x9000 }, bytesOf(0x6000));
		expect(backupSource(noise, { partitions: [nvs(0x9000, 0x5000)], md5: 'ok' })).toEqual({
			ok: false,
			error: { kind: 'unreadable', label: 'nvs' }
		});
	});

	it('is planned as it is: whatever it holds, and for the same board without a word', () => {
		const made = backupSource(backupOf({}, bytesOf(0x100000)), undefined);
		if (!made.ok) throw new Error(made.error.kind);
		const { source } = made.value;
		const kinds = (board: BoardFacts) =>
			planWrite(board, source).problems.map(({ kind, blocking }) => [kind, blocking]);
		expect(kinds(BOARD)).toEqual([]);
		const { regions } = planWrite(BOARD, source);
		expect(regions.map(({ bytes }, i) => bytes === source.parts[i]?.bytes)).toEqual(
			source.parts.map(() => true)
		);
		expect(kinds({ ...BOARD, mac: 'fa:b0:99:99:99:99' })).toEqual([['copy-of-other-board', false]]);
		expect(kinds({ ...BOARD, practice: false })).toEqual([['wrong-chip', true]]);
		expect(kinds({ ...BOARD, flashSizeBytes: 0x80000 })).toContainEqual(['too-big', true]);
	});
});
