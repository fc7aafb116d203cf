import { formatBytes, formatDateTime, formatNumber, type Words } from '$lib/ui';
import type { LostStretch, Refilled, StoreError, StoreLoss, Unfilled } from '../store';

const CAUSES = {
	'discarded-by-browser':
		'The browser threw the stored measurements away: their files were damaged, or it ran out of room.',
	'tail-missing':
		'The newest stored measurements are missing: the machine went down before the disk had them, or a file was cut short.',
	'corrupt-record': 'Some stored measurements cannot be read any more: their bytes changed on disk.',
	unreadable: 'Some stored measurements cannot be read any more: their bytes changed on disk.'
} as const satisfies Record<StoreLoss['cause'], string>;

/** Stored measurements are gone. @param settingsKept the rest is known to be there still */
export function storeLossWords(loss: StoreLoss, settingsKept: boolean): Words {
	if (loss.of) return damagedWords(loss, loss.of);
	return {
		what: 'Stored measurements were lost',
		means: settingsKept
			? `${CAUSES[loss.cause]} Brokers, settings and devices are kept apart and are still there.`
			: CAUSES[loss.cause],
		todo: loss.refilled
			? `${refilledWords(loss.refilled)} What is newer is asked from devices as they come online.`
			: loss.unfilled
				? UNFILLED[loss.unfilled]
				: 'Nothing to do: new measurements are stored again.',
		details: [
			`Noticed ${formatDateTime(loss.noticedMs)} (${loss.cause})`,
			`Newest block known ${loss.knownSeal}, found ${loss.foundSeal}`,
			`Newest record known ${loss.knownWal}, found ${loss.foundWal}`
		].join('\n')
	};
}

/** One block of one device. */
function damagedWords({ noticedMs, block }: StoreLoss, of: LostStretch): Words {
	const simulated = of.provenance === 'simulated' ? ', simulated,' : '';
	return {
		what: `Some history of ${of.device} is damaged`,
		means: `${formatNumber(of.samples)} samples${simulated} from ${formatDateTime(of.fromMs)} to ${formatDateTime(of.toMs)} cannot be read any more: their bytes changed on disk. They were set aside; all the rest is there.`,
		todo: 'Nothing to do: what the device still has in its log is fetched again. System health has the damaged bytes as a file for a bug report.',
		details: `Noticed ${formatDateTime(noticedMs)} (block ${block ?? '?'})`
	};
}

const UNFILLED = {
	closed:
		'There is a second copy, in a folder that the browser has closed: open it under Settings, Storage, and they come back.',
	'no-room':
		'There is a second copy, but no room to put it back: free some disk space. It is tried again every five minutes.',
	failed:
		'There is a second copy, but it could not be put back yet: Settings, Storage tells why. It is tried again every five minutes.',
	damaged:
		'There is a second copy, but no file of it can be read any more. What devices still hold is asked from them.'
} as const satisfies Record<Unfilled, string>;

/** What a second copy brought. */
export function refilledWords({ samples, toMs, damagedFiles, thinned = 0 }: Refilled): string {
	const until = toMs === undefined ? '' : `, up to ${formatDateTime(toMs)}`;
	const bad =
		damagedFiles > 0
			? ` ${formatNumber(damagedFiles)} of its files could not be read and were left out.`
			: '';
	const rolled =
		thinned > 0
			? ` Of ${formatNumber(thinned)} old values only averages were left, and these could not be put back.`
			: '';
	return `The second copy brought ${formatNumber(samples)} samples back${until}.${bad}${rolled}`;
}

/** What is not measurements is gone. */
export function keepLossWords(noticedMs: number): Words {
	return {
		what: 'Brokers, settings and commands were lost',
		means:
			'The browser threw them away with their passwords: their files were damaged, or it ran out of room. A command that waited was not sent.',
		todo: 'Set up your brokers again. Devices come back with their next message.',
		details: `Noticed ${formatDateTime(noticedMs)}`
	};
}

/** Nothing can be written. @param cause the browser's own words @param resettable the store itself will not open */
export function storeFailingWords(cause: string, resettable: boolean): Words {
	if (cause.endsWith(': newer-version'))
		return {
			what: 'This page is older than what is stored here',
			means:
				'A newer Fieldbench has stored your data in a form that this one cannot read. Nothing is lost, and nothing is written to it.',
			todo: 'Reload the page to get the newer one. Where that stays so, its server has gone back to an older version: ask who runs it.',
			details: cause
		};
	return {
		what: 'New measurements cannot be stored',
		means: resettable
			? 'What is stored here cannot be opened now, so none of it is shown; nothing was deleted. Live values are shown, but they will be gone when the last Fieldbench tab is closed.'
			: 'Live values are shown, but they will be gone when the last Fieldbench tab is closed.',
		todo: resettable
			? 'Close other tabs, free some disk space, and reload this page. Where that does not help, delete what is stored and begin anew.'
			: 'Close other tabs, free some disk space, and reload this page.',
		details: cause
	};
}

export function quotaWords(usedBytes: number, quotaBytes: number): Words {
	return {
		what: 'The browser’s room for this site is full',
		means: `${formatBytes(usedBytes)} of ${formatBytes(quotaBytes)} are used. New measurements cannot be stored until there is room.`,
		todo: 'Forget devices you no longer need, or free disk space: the browser gives a share of what is free.'
	};
}

/** The disk took nothing more, so the oldest samples went for what comes in. @param gone `helped`: it is stored */
export function madeRoomWords(gone: {
	readonly fromMs: number;
	readonly toMs: number;
	readonly samples: number;
	readonly helped: boolean;
}): Words {
	const { fromMs, toMs, samples, helped } = gone;
	const outcome = helped
		? 'What comes in is stored.'
		: 'That did not help, for something else fills the disk: no more is let go for at least an hour.';
	return {
		what: 'The oldest samples were deleted to make room',
		means: `The browser’s room for this site is full. ${formatNumber(samples)} samples from ${formatDateTime(fromMs)} to ${formatDateTime(toMs)} are gone; their minutes, hours and days stay. ${outcome}`,
		todo: 'Free disk space, or keep less under Settings, Storage.'
	};
}

export function outboxFailingWords(cause: string): Words {
	return {
		what: 'Commands cannot be stored',
		means: 'A command is stored before it is sent, so that its outcome is never lost. So none is sent now.',
		todo: 'Free some disk space and reload this page.',
		details: cause
	};
}

const REFUSALS = {
	fenced: 'Another tab has taken over the store: try again.',
	quota: 'The browser’s room for this site is full: free some disk space and try again.',
	closed: 'The store is being closed: try again.',
	dropped: 'Too much was waiting to be stored: try again.',
	unavailable: 'The browser cannot write to its store: reload this page and try again.'
} as const satisfies Record<StoreError['kind'], string>;

/** Why the store did not do what a person asked, and what to do. */
export const storeRefusal = ({ kind }: StoreError): string => REFUSALS[kind];
