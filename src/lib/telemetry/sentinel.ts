import type { StoreLoss } from './store';

/** What a store knew of itself when it was last asked: kept outside it, so that its loss can be seen. */
export interface Sentinel {
	/** Random, made with the database. */
	readonly generation: string;
	/** Number of the newest seal or fold. */
	readonly seal: number;
	/** Number of the newest committed write-ahead record. */
	readonly wal: number;
}

/** `fb1:<generation>:<seal>:<wal>` */
export const formatSentinel = (s: Sentinel): string => `fb1:${s.generation}:${s.seal}:${s.wal}`;

/** Total: undefined where the text is none, of a later version, or damaged; then nothing is claimed from it. */
export function parseSentinel(text: string | null): Sentinel | undefined {
	const found = /^fb1:([0-9a-z]+):(\d{1,15}):(\d{1,15})$/u.exec(text ?? '');
	if (!found?.[1]) return undefined;
	return { generation: found[1], seal: Number(found[2]), wal: Number(found[3]) };
}

/** What is on disk when a store opens. */
export interface Found extends Sentinel {
	/** The browser said that it threw a damaged database away (`upgradeneeded.dataLoss`). */
	readonly discarded: boolean;
	/** Write-ahead records, ledgers or headers whose checksum or form was wrong; set aside. */
	readonly damaged: number;
	/** Write-ahead records missing between the oldest and the newest that are there. */
	readonly missing: number;
}

/** Compares what was known with what is there; at most one loss of each cause. */
export function findLosses(
	known: readonly (Sentinel | undefined)[],
	found: Found,
	noticedMs: number
): StoreLoss[] {
	const same = known.filter((s) => s?.generation === found.generation);
	const other = known.filter((s) => s && s.generation !== found.generation);
	const newest = (of: readonly (Sentinel | undefined)[], key: 'seal' | 'wal') =>
		of.reduce((max, s) => Math.max(max, s?.[key] ?? 0), 0);
	const loss = (cause: StoreLoss['cause'], of: readonly (Sentinel | undefined)[]): StoreLoss => ({
		noticedMs,
		cause,
		knownSeal: newest(of, 'seal'),
		knownWal: newest(of, 'wal'),
		foundSeal: found.seal,
		foundWal: found.wal
	});
	const losses: StoreLoss[] = [];
	// A copy that knows this generation is the newer one: another that does not is stale, not a loss.
	if (found.discarded || (same.length === 0 && other.length > 0))
		losses.push(loss('discarded-by-browser', other));
	if (newest(same, 'seal') > found.seal || newest(same, 'wal') > found.wal || found.missing > 0)
		losses.push(loss('tail-missing', same));
	if (found.damaged > 0) losses.push(loss('corrupt-record', same));
	return losses;
}
