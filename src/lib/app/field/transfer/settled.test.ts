import { IDBFactory } from 'fake-indexeddb';
import { expect, it } from 'vitest';
import { backUp, clock, open, restore, series } from '../../../../../tests/fixtures/workspaces';
import { settledTables } from './settled';

const { device } = series;
const row = (epoch: number, ...numbers: number[]) => ({ device, epochs: [{ epoch, numbers }] });
const secretName = `device:${device}`;

it('keeps the numbers taken since the backup where the secret stays, so that no recorded message is taken again', async () => {
	const factory = new IDBFactory();
	const here = await open(factory);
	await here.secrets.put(secretName, 'c2VjcmV0');
	await here.taken.put(device, row(0, 5));
	const file = await backUp(here, '');
	await here.taken.put(device, row(0, 9));
	expect(await restore(here, file, { passphrase: '' })).toEqual({ kind: 'restored' });
	await here.close();
	const after = await open(factory);
	expect(await after.taken.get(device)).toEqual(row(0, 9));
	await after.close();
});

it('has of each device the numbers that were taken under the secret that it will have', async () => {
	const { secrets: box } = await open(new IDBFactory());
	const settled = async (theirs: object | undefined, mine: object | undefined, secret?: string) => {
		const rows = (one: object | undefined) => (one ? [[device, one] as const] : []);
		const tables = await settledTables([{ table: 'taken', rows: rows(theirs) }], {
			...{ own: [{ table: 'taken', rows: rows(mine) }], nowMs: clock.now(), box, keepAll: false },
			secrets: secret === undefined ? undefined : new Map([[secretName, secret]])
		});
		return tables[0]!.rows.map(([, one]) => one);
	};
	expect(await settled(row(0, 5), row(0, 9)), 'no secret here').toEqual([row(0, 5)]);
	await box.put(secretName, 'one');
	expect(await settled(row(0, 5), undefined), 'saved anew: nothing was taken under it').toEqual([]);
	expect(await settled(undefined, row(0, 9)), 'all after the backup').toEqual([row(0, 9)]);
	expect(await settled(row(0, 5), row(0, 9), 'two'), 'the secret is the backup’s').toEqual([row(0, 5)]);
	expect(await settled(row(0, 5, 7), row(0, 5, 9), 'one'), 'one secret').toEqual([row(0, 5, 7, 9)]);
	expect(await settled(undefined, row(0, 9), 'one')).toEqual([row(0, 9)]);
	expect(await settled({ epochs: [...row(1, 1).epochs, ...row(2, 2).epochs] }, row(1, 3), 'one')).toEqual([
		{ device, epochs: [...row(2, 2).epochs, ...row(1, 1, 3).epochs] }
	]);
});
