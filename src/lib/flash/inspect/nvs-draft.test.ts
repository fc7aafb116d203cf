import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildNvs, parseNvs, type NvsEntry, type NvsValue } from '$lib/formats';
import {
	beginDraft,
	diffNvs,
	fitNvs,
	looksSecret,
	mergeEntries,
	nvsFromFile,
	nvsHex,
	nvsText,
	putEntry,
	rangeOf,
	readNvsText,
	removeEntry,
	sameValue,
	undo,
	type NvsDraft
} from './index';

const SIZE = 0x5000;
const anyValue: fc.Arbitrary<NvsValue> = fc.oneof(
	fc.integer({ min: -128, max: 127 }).map((value) => ({ type: 'i8' as const, value })),
	fc.nat(0xffffffff).map((value) => ({ type: 'u32' as const, value })),
	fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((value) => ({ type: 'u64' as const, value })),
	fc.string({ maxLength: 40 }).map((value) => ({ type: 'string' as const, value })),
	fc.uint8Array({ maxLength: 200 }).map((a) => ({ type: 'blob' as const, value: Uint8Array.from(a) }))
);
const anyEntry = fc
	.record({
		namespace: fc.constantFrom('net', 'app'),
		key: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
		value: anyValue
	})
	.map(({ value, ...name }): NvsEntry => ({ ...name, ...value }));
const nameOf = ({ namespace, key }: NvsEntry) => `${namespace}/${key}`;
const anyEntries = fc.uniqueArray(anyEntry, { maxLength: 8, selector: nameOf });
const sorted = (entries: readonly NvsEntry[]) => entries.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));

function put(draft: NvsDraft, entry: NvsEntry, replaced?: NvsEntry): NvsDraft {
	const done = putEntry(draft, entry, replaced);
	if (!done.ok) throw new Error(done.error.kind);
	return done.value;
}

describe('settings that are edited', () => {
	it('differ by changes that lead from the one to the other', () => {
		fc.assert(
			fc.property(anyEntries, anyEntries, (before, after) => {
				let draft = beginDraft(before);
				for (const change of diffNvs(before, after)) {
					if (change.kind === 'removed') draft = removeEntry(draft, change.before);
					else if (change.kind === 'changed') draft = put(draft, change.after, change.before);
					else draft = put(draft, change.after);
				}
				expect(sorted(draft.now)).toStrictEqual(sorted(after));
				expect(diffNvs(draft.now, after)).toStrictEqual([]);
			})
		);
	});

	it('are what they were when every act is undone', () => {
		const act = fc.oneof(
			anyEntry.map((entry) => (draft: NvsDraft) => {
				const done = putEntry(
					draft,
					entry,
					draft.now.find((e) => nameOf(e) === nameOf(entry))
				);
				return done.ok ? done.value : draft;
			}),
			anyEntry.map((entry) => (draft: NvsDraft) => removeEntry(draft, entry)),
			anyEntries.map((entries) => (draft: NvsDraft) => mergeEntries(draft, entries))
		);
		fc.assert(
			fc.property(anyEntries, fc.array(act, { maxLength: 10 }), (before, acts) => {
				let draft = beginDraft(before);
				for (const step of acts) draft = step(draft);
				while (draft.past.length > 0) draft = undo(draft);
				expect(draft).toStrictEqual(beginDraft(before));
			})
		);
	});

	it('go into an image that reads back as they are, untouched ones too', () => {
		fc.assert(
			fc.property(anyEntries, anyEntry, (before, entry) => {
				const image = buildNvs(before, SIZE);
				const read = image.ok ? parseNvs(image.value) : image;
				if (!read.ok) throw new Error(read.error.kind);
				const draft = mergeEntries(beginDraft(read.value.entries), [entry]);
				const fit = fitNvs(draft.now, SIZE);
				if (!fit.ok) throw new Error(fit.error.kind);
				const again = parseNvs(fit.value.bytes);
				expect(again.ok && again.value.entries).toStrictEqual(draft.now);
				expect(again.ok && again.value.damage).toStrictEqual([]);
				expect(fit.value.totalEntries).toBe(4 * 126);
			}),
			{ numRuns: 40 }
		);
	});

	it('are changed where only the type is another', () => {
		const was: NvsEntry = { namespace: 'net', key: 'a', type: 'u8', value: 1 };
		expect(diffNvs([was], [{ ...was, type: 'i32' }]).map(({ kind }) => kind)).toStrictEqual(['changed']);
	});

	it('are refused where NVS cannot hold them', () => {
		const draft = beginDraft([{ namespace: 'net', key: 'a', type: 'u8', value: 1 }]);
		const of = (entry: Partial<NvsEntry>) =>
			putEntry(draft, { namespace: 'net', key: 'b', type: 'u8', value: 1, ...entry } as NvsEntry);
		expect(of({ key: 'a' })).toStrictEqual({
			ok: false,
			error: { kind: 'repeated', namespace: 'net', key: 'a' }
		});
		expect(of({ key: 'sixteen_letters_' })).toMatchObject({ error: { kind: 'bad-key' } });
		expect(of({ namespace: '' })).toMatchObject({ error: { kind: 'bad-namespace' } });
		expect(of({ type: 'string', value: 'x'.repeat(4000) })).toMatchObject({ error: { kind: 'too-long' } });
		const large: NvsEntry = { namespace: 'net', key: 'blob', type: 'blob', value: new Uint8Array(SIZE) };
		expect(fitNvs([large], SIZE)).toStrictEqual({ ok: false, error: { kind: 'full', key: 'blob' } });
		expect(fitNvs([], 0x2000)).toMatchObject({ error: { kind: 'bad-size' } });
	});

	it('can be renamed, and an act that changes nothing is none', () => {
		const was: NvsEntry = { namespace: 'net', key: 'a', type: 'u8', value: 1 };
		const draft = beginDraft([was]);
		expect(put(draft, { ...was }, was)).toBe(draft);
		const renamed = put(draft, { ...was, key: 'z' }, was);
		expect(diffNvs(draft.before, renamed.now).map(({ kind }) => kind)).toStrictEqual(['removed', 'added']);
	});
});

describe('a value as text', () => {
	it('reads back as it was', () => {
		fc.assert(
			fc.property(anyValue, (value) => {
				const read = readNvsText(value.type, nvsText(value));
				expect(read.ok && sameValue(read.value, value)).toBe(true);
				const hex = nvsHex(value);
				const fromHex = hex === undefined ? read : readNvsText(value.type, hex);
				expect(fromHex.ok && sameValue(fromHex.value, value)).toBe(true);
			})
		);
	});

	it('is refused just outside of its range, and where it is none', () => {
		for (const type of ['u8', 'i8', 'u16', 'i16', 'u32', 'i32', 'u64', 'i64'] as const) {
			const { least, most } = rangeOf(type);
			expect(readNvsText(type, `${least}`).ok && readNvsText(type, `${most}`).ok, type).toBe(true);
			for (const text of [`${least - 1n}`, `${most + 1n}`])
				expect(readNvsText(type, text), type).toStrictEqual({
					ok: false,
					error: { kind: 'out-of-range', least, most }
				});
		}
		expect(readNvsText('u8', '1.5')).toMatchObject({ error: { kind: 'not-a-number' } });
		expect(readNvsText('u8', '')).toMatchObject({ error: { kind: 'not-a-number' } });
		expect(readNvsText('blob', '0a 0')).toMatchObject({ error: { kind: 'not-hex' } });
		expect(readNvsText('blob', '0a:0B ff')).toMatchObject({ value: { value: Uint8Array.of(10, 11, 255) } });
	});
});

it('takes names of passwords, keys and tokens for secret, and others not', () => {
	const of = (key: string, namespace = 'nvs.net80211') => looksSecret({ namespace, key });
	for (const key of ['sta.pswd', 'ap.passwd', 'wifi_psk', 'api_token', 'clientKey', 'aes_key', 'privateKey'])
		expect(of(key), key).toBe(true);
	for (const key of ['ssid', 'keyboard', 'monkey_count', 'channel', 'wifi.0'])
		expect(of(key), key).toBe(false);
	expect(of('wifi.0', 'fieldbench')).toBe(true);
});

describe('settings from a file', () => {
	const image = buildNvs([{ namespace: 'n', key: 'k', type: 'u8', value: 7 }], SIZE);
	const bytes = image.ok ? image.value : new Uint8Array();

	it('are an image of the partition', () => {
		expect(nvsFromFile(bytes, 'nvs')).toMatchObject({ ok: true, value: { entries: [{ key: 'k' }] } });
	});

	it('are refused where it is something else or cannot be decoded', () => {
		expect(nvsFromFile(new Uint8Array(64), 'nvs')).toMatchObject({ error: { kind: 'not-nvs' } });
		const locked = bytes.map((byte, i) => (i >= 64 && i < 128 ? byte ^ 0x5a : byte));
		expect(nvsFromFile(locked, 'nvs')).toStrictEqual({ ok: false, error: { kind: 'undecodable' } });
	});
});
