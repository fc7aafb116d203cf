import type { Ledger } from './ledger';
import type { Series } from './series';

/**
 * The ledger without what is not written yet: a crash now must not leave it claiming samples that never were.
 * @param sealed whether rows that the log has are in blocks with it. Else they are left out too: the log's replay tells of them, and
 * a row without values whose number is known is taken for a better time
 */
export function writtenLedger({ ledger, held, flying }: Series, sealed: boolean): Ledger {
	const waiting = held.filter(({ wal, identity }) => !(sealed && wal > 0) && identity !== undefined);
	if (waiting.length === 0 && flying.length === 0) return ledger;
	const written = ledger.copy();
	for (const { identity } of waiting) if (identity) written.remove(identity.epoch, identity.seq);
	for (const { epoch, from, to } of flying) written.removeRun(epoch, from, to);
	return written;
}
