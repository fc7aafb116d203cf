import { expect, test } from 'vitest';
import { RowSlots } from './row-slots';

test('what stays near the screen keeps its row, and what comes takes the row of what went', () => {
	const slots = new RowSlots<string>();
	const rows = (items: string) =>
		new Map(slots.take(items.split(' ')).map(({ item, slot }) => [item, slot] as const));
	const before = rows('a b c d');
	const after = rows('c d e f');
	expect([after.get('c'), after.get('d')]).toEqual([before.get('c'), before.get('d')]);
	expect(new Set(after.values())).toEqual(new Set(before.values()));
	rows('c');
	expect(new Set(rows('w x y z').values())).toEqual(new Set(before.values()));
});
