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
