import type { CDPSession, Page } from 'playwright';

/** A task of the page's thread. */
export interface Task {
	/** From its begin to its end, also while another process had the processor. */
	readonly ms: number;
	/** What of that the thread itself ran; undefined where the trace does not say. */
	readonly cpuMs: number | undefined;
	/** What lay within it, by the trace's own names and each with all that lies within that, longest first. */
	readonly within: readonly string[];
}

/** One event of Chromium's trace, of those fields that are used here. */
interface TraceEvent {
	readonly name: string;
	readonly ph: string;
	readonly pid: number;
	readonly tid: number;
	/** µs */
	readonly ts: number;
	readonly dur?: number;
	/** µs of the thread's own time */
	readonly tdur?: number;
	readonly args?: { readonly data?: { readonly frames?: readonly Frame[] }; readonly name?: string };
}
interface Frame {
	readonly url: string;
	readonly processId: number;
}

const CATEGORIES = ['toplevel', 'devtools.timeline', 'disabled-by-default-devtools.timeline', 'v8', 'viz'];
/** What is named of a task. */
const NAMED = 4;

/** Traces the page while `work` runs. @returns the tasks of its main thread, longest first */
export async function tasksDuring(page: Page, work: () => Promise<unknown>): Promise<readonly Task[]> {
	return mainThreadTasks(await traceDuring(page, work), page.url());
}

/** What the page's thread ran from one frame to the next, ms. Time of the thread itself, so that a busy machine does not count. */
export interface FrameWork {
	/** For each frame that the screen showed of the page, whichever of its threads drew what is new in it. */
	readonly shown: readonly number[];
	/** For each frame that the page's thread made: its style, scripts and paint, and whatever else it did on the way there. */
	readonly own: readonly number[];
	/**
	 * Of those, what was on the way to them alone: since the frame before, or since the screen last showed one while the thread had
	 * nothing to do. What it had done with long before waited for no frame.
	 */
	readonly runUp: readonly number[];
}

/** Traces the page, the only one that is shown, while `work` runs. */
export async function workPerFrame(page: Page, work: () => Promise<unknown>): Promise<FrameWork> {
	const events = await traceDuring(page, work);
	const thread = mainThread(events, page.url());
	const mine = events.filter((e) => e.pid === thread.pid && e.tid === thread.tid);
	const tasks = outermost(mine.filter((e) => e.ph === 'X' && e.name.endsWith('RunTask')));
	const beginsOf = (name: string, among: readonly TraceEvent[]) =>
		among.filter((e) => e.name === name).map(({ ts }) => ts);
	const shown = beginsOf('Display::DrawAndSwap', events);
	// A frame ends with the task in which it was handed over.
	const own = beginsOf('Commit', mine);
	const ends = [...own, ...idleAmong(shown, tasks)].toSorted((a, b) => a - b);
	const ownOnes = new Set(own);
	return {
		shown: workBetween(tasks, shown),
		own: workBetween(tasks, own),
		runUp: workBetween(tasks, ends).filter((_, i) => ownOnes.has(ends[i + 1]!))
	};
}

/** A thread with less between two tasks is not idle. */
const IDLE_US = 1000;

/** Those times that lie between two tasks which are apart. */
function idleAmong(timesUs: readonly number[], tasks: readonly TraceEvent[]): readonly number[] {
	let next = 0;
	let endUs = 0;
	return timesUs
		.toSorted((a, b) => a - b)
		.filter((atUs) => {
			for (; next < tasks.length && tasks[next]!.ts <= atUs; next++)
				endUs = tasks[next]!.ts + (tasks[next]!.dur ?? 0);
			const beginUs = tasks[next]?.ts ?? Infinity;
			return endUs <= atUs && beginUs - endUs >= IDLE_US;
		});
}

/** Those that lie in no other, by time. */
function outermost(tasks: readonly TraceEvent[]): readonly TraceEvent[] {
	let endUs = 0;
	return tasks
		.toSorted((a, b) => a.ts - b.ts)
		.filter(({ ts, dur = 0 }) => {
			if (ts < endUs) return false;
			endUs = ts + dur;
			return true;
		});
}

/** @returns for each two of the ends what the tasks that ended with the later one ran; a task belongs to where it began */
function workBetween(tasks: readonly TraceEvent[], endsUs: readonly number[]): readonly number[] {
	const ends = endsUs.toSorted((a, b) => a - b);
	const sums = ends.map(() => 0);
	let next = 0;
	for (const { ts, dur = 0, tdur = dur } of tasks) {
		while (next < ends.length && ends[next]! < ts) next++;
		if (next < ends.length) sums[next]! += tdur / 1000;
	}
	// Of the first one the trace has a part only.
	return sums.slice(1);
}

async function traceDuring(page: Page, work: () => Promise<unknown>): Promise<readonly TraceEvent[]> {
	const session = await page.context().newCDPSession(page);
	try {
		await session.send('Tracing.start', {
			transferMode: 'ReturnAsStream',
			traceConfig: { includedCategories: CATEGORIES, recordMode: 'recordAsMuchAsPossible' }
		});
		await work();
		const complete = new Promise<string>((resolve, reject) => {
			session.once('Tracing.tracingComplete', ({ stream, dataLossOccurred }) => {
				if (stream === undefined || dataLossOccurred) reject(new Error('the trace did not fit'));
				else resolve(stream);
			});
		});
		await session.send('Tracing.end');
		const trace = JSON.parse(await readAll(session, await complete)) as {
			readonly traceEvents: readonly TraceEvent[];
		};
		return trace.traceEvents;
	} finally {
		await session.detach();
	}
}

async function readAll(session: CDPSession, handle: string): Promise<string> {
	const parts: string[] = [];
	for (let eof = false; !eof;) {
		const read = await session.send('IO.read', { handle, size: 1 << 20 });
		parts.push(read.base64Encoded === true ? Buffer.from(read.data, 'base64').toString() : read.data);
		eof = read.eof;
	}
	await session.send('IO.close', { handle });
	return parts.join('');
}

function mainThread(events: readonly TraceEvent[], url: string): TraceEvent {
	const frames = events.flatMap((event) =>
		event.name === 'TracingStartedInBrowser' ? (event.args?.data?.frames ?? []) : []
	);
	const pid = frames.find((frame) => frame.url === url)?.processId;
	const thread = events.find(
		(e) => e.pid === pid && e.name === 'thread_name' && e.args?.name === 'CrRendererMain'
	);
	if (!thread) throw new Error(`the trace does not know the page ${url}`);
	return thread;
}

function mainThreadTasks(events: readonly TraceEvent[], url: string): readonly Task[] {
	const thread = mainThread(events, url);
	const mine = events.filter((e) => e.ph === 'X' && e.pid === thread.pid && e.tid === thread.tid);
	const tasks = mine.filter((e) => e.name.endsWith('RunTask')).sort((a, b) => (b.dur ?? 0) - (a.dur ?? 0));
	return tasks.map((task) => ({
		ms: (task.dur ?? 0) / 1000,
		cpuMs: task.tdur === undefined ? undefined : task.tdur / 1000,
		get within() {
			return namesWithin(task, mine);
		}
	}));
}

function namesWithin(task: TraceEvent, all: readonly TraceEvent[]): readonly string[] {
	const endUs = task.ts + (task.dur ?? 0);
	const spent = new Map<string, number>();
	for (const event of all)
		if (event !== task && !event.name.endsWith('RunTask') && event.ts >= task.ts && event.ts < endUs)
			spent.set(event.name, (spent.get(event.name) ?? 0) + (event.dur ?? 0));
	return [...spent]
		.sort(([, a], [, b]) => b - a)
		.slice(0, NAMED)
		.map(([name, us]) => `${name} ${Math.round(us / 1000)} ms`);
}
