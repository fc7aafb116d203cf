import type { Outlived, StoreError } from '$lib/telemetry';
import { formatBytes, formatCount, formatNumber, type Words } from '$lib/ui';
import type { RetentionPlan } from '../../field/retention-plan';
import type { BackupContents, BackupError, RestoreError } from '../../field/transfer/transfer-messages';

export const storeCause = (error: StoreError): string =>
	error.kind === 'quota'
		? `quota: ${formatBytes(error.usedBytes)} of ${formatBytes(error.quotaBytes)}`
		: error.kind === 'unavailable'
			? error.cause
			: error.kind;

export function saveFaultWords(cause: unknown): Words {
	const means = 'Nothing of it was left behind, and nothing here was changed.';
	const details = String(cause);
	const name = cause instanceof DOMException ? cause.name : '';
	if (name === 'QuotaExceededError')
		return {
			...{ what: 'There is no room for the file', means, details },
			todo: 'Make room on the disk, or save it somewhere else; less time or fewer devices make it smaller.'
		};
	if (name === 'NotAllowedError' || name === 'NoModificationAllowedError')
		return {
			...{ what: 'The browser may not write there', means, details },
			todo: 'Choose another folder, or allow it when the browser asks.'
		};
	return {
		...{ what: 'The file could not be written', means, details },
		todo: 'Check that there is room where you save it and that you may write there, then try again.'
	};
}

export function backupFaultWords(error: BackupError): Words {
	switch (error.kind) {
		case 'interrupted':
			return {
				what: 'The backup was interrupted',
				means: 'What is stored changed hands or was cut while it was read. No half file was left behind.',
				todo: 'Begin again.'
			};
		case 'store':
			return {
				what: 'The store cannot be read for a backup',
				means: 'No file was written.',
				todo: 'Look at Settings, Storage: what is wrong is said there.',
				details: storeCause(error.error)
			};
		case 'unavailable':
			return {
				what: 'There is nothing to back up here',
				means: 'This browser keeps nothing for this page, or could not open its secrets.',
				todo: 'Open the page in a normal window, over https or on localhost.',
				details: error.cause
			};
	}
}

/** Of samples that retention would take again; undefined where it takes none of them, now that the bounds are these. */
export function outlivedWords(
	{ thinned, removed }: Outlived,
	{ samplesDays, diagnosticDays, rollupsDays }: RetentionPlan,
	whose: 'here' | 'backup'
): Words | undefined {
	const bounds = [
		...(samplesDays === null ? [] : [`every sample for ${formatCount(samplesDays, 'day')}`]),
		...(diagnosticDays === null ? [] : [`signal and uptime for ${formatCount(diagnosticDays, 'day')}`]),
		...(rollupsDays === null ? [] : [`anything at all for ${formatCount(rollupsDays, 'day')}`])
	];
	const count = thinned + removed;
	if (count === 0 || bounds.length === 0) return undefined;
	const fates = [
		...(thinned === 0
			? []
			: [
					`${formatNumber(thinned)} ${thinned === 1 ? 'is' : 'are'} thinned to minutes, quarters, hours and days`
				]),
		...(removed === 0 ? [] : [`${formatNumber(removed)} ${removed === 1 ? 'is' : 'are'} removed`])
	];
	const keeper = whose === 'here' ? 'Settings, Storage keeps' : 'The backup’s own settings keep';
	return {
		what: `${formatCount(count, 'sample')} of it ${count === 1 ? 'is' : 'are'} older than what is kept`,
		means: `${keeper} ${bounds.join(', ')}. So ${fates.join(' and ')} soon after.`,
		todo:
			whose === 'here'
				? 'Keep everything from now on, or go on and let them go.'
				: 'Keep all of it, or go on and let them go.'
	};
}

/** A file in which some blocks are damaged, and the rest is whole. */
export function damagedBlocksWords({ damaged, blocks, samples }: BackupContents): Words {
	const one = damaged.length === 1;
	return {
		what: `${formatNumber(damaged.length)} of its ${formatNumber(blocks)} blocks ${one ? 'is' : 'are'} damaged`,
		means: `The other ${formatNumber(samples)} samples, and everything else in it, are whole and can be restored. What the damaged ${one ? 'block' : 'blocks'} held is missing then, and asked of devices that still have it.`,
		todo: 'Look for a better copy of the file first, or replace what is here with what is whole.',
		details: `at ${damaged.map((place) => `byte ${place}`).join(', ')}`
	};
}

export function restoreFaultWords(error: RestoreError): Words {
	const kept = 'Nothing here was changed.';
	switch (error.kind) {
		case 'foreign':
			return {
				what: 'This is no Fieldbench backup',
				means: kept,
				todo: 'Choose a file that ends in .fbbackup. Samples as CSV or NDJSON are taken by Import.'
			};
		case 'newer':
			return {
				what: 'A later Fieldbench made this backup',
				means: `This one cannot read all of it. ${kept}`,
				todo: 'Reload the page to get the latest version, then try again.'
			};
		case 'truncated':
			return {
				what: 'The backup ends too early',
				means: `It was not copied or saved whole. ${kept}`,
				todo: 'Copy it again from where it came, or take an older one.',
				details: `at byte ${error.place}`
			};
		case 'damaged':
		case 'malformed':
			return {
				what: 'The backup is damaged',
				means: `A checksum is wrong where its settings, names or order are told, so the rest cannot be read for sure. ${kept}`,
				todo: 'Copy it again from where it came, or take an older one.',
				details: `${error.kind} at byte ${error.place}`
			};
		case 'wrong-passphrase':
			return {
				what: 'That is not its passphrase',
				means: kept,
				todo: 'Try again, or restore without passwords and type those in later.'
			};
		case 'blocked':
			return {
				what: 'Another tab holds what is to be replaced',
				means: kept,
				todo: 'Close the other tabs of this page, then try again.'
			};
		case 'unreadable':
			return {
				what: 'The browser could not read the file',
				means: `It was moved or changed since you chose it. ${kept}`,
				todo: 'Choose it again.',
				details: error.cause
			};
		case 'store':
			return {
				what: 'The backup does not fit here',
				means: `The browser took not all of it. ${kept}`,
				todo: 'Make room on the disk, or let this site keep more, then try again.',
				details: storeCause(error.error)
			};
		case 'unavailable':
			return {
				what: 'This browser cannot be restored to',
				means: `It keeps nothing for this page, or has no encryption. ${kept}`,
				todo: 'Open the page in a normal window, over https or on localhost.',
				details: error.cause
			};
	}
}
