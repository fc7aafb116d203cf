import { expect, it } from 'vitest';
import { describeCommand } from './command-words';
import { parseLedState } from './led-state';

it('says what was asked of a lamp in words', () => {
	const ask = (input: object) =>
		describeCommand({ method: 'components.execute', params: { id: 'led', input } });
	expect(ask({ on: true, brightness: 40 })).toBe('LED on, 40 % bright');
	expect(ask({ on: false })).toBe('LED off');
});

it('says what it can of a component it does not know', () => {
	expect(describeCommand({ method: 'components.execute', params: { id: 'valve', input: { open: 3 } } })).toBe(
		'valve: open 3'
	);
	expect(describeCommand({ method: 'system.restart', params: {} })).toBe('system.restart');
});

it('takes from a device only a lamp state that fits', () => {
	expect(parseLedState({ on: true, brightness: 40 })).toEqual({ on: true, brightness: 40 });
	expect(parseLedState({ on: true })).toEqual({ on: true, brightness: 100 });
	expect(parseLedState({ on: false, brightness: 900 })).toEqual({ on: false, brightness: 0 });
	for (const hostile of [null, 'on', 1, [], { on: 1 }]) expect(parseLedState(hostile)).toBeUndefined();
});
