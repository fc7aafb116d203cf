import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toHex } from '$lib/base';
import { cutMessage, FragmentReader, type FragmentFault } from './fragments';

type Vector = { readonly name: string } & (
	| {
			readonly op: 'cut';
			readonly message: string;
			readonly number: number;
			readonly piece_size: number;
			readonly pieces: readonly string[];
	  }
	| {
			readonly op: 'join';
			readonly steps: readonly {
				readonly piece: string;
				readonly at_ms: number;
				readonly message?: string;
				readonly fault?: FragmentFault;
			}[];
			readonly counts: Readonly<Record<string, number>>;
	  }
);

const vectors = JSON.parse(
	readFileSync(new URL('../../../../tests/vectors/fragments.json', import.meta.url), 'utf8')
) as readonly Vector[];

const unhex = (hex: string) => Uint8Array.from(hex.match(/../gu) ?? [], (pair) => parseInt(pair, 16));

function cut(message: Uint8Array, number: number, pieceBytes: number): readonly Uint8Array[] {
	const pieces = cutMessage(message, number, pieceBytes);
	if (!pieces.ok) throw new Error(pieces.error.kind);
	return pieces.value;
}

describe('fragments, by the vectors shared with the firmware', () => {
	test.each(vectors.map((v) => [v.name, v] as const))('%s', (_, vector) => {
		if (vector.op === 'cut') {
			const pieces = cut(unhex(vector.message), vector.number, vector.piece_size);
			expect(pieces.map(toHex)).toEqual(vector.pieces);
			return;
		}
		const reader = new FragmentReader();
		const got = vector.steps.map(({ piece, at_ms }) => {
			const { message, fault } = reader.take(unhex(piece), at_ms);
			return { ...(message && { message: toHex(message) }), ...(fault && { fault }) };
		});
		expect(got).toEqual(
			vector.steps.map(({ message, fault }) => ({ ...(message && { message }), ...(fault && { fault }) }))
		);
		expect(reader.counted.snapshot()).toEqual(vector.counts);
	});
});

describe('fragments', () => {
	test('bring every message back through every size of pieces', () => {
		const messages = fc.array(fc.uint8Array({ minLength: 1, maxLength: 4096 }), {
			minLength: 1,
			maxLength: 5
		});
		fc.assert(
			fc.property(messages, fc.nat(127), fc.integer({ min: 20, max: 512 }), (sent, number, pieceBytes) => {
				const reader = new FragmentReader();
				const got = sent.flatMap((message, i) =>
					cut(message, number + i, pieceBytes).flatMap((piece) => {
						expect(piece.length).toBeLessThanOrEqual(pieceBytes);
						return reader.take(piece, 0).message ?? [];
					})
				);
				expect(got).toEqual(sent);
				expect(reader.counted.snapshot()).toEqual({});
			}),
			{ numRuns: 50 }
		);
	});

	test('give no message but those that were sent, each once, whatever happens to the pieces', () => {
		const harm = fc.record({
			at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
			act: fc.constantFrom('lose', 'repeat', 'swap', 'cut', 'flip', 'noise'),
			amount: fc.nat(255)
		});
		const messages = fc.array(fc.uint8Array({ minLength: 1, maxLength: 90 }), { minLength: 2, maxLength: 8 });
		fc.assert(
			fc.property(messages, fc.array(harm, { minLength: 1, maxLength: 6 }), (sent, harms) => {
				const link = sent.flatMap((message, i) => cut(message, i + 1, 20));
				for (const { at, act, amount } of harms) damage(link, Math.floor(at * link.length), act, amount);
				// What comes whole before and after lets nothing be lost unseen.
				link.unshift(...cut(Uint8Array.of(1), 0, 20));
				link.push(...cut(Uint8Array.of(2), sent.length + 1, 20));
				const reader = new FragmentReader();
				const left = ['01', ...sent.map(toHex), '02'];
				for (const piece of link) {
					const { message } = reader.take(piece, 0);
					if (!message) continue;
					const index = left.indexOf(toHex(message));
					expect(index).toBeGreaterThanOrEqual(0);
					left.splice(index, 1);
				}
				const counted = Object.values(reader.counted.snapshot()).reduce((sum, n) => sum + n, 0);
				if (left.length > 0) expect(counted).toBeGreaterThan(0);
			}),
			{ numRuns: 500 }
		);
	});

	test('refuse a message of no bytes and one of more than 4,096', () => {
		for (const lengthBytes of [0, 4097])
			expect(cutMessage(new Uint8Array(lengthBytes), 0, 20)).toEqual({
				ok: false,
				error: { kind: 'bad-message-length', lengthBytes }
			});
	});

	test('are given up after 5 s, and begin anew with the link', () => {
		const reader = new FragmentReader();
		const long = cut(new Uint8Array(40), 1, 20);
		reader.take(long[0]!, 1000);
		reader.expire(5999);
		expect(reader.counted.get('lost')).toBe(0);
		reader.expire(6000);
		expect(reader.counted.get('lost')).toBe(1);
		const short = cut(new Uint8Array(3), 2, 20);
		expect(reader.take(short[0]!, 6000).message).toHaveLength(3);
		expect(reader.take(short[0]!, 6000).message).toBeUndefined();
		reader.reset();
		expect(reader.take(short[0]!, 6000).message).toHaveLength(3);
	});
});

test('after a link came up anew any number is the first, and nothing is passed over', () => {
	for (const number of [0, 90]) {
		const reader = new FragmentReader();
		reader.take(cut(Uint8Array.of(1), 5, 20)[0]!, 0);
		reader.reset();
		expect(reader.take(cut(Uint8Array.of(1), number, 20)[0]!, 0)).toEqual({ message: Uint8Array.of(1) });
	}
	const reader = new FragmentReader();
	const pieces = cut(new Uint8Array(60), 5, 20);
	reader.take(pieces[1]!, 0);
	reader.reset();
	reader.take(pieces[2]!, 0);
	expect(reader.counted.get('lost')).toBe(2);
});

function damage(link: Uint8Array[], at: number, act: string, amount: number): void {
	const piece = link[at];
	if (!piece) return;
	if (act === 'lose') link.splice(at, 1);
	else if (act === 'repeat') link.splice(at, 0, piece);
	else if (act === 'swap') link.splice(at, 2, ...link.slice(at, at + 2).reverse());
	else if (act === 'cut') link[at] = piece.slice(0, amount % piece.length);
	else if (act === 'noise')
		link.splice(
			at,
			0,
			Uint8Array.from({ length: amount % 21 }, (_, i) => amount * (i + 3))
		);
	else if (piece.length > 0) {
		link[at] = piece.slice();
		link[at][amount % piece.length]! ^= 1 << (amount % 8);
	}
}
