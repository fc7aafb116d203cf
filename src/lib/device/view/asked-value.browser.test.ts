import { expect, it } from 'vitest';
import { ManualClock } from '$lib/base';
import type { Command, CommandState } from '$lib/model';
import { deviceId } from '../../../../tests/fixtures/fake-field';
import { AskedValue } from './asked-value.svelte';

function slider(stored = true) {
	const clock = new ManualClock();
	const sent: number[] = [];
	const value = new AskedValue((v) => {
		sent.push(v);
		return Promise.resolve(stored);
	}, clock);
	const command = (state: CommandState): Command => ({
		id: 'c',
		device: deviceId('sim-1'),
		method: 'components.execute',
		params: {},
		state,
		createdMs: clock.now(),
		expiresMs: clock.now() + 30_000
	});
	return { clock, sent, value, command };
}

it('follows the device until a hand is on it', () => {
	const { value } = slider();
	expect(value.shown(40, undefined)).toBe(40);
	value.move(55);
	expect(value.shown(40, undefined)).toBe(55);
});

it('sends once for many keys, when the hand rests', () => {
	const { clock, sent, value } = slider();
	for (const v of [41, 42, 43]) {
		value.rest(v);
		clock.advance(100);
	}
	expect(sent).toEqual([]);
	clock.advance(200);
	expect(sent).toEqual([43]);
});

it('keeps what was asked in view until the device has answered', () => {
	const { clock, value, command } = slider();
	const before = command('acknowledged');
	clock.advance(1);
	value.rest(80);
	clock.advance(200);
	expect(value.shown(40, before)).toBe(80);
	expect(value.shown(40, command('sent'))).toBe(80);
	expect(value.shown(79, command('acknowledged'))).toBe(79);
	expect(value.shown(40, command('failed'))).toBe(40);
});

it('goes back to the report when the command could not even be stored', async () => {
	const { clock, value } = slider(false);
	value.rest(80);
	clock.advance(200);
	await Promise.resolve();
	await Promise.resolve();
	expect(value.shown(40, undefined)).toBe(40);
});

it('does not lose the last move of someone who leaves', () => {
	const { sent, value } = slider();
	value.rest(80);
	value.leave();
	value.leave();
	expect(sent).toEqual([80]);
});
