import { describe, expect, it } from 'vitest';
import { keptBauds } from './baud-memory';

function storeOf(text: string | null = null) {
	const held = { text };
	const store = {
		getItem: () => held.text,
		setItem: (_key: string, value: string) => void (held.text = value)
	};
	return { held, memory: keptBauds(() => store) };
}

describe('what an adapter kept', () => {
	it('is there again, by adapter', () => {
		const { held, memory } = storeOf();
		expect(memory.recall('10c4:ea60')).toBeUndefined();
		memory.keep('10c4:ea60', { baud: 460_800, cleanWrites: 1 });
		memory.keep('1a86:7523', { baud: 115_200, cleanWrites: 0 });
		const later = storeOf(held.text).memory;
		expect(later.recall('10c4:ea60')).toEqual({ baud: 460_800, cleanWrites: 1 });
		expect(later.recall('1a86:7523')).toEqual({ baud: 115_200, cleanWrites: 0 });
	});

	it('is forgotten where it is damaged, and the rest stays', () => {
		for (const text of ['', 'null', '7', '{"a":', '{"10c4:ea60":{"baud":460801,"cleanWrites":0}}'])
			expect(storeOf(text).memory.recall('10c4:ea60'), text).toBeUndefined();
		const { memory } = storeOf('{"x":{"baud":"fast"},"y":{"baud":115200,"cleanWrites":2}}');
		expect(memory.recall('x')).toBeUndefined();
		expect(memory.recall('y')).toEqual({ baud: 115_200, cleanWrites: 2 });
	});

	it('is of the 32 adapters used last', () => {
		const { held, memory } = storeOf();
		for (let i = 0; i < 40; i++) memory.keep(`0000:${i}`, { baud: 921_600, cleanWrites: 0 });
		expect(Object.keys(JSON.parse(held.text ?? '') as object)).toHaveLength(32);
		expect(memory.recall('0000:7')).toBeUndefined();
		expect(memory.recall('0000:8')).toBeDefined();
	});

	it('is nothing where the browser keeps nothing, and no error', () => {
		const memory = keptBauds(() => {
			throw new DOMException('denied', 'SecurityError');
		});
		memory.keep('10c4:ea60', { baud: 460_800, cleanWrites: 0 });
		expect(memory.recall('10c4:ea60')).toBeUndefined();
	});
});
