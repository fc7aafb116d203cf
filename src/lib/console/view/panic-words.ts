import type { Trace, TroubleKind } from '../trouble';

export interface TroubleWords {
	readonly what: string;
	readonly means: string;
	readonly todo: string;
}

type Panic = Extract<TroubleKind, { kind: 'panic' }>;

/** What the reasons in the parentheses mean: fatal-errors.rst of ESP-IDF's guide, Xtensa's and RISC-V's names. First fit. */
const REASONS: readonly (readonly [pattern: RegExp, means: string, todo: string])[] = [
	[
		/LoadProhibited|StoreProhibited|(?:Load|Store) access fault/iu,
		'The program read or wrote memory that is not there',
		'Look for a pointer that was never set, or is used after it was freed.'
	],
	[
		/LoadStoreAlignment|misaligned/iu,
		'The program read or wrote a number at an address that does not fit its size',
		'Look for a cast of a byte pointer to a larger type.'
	],
	[
		/LoadStoreError/iu,
		'The program used memory in a way it does not allow, such as bytes of instruction RAM',
		'Look at what lies at the address, and who wrote to it.'
	],
	[
		/InstrFetchProhibited|InstrFetchError|Instruction access fault/iu,
		'The program jumped to an address that holds no program',
		'Look for a function pointer that was never set, or a stack that was written over.'
	],
	[
		/IllegalInstruction|Illegal instruction/iu,
		'The processor met something that is no instruction',
		'A task function that returns does this, and so do a damaged stack, and a program built for another chip.'
	],
	[
		/Interrupt wdt/iu,
		'Interrupts were held off for too long, so the interrupt watchdog stepped in',
		'Look for a long interrupt handler, a critical section without end, or a spinlock that is never given back.'
	],
	[
		/Task watchdog/iu,
		'A watched task did not get to run in time',
		'Let the busy task wait now and then, or split its work.'
	],
	[
		/Cache (?:disabled|error)|cache/iu,
		'Code or data in flash was used while the flash was being written',
		'Mark what runs in that interrupt with IRAM_ATTR, and its constants with DRAM_ATTR.'
	],
	[
		/Stack protection fault|Stack canary|stack overflow/iu,
		'A task used more stack than it was given',
		'Give that task a larger stack, or keep large arrays off its stack.'
	],
	[
		/Unhandled debug exception|Breakpoint/iu,
		'A breakpoint or a watchpoint was met, with no debugger there; the guard at the end of a stack is one',
		'If a line above names a stack canary, give that task a larger stack.'
	],
	[
		/Double exception|DoubleException/iu,
		'A fault happened while another one was being dealt with, most often because a stack is damaged or full',
		'Give the task a larger stack and see whether the first fault then shows itself.'
	],
	[/IntegerDivideByZero/iu, 'The program divided by zero', 'Check the divisor before the division.'],
	[
		/Memory protection/iu,
		'The program touched memory that it had protected itself',
		'Look for code that writes to instruction memory or runs from data memory.'
	],
	[
		/Coprocessor|Cp\d/iu,
		'The program used a coprocessor where it must not, such as floating point in an interrupt',
		'Move the calculation out of the interrupt handler.'
	]
];

/** Below this an address is that of a null pointer and a member behind it. */
const NEAR_NULL = 0x1000;

export function panicWords({ reason, core }: Panic, trace: Trace): TroubleWords {
	const known = REASONS.find(([pattern]) => pattern.test(reason));
	const address = trace.address === undefined ? undefined : parseInt(trace.address, 16);
	const at =
		known === REASONS[0] && trace.address !== undefined && address !== undefined
			? address < NEAR_NULL
				? `, at ${trace.address}, next to address 0: a null pointer`
				: `, at ${trace.address}`
			: '';
	return {
		what: `Crashed on core ${core}${reason ? `: ${reason}` : ''}`,
		means: known ? `${known[1]}${at}.` : 'The processor met a fault that the program does not deal with.',
		todo: known?.[2] ?? 'See the lines before it, and what the program did last.'
	};
}
