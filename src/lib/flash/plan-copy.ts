import { PRACTICE_FAMILY, type PlacedTable } from '$lib/formats';
import type { BoardFacts, CopyFacts } from './facts';
import type { PlanProblem } from './plan-facts';
import { fitProblems } from './plan-problems';
import type { PlannedPart } from './plan-read';

/**
 * What speaks against writing a copy back: it must fit, and be of such a chip. What its bytes are is not judged: they are what a
 * board had. @param placed the table that will be there
 */
export function copyProblems(
	board: BoardFacts,
	copy: CopyFacts,
	parts: readonly PlannedPart[],
	placed: PlacedTable | undefined
): readonly PlanProblem[] {
	const { mac, takenMs } = copy;
	const [found, wanted] = [copy, board].map(({ chip, practice }) => (practice ? PRACTICE_FAMILY : chip));
	const problems = [...fitProblems(board, parts, placed)];
	if (found !== wanted) {
		const labels = parts.map(({ name }) => name);
		const facts = { found: found!, wanted: wanted!, overridable: false } as const;
		problems.push({ kind: 'wrong-chip', blocking: true, labels, ...facts });
	}
	if (mac === board.mac) return problems;
	problems.push({ kind: 'copy-of-other-board', blocking: false, mac, takenMs });
	if (board.flashEncryption) problems.push({ kind: 'locked-chip', blocking: false, by: 'flash-encryption' });
	return problems;
}
