import { parseDeviceId, type Command } from '$lib/model';
import type { DumpedTable, SecretBox } from '$lib/vault';
import { deviceSecretName } from '../device-keys';
import { parseSetting, parseTaken } from '../stored-rows';
import { takenByBoth } from '../taken-batches';

type Row = DumpedTable['rows'][number];

export interface Settling {
	/** What this browser has now. */
	readonly own: readonly DumpedTable[];
	readonly nowMs: number;
	readonly box: SecretBox;
	/** What takes the place of all secrets here, by name, in the clear; undefined where those that are here stay. */
	readonly secrets: ReadonlyMap<string, string> | undefined;
	/** No bound of age comes with it. */
	readonly keepAll: boolean;
}

/**
 * A backup's tables as they are put in place. Commands that were under way when it was made are not sent now: nobody knows what became of
 * them. And this browser keeps what belongs to it: its own name at brokers, since two of one name push each other out, and which sealed
 * batches were taken under the secrets that it keeps, since else those after the backup could be played again.
 */
export async function settledTables(
	tables: readonly DumpedTable[],
	settling: Settling
): Promise<readonly DumpedTable[]> {
	const settled: DumpedTable[] = [];
	for (const { table, rows } of tables) {
		const mine = settling.own.find((one) => one.table === table)?.rows ?? [];
		settled.push({ table, rows: await settledRows(table, rows, mine, settling) });
	}
	return settled;
}

async function settledRows(
	table: DumpedTable['table'],
	rows: readonly Row[],
	mine: readonly Row[],
	settling: Settling
): Promise<readonly Row[]> {
	switch (table) {
		case 'outbox':
			return rows.map(([key, row]) => [key, settledCommand(row, settling.nowMs)]);
		case 'settings': {
			const theirs = rows.filter(([key]) => key !== 'client-id');
			const kept = settling.keepAll ? theirs.map(([key, row]) => [key, withoutAges(row)] as const) : theirs;
			return [...kept, ...mine.filter(([key]) => key === 'client-id')];
		}
		case 'taken':
			return settledTaken(new Map(rows), new Map(mine), settling);
		default:
			return rows;
	}
}

function settledCommand(row: unknown, nowMs: number): unknown {
	const command = row as Partial<Command> | null;
	if (command?.state !== 'queued' && command?.state !== 'sent') return row;
	return { ...command, state: command.state === 'sent' ? 'unknown' : 'expired', settledMs: nowMs };
}

function withoutAges(row: unknown): unknown {
	const setting = parseSetting(row);
	return setting?.key === 'retention'
		? { ...setting, plan: { ...setting.plan, samplesDays: null, diagnosticDays: null, rollupsDays: null } }
		: row;
}

/** Of each device by whose secret it will be judged: this browser's own numbers, the backup's, or both where that is the same. */
async function settledTaken(
	theirs: ReadonlyMap<string, unknown>,
	mine: ReadonlyMap<string, unknown>,
	settling: Settling
): Promise<readonly Row[]> {
	const settled: Row[] = [];
	for (const key of new Set([...theirs.keys(), ...mine.keys()])) {
		const under = await secretOf(key, settling);
		const [here, there] = [parseTaken(mine.get(key)), parseTaken(theirs.get(key))];
		const both = here && there ? takenByBoth(here, there) : (here ?? there);
		const row = under === 'both' ? both : under === 'own' ? here : there;
		if (row) settled.push([key, row]);
	}
	return settled;
}

/** Whose secret a device will have: `own` stays, the backup's takes its place, or the two are one. */
async function secretOf(key: string, { box, secrets }: Settling): Promise<'own' | 'theirs' | 'both'> {
	const device = parseDeviceId(key);
	if (!device.ok) return 'theirs';
	const name = deviceSecretName(device.value);
	if (!secrets) return (await box.has(name)) ? 'own' : 'theirs';
	const own = await box.open(name);
	return own.ok && own.value === secrets.get(name) ? 'both' : 'theirs';
}
