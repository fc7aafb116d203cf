import type { ConsoleLine } from './console-line';
import { readReset, type Reset, type ResetCause } from './reset-reasons';
import { isCrash, NO_TRACE, type Trouble, type TroubleKind } from './trouble';
import { addToTrace, troubleSign } from './trouble-signs';

export interface Troubles {
	/** Oldest first. */
	readonly list: readonly Trouble[];
	/** Older ones that were given up. */
	readonly dropped: number;
	/** How many of a kind there were since the log was cleared, given up or not. */
	readonly counts: Readonly<Partial<Record<TroubleKind['kind'], number>>>;
}

const MAX_KEPT = 60;
/** Registers, backtrace and a stack dump of RISC-V are some 80 lines; a core dump in text is more, and not needed here. */
const MAX_GROUP_LINES = 200;
/** What belongs together comes in one go; a program that hangs in its panic says no more. */
const GROUP_GAP_MS = 5000;
/** So many restarts in this time are a loop: a watchdog of a ROM bites after some 0.4 s, a program that crashes at its start after few. */
const LOOP_RESTARTS = 3;
const LOOP_MS = 30_000;
/** A restart that was asked for shows itself within this. */
const ASKED_MS = 3000;

const NORMAL: readonly ResetCause[] = [
	'power-on',
	'software',
	'deep-sleep',
	'external',
	'usb',
	'jtag',
	'sdio',
	'unknown'
];
/** The same complaint again within this is the same trouble going on. */
const REPEATED_MS = 10_000;

/** Finds crashes, restarts and the like in a log, line by line, with bounded state. Total: any text may come. */
export class TroubleReader {
	#list: Trouble[] = [];
	#dropped = 0;
	#counts: Partial<Record<TroubleKind['kind'], number>> = {};
	#nextId = 0;
	/** The last of the list takes the lines that follow. */
	#open = false;
	#askedMs = -Infinity;
	/** Restarts that nobody asked for, of the last LOOP_MS. */
	#restarts: { readonly atMs: number; readonly line: number; readonly cause: ResetCause }[] = [];
	#found: Troubles | undefined;

	get found(): Troubles {
		return (this.#found ??= { list: [...this.#list], dropped: this.#dropped, counts: { ...this.#counts } });
	}

	/** The next restart is the person's own. */
	restartAsked(atMs: number): void {
		this.#askedMs = atMs;
		this.#restarts = [];
	}

	read(line: ConsoleLine): void {
		const { text } = line;
		const reset = text.includes('rst:0x') ? readReset(text) : undefined;
		if (reset) return this.#restarted(line, reset);
		const last = this.#list.at(-1);
		if (this.#open && last && !belongs(last, line)) this.#open = false;
		const sign = troubleSign(text);
		if (this.#open && last && (!sign || isCrash(sign) || sign.kind === last.what.kind)) {
			this.#replace(last, {
				...last,
				lastLine: line.id,
				lastMs: line.atMs,
				what: withTasks(last.what, text, sign),
				trace: addToTrace(last.trace, text)
			});
			if (text.startsWith('Rebooting...')) this.#open = false;
		} else if (sign) this.#begin(line, sign);
	}

	#begin(line: ConsoleLine, what: TroubleKind): void {
		const again = this.#list.findLast((one) => sameComplaint(one.what, what));
		if (again && line.atMs - again.lastMs < REPEATED_MS) {
			this.#replace(again, { ...again, lastMs: line.atMs });
			this.#count(what.kind);
			return;
		}
		this.#add(line, what);
		this.#open = isCrash(what) || what.kind === 'task-watchdog';
	}

	#add({ id, atMs, text }: ConsoleLine, what: TroubleKind): void {
		const trouble = { firstLine: id, lastLine: id, atMs, lastMs: atMs, what };
		this.#list.push({ id: this.#nextId++, ...trouble, trace: addToTrace(NO_TRACE, text) });
		this.#count(what.kind);
		this.#open = false;
		if (this.#list.length <= MAX_KEPT) return;
		this.#list.shift();
		this.#dropped++;
	}

	#restarted(line: ConsoleLine, reset: Reset): void {
		const last = this.#list.at(-1);
		const explained = last !== undefined && line.atMs - last.lastMs < GROUP_GAP_MS && explains(last.what);
		this.#open = false;
		if (line.atMs - this.#askedMs < ASKED_MS) {
			this.#askedMs = -Infinity;
			return;
		}
		if (reset.cause === 'deep-sleep' || reset.boot.startsWith('DOWNLOAD')) return;
		this.#restarts = [
			...this.#restarts.filter(({ atMs }) => line.atMs - atMs < LOOP_MS),
			{ atMs: line.atMs, line: line.id, cause: reset.cause }
		].slice(-100);
		if (!NORMAL.includes(reset.cause) && !explained) this.#add(line, { kind: 'reset', reset });
		if (this.#restarts.length >= LOOP_RESTARTS) this.#looped(line);
	}

	#looped(line: ConsoleLine): void {
		const first = this.#restarts[0]!;
		const causes = [...new Set(this.#restarts.map(({ cause }) => cause))];
		const known = this.#list.findLast(({ what }) => what.kind === 'boot-loop');
		if (known?.what.kind === 'boot-loop' && line.atMs - known.lastMs < LOOP_MS) {
			const restarts = known.what.restarts + 1;
			const what = { kind: 'boot-loop', restarts, causes } as const;
			this.#replace(known, { ...known, lastLine: line.id, lastMs: line.atMs, what });
			return;
		}
		this.#add(line, { kind: 'boot-loop', restarts: this.#restarts.length, causes });
		const added = this.#list.at(-1)!;
		this.#replace(added, { ...added, firstLine: first.line, atMs: first.atMs });
	}

	#replace(old: Trouble, now: Trouble): void {
		this.#list[this.#list.lastIndexOf(old)] = now;
		this.#found = undefined;
	}

	#count(kind: TroubleKind['kind']): void {
		this.#counts[kind] = (this.#counts[kind] ?? 0) + 1;
		this.#found = undefined;
	}
}

/** Whether a line still belongs to what is open. A program that goes on after its watchdog's complaint writes of other things. */
function belongs(open: Trouble, { id, atMs, text, tag }: ConsoleLine): boolean {
	if (id - open.firstLine >= MAX_GROUP_LINES || atMs - open.lastMs > GROUP_GAP_MS) return false;
	if (/^(?:ets |ESP-ROM:)/u.test(text)) return false;
	return isCrash(open.what) || tag === 'task_wdt' || tag === undefined;
}

/** A restart after it needs no other reason. */
const explains = (what: TroubleKind): boolean =>
	isCrash(what) ||
	['brownout', 'task-watchdog', 'bad-image', 'flash-read', 'reset', 'boot-loop'].includes(what.kind);

/** Of these only the first of a row is worth a group of its own. */
function sameComplaint(a: TroubleKind, b: TroubleKind): boolean {
	return a.kind === b.kind && ['bad-image', 'flash-read', 'out-of-memory', 'wifi-refused'].includes(a.kind);
}

const STARVED = /task_wdt: +- (.+)/u; // esp_system/task_wdt
const RUNNING = /task_wdt: (CPU \d+: .+)/u;
const MAX_TASKS = 16;

/** A watchdog that is told to panic ends in abort(): what it said of the tasks is worth more than that. */
function withTasks(what: TroubleKind, text: string, sign: TroubleKind | undefined): TroubleKind {
	if (what.kind !== 'task-watchdog') return what;
	const starved = STARVED.exec(text)?.[1];
	const running = RUNNING.exec(text)?.[1];
	return {
		...what,
		starved: starved ? [...what.starved, starved.trim()].slice(0, MAX_TASKS) : what.starved,
		running: running ? [...what.running, running.trim()].slice(0, MAX_TASKS) : what.running,
		stopped: what.stopped || (sign !== undefined && isCrash(sign))
	};
}
