import type { Words } from '$lib/ui';
import { touch } from '../plan-erase';
import type { EraseChoice, EraseReason, PlanRegion, WritePlan } from '../plan-facts';
import { problemWords } from './problem-words';

/** What becomes of what no part is written over, as a choice. */
export interface EraseView {
	/** None where nothing but its own place is touched anyway. */
	readonly options: readonly { readonly value: EraseChoice; readonly label: string; readonly says: string }[];
	/** Absent while it is the person's to say. */
	readonly chosen?: EraseChoice;
	/** Why this is chosen beforehand, or what is asked. */
	readonly why?: string;
	/** The question is open, or the answer cannot be done. */
	readonly open: boolean;
}

const REASONS: Readonly<Record<EraseReason, string | undefined>> = {
	chosen: undefined,
	'first-install':
		'Its maker wants the flash erased before a first install, and this program is not on the board.',
	'same-project': 'The same program is on the board: this is an update.',
	'maker-keeps': undefined,
	'nothing-known': undefined,
	asks: undefined,
	beside: undefined,
	unread: 'What is on the board could not be read, so nobody knows whether the same program is there.'
};

export function eraseView({ erase, erased, kept, problems, regions }: WritePlan): EraseView {
	const open = problems.find(({ kind }) => kind === 'erase-undecided' || kind === 'settings-unknown');
	const question = open && problemWords(open);
	const asked = question && `${question.what} ${question.means} ${question.todo}`;
	const why = [REASONS[erase.because], asked].filter(Boolean).join(' ');
	const stays = erase.choice === 'nothing' && kept.length > 0;
	if (erase.because === 'beside') return { options: [], chosen: erase.choice, open: false };
	const places = [...erased, ...kept].filter(({ holds }) => holds === 'settings');
	const over = regions.filter((region) => places.some((place) => touch(region, place)));
	const made = regions.some(({ holds }) => holds === 'settings');
	return {
		options: [
			{
				value: 'nothing',
				label: 'Keep what is not written over',
				says: stays
					? `${kept.map(({ label }) => label).join(', ')}: as they are.`
					: 'Settings that the board has stay, where the firmware keeps its place for them.'
			},
			{
				value: 'all-but-settings',
				label: 'Keep the settings, erase the rest',
				says: `${spared(over, made)}; logs, files and other programs go.`
			},
			{
				value: 'all',
				label: 'Erase everything first',
				says: made
					? 'All that it has stored is lost. It starts like a new one, with the settings that are written with it.'
					: 'Its Wi-Fi, its broker and all it has stored are lost. It starts like a new one.'
			}
		],
		...(erase.because !== 'asks' && erase.because !== 'unread' && { chosen: erase.choice }),
		...(why && { why }),
		open: open !== undefined
	};
}

/** What becomes of the settings where all but them is erased. @param over what is written in their place */
function spared(over: readonly PlanRegion[], made: boolean): string {
	if (over.length === 0) return 'Wi-Fi, broker and what else it was told are not touched at all';
	if (made) return 'The new settings take the place of those that are there, and no others are touched';
	return `${over.map(({ label }) => label).join(', ')} ${over.length === 1 ? 'is' : 'are'} written over settings all the same, and no others are touched`;
}

/** Settings that die of this plan; absent where they live, or give way to those that were made for it. */
export function settingsWords({
	erase,
	erased,
	regions,
	problems
}: WritePlan): Omit<Words, 'details'> | undefined {
	if (problems.some(({ kind }) => kind === 'erase-undecided')) return undefined;
	const made = regions.filter(({ holds }) => holds === 'settings');
	const lost = erased.filter((range) => range.holds === 'settings' && !made.some((one) => touch(one, range)));
	if (lost.length === 0) return undefined;
	const over = regions.filter((region) => lost.some((range) => touch(region, range)));
	const names = lost.map(({ label }) => label).join(', ');
	const cause =
		erase.choice === 'all'
			? 'because everything is erased'
			: over.length > 0
				? `because ${over.map(({ label }) => label).join(', ')} ${over.length === 1 ? 'is' : 'are'} written over them`
				: 'because the new partition table has no such place';
	return {
		what: 'This board loses its settings',
		means: `${names}: its Wi-Fi, its broker and whatever else it was told are gone from it, ${cause}.`,
		todo:
			erase.choice === 'all'
				? 'Choose “Keep the settings” below, or go on and set it up anew.'
				: 'Go on only if you can set it up anew, or take a build that leaves their place alone.'
	};
}
