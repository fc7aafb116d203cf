import { expect, it } from 'vitest';
import { SendHistory } from './send-history';

it('calls back what was sent, and comes back to what was being typed', () => {
	const history = new SendHistory();
	for (const text of ['one', 'two', 'two', '']) history.add(text);
	expect(history.older('dra')).toBe('two');
	expect(history.older('two')).toBe('one');
	expect(history.older('one')).toBe('one');
	expect(history.newer('one')).toBe('two');
	expect(history.newer('two')).toBe('dra');
	expect(history.newer('dra')).toBe('dra');
});

it('has nothing to call back at first, and keeps no more than fifty', () => {
	const history = new SendHistory();
	expect(history.older('typed')).toBe('typed');
	for (let i = 0; i < 60; i++) history.add(String(i));
	let text = '';
	for (let i = 0; i < 70; i++) text = history.older(text);
	expect(text).toBe('10');
});

it('is kept in a store, forgotten there too, and outlives a store that fails or holds rubbish', () => {
	const kept = new Map<string, string>();
	const store = {
		getItem: (key: string) => kept.get(key) ?? null,
		setItem: (key: string, value: string) => void kept.set(key, value),
		removeItem: (key: string) => void kept.delete(key)
	};
	new SendHistory(store).add('reboot');
	expect(new SendHistory(store).older('')).toBe('reboot');
	const history = new SendHistory(store);
	history.forget();
	expect(kept.size).toBe(0);
	expect(history.older('typed')).toBe('typed');
	for (const rubbish of ['{', '{"a":1}', '[1,null]'])
		expect(new SendHistory({ ...store, getItem: () => rubbish }).size).toBe(0);
	const full = {
		...store,
		setItem: () => {
			throw new Error('full');
		}
	};
	const fleeting = new SendHistory(full);
	fleeting.add('a');
	expect(fleeting.older('')).toBe('a');
});
