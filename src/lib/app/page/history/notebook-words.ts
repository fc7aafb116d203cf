import { COMPARISON_WORDS, parseHistoryQuery } from '$lib/telemetry/view';
import { formatDateTime, formatNumber, formatSpan } from '$lib/ui';
import type { NotebookError } from '../../field/messages';

/** Why something a person wrote was not kept, and what to do. @param what "The note" */
export function notebookRefusal(what: string, error: NotebookError): string {
	switch (error.kind) {
		case 'not-valid':
			return `${what} was not kept: its text or its time is not one that can be kept. Shorten it and try again.`;
		case 'too-many':
			return `${what} was not kept: there are ${formatNumber(error.most)} already. Delete some that you no longer need.`;
		case 'not-stored':
			return `${what} was not kept: the browser did not store it (${error.cause}). Free some disk space and try again.`;
	}
}

/** What a saved view shows, in a line: "last 6 hours, against the day before". */
export function viewWords(query: string): string {
	const { time, compare, beside, only } = parseHistoryQuery(query);
	const when =
		time.kind === 'last'
			? `last ${formatSpan(time.spanMs).replace(/^1 /u, '')}`
			: `${formatDateTime(time.fromMs)}, ${formatSpan(time.toMs - time.fromMs)}`;
	const more = Object.values(beside).reduce((sum, choices) => sum + choices.length, 0);
	return [
		when,
		...(compare === 'off' ? [] : [`against ${COMPARISON_WORDS[compare]}`]),
		...(only ? [only.length === 1 ? 'one chart' : `${only.length} charts`] : []),
		...(more > 0 ? [more === 1 ? 'one more line' : `${more} more lines`] : [])
	].join(', ');
}
