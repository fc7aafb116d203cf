import { err, ok, sameBytes, type Result } from '$lib/base';
import {
	isErased,
	settingsAtStake,
	type BoardFacts,
	type FlashError,
	type FlashState,
	type KeptPartition,
	type KeptSnapshot,
	type SnapshotError,
	type WritePlan
} from '$lib/flash';
import type { BoardAtWork, SettingsShelf } from './works';

/** Why settings that a write costs are not kept. */
export type NotKept = FlashError | SnapshotError;

interface KeptWrite {
	readonly at: Pick<BoardAtWork, 'table' | 'look' | 'read' | 'write'>;
	readonly board: BoardFacts;
	readonly plan: WritePlan;
	/** What is about to be written, in words. */
	readonly before: string;
	readonly shelf: Pick<SettingsShelf, 'keep'>;
	/** Told each state, the last being `done`, `cancelled` or `failed`. */
	readonly tell: (state: FlashState) => void;
	/** Told what was kept. */
	readonly onKept: (kept: KeptSnapshot) => void;
	/** Whether to put older settings in the place of those that the board has made since they were read. */
	readonly goOnOverNewer: () => Promise<boolean>;
	/** Whether to write although the settings could not be kept. */
	readonly goOnWithout: (why: NotKept) => Promise<boolean>;
}

/**
 * Writes a plan, but first keeps the settings that it costs: nothing is erased before they are on this computer's disk.
 * @returns false where the person chose not to write without them: nothing was done
 */
export async function keepAndWrite(write: KeptWrite, signal: AbortSignal): Promise<boolean> {
	const { at, plan, tell, onKept, goOnWithout, goOnOverNewer } = write;
	let kept: Result<KeptSnapshot | undefined, NotKept>;
	try {
		const stake = await readStake(write, signal);
		if (stake.ok && isOutdated(plan, stake.value) && !(await goOnOverNewer())) return false;
		kept = stake.ok ? await keepSettings(write, stake.value) : stake;
	} catch (cause) {
		if (!signal.aborted) throw cause;
		tell({ kind: 'cancelled', wroteAnything: false });
		return true;
	}
	if (kept.ok && kept.value) onKept(kept.value);
	if (!kept.ok && !(await goOnWithout(kept.error))) return false;
	await at.write(plan, tell, signal);
	return true;
}

/** The plan has settings that were made from those of the board, which has others by now: a plan may wait while a program runs. */
const isOutdated = ({ regions }: WritePlan, stake: readonly KeptPartition[]): boolean =>
	regions.some(({ offset, madeFrom }) => {
		const now = madeFrom && stake.find((one) => one.offset === offset);
		return now !== undefined && !sameBytes(now.bytes, madeFrom!);
	});

/** Reads the settings that the write costs. */
async function readStake(
	{ at, plan, tell }: KeptWrite,
	signal: AbortSignal
): Promise<Result<readonly KeptPartition[], FlashError>> {
	if (!at.table) {
		const looked = await at.look(signal);
		if (!looked.ok) return err(looked.error); // nobody knows what this write costs
	}
	const stake = settingsAtStake(plan, at.table);
	const totalBytes = stake.reduce((sum, { size }) => sum + size, 0);
	const partitions: KeptPartition[] = [];
	let done = 0;
	for (const { label, subtype, offset, size } of stake) {
		const told = (bytes: number) => tell({ kind: 'keeping-settings', readBytes: done + bytes, totalBytes });
		told(0);
		const read = await at.read({ offset, length: size }, told, signal);
		if (!read.ok) return err(read.error);
		partitions.push({ label, subtype, offset, bytes: read.value });
		done += size;
	}
	return ok(partitions);
}

/** @returns what was kept; undefined where the write costs no settings */
async function keepSettings(
	{ board, before, shelf }: KeptWrite,
	stake: readonly KeptPartition[]
): Promise<Result<KeptSnapshot | undefined, NotKept>> {
	const partitions = stake.filter(({ bytes }) => !isErased(bytes));
	if (partitions.length === 0) return ok(undefined);
	const { mac, chip, practice } = board;
	return shelf.keep({ mac, chip, practice, takenMs: Date.now(), before }, partitions);
}
