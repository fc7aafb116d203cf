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

const CATEGORIES = ['toplevel', 'devtools.timeline', 'disabled-by-default-devtools.timeline', 'v8'];
/** What is named of a task. */
const NAMED = 4;

/** Traces the page while `work` runs. @returns the tasks of its main thread, longest first */
export async function tasksDuring(page: Page, work: () => Promise<unknown>): Promise<readonly Task[]> {
	return mainThreadTasks(await traceDuring(page, work), page.url());
}

/**
 * Traces the page while `work` runs.
 * @returns of each frame that its main thread made, what the thread ran since the one before, ms: the frame's own style, scripts and
 * paint, and whatever else it did on the way there. Time of the thread itself, so that a busy machine does not count.
 */
export async function workPerFrame(page: Page, work: () => Promise<unknown>): Promise<readonly number[]> {
	const events = await traceDuring(page, work);
	const thread = mainThread(events, page.url());
	const mine = events.filter((e) => e.pid === thread.pid && e.tid === thread.tid).sort((a, b) => a.ts - b.ts);
	const frames: number[] = [];
	let sumMs = 0;
	let endUs = 0;
	let framed = false;
	for (const event of mine) {
		if (event.name === 'Commit') framed = true;
		if (event.ph !== 'X' || !event.name.endsWith('RunTask') || event.ts < endUs) continue;
		// A frame ends with the task in which it was handed over.
		if (framed) {
			frames.push(sumMs);
			sumMs = 0;
			framed = false;
		}
		sumMs += (event.tdur ?? event.dur ?? 0) / 1000;
		endUs = event.ts + (event.dur ?? 0);
	}
	// Of the first one the trace has a part only.
	return frames.slice(1);
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
