import type { Trace, TroubleKind } from './trouble';

/** Longest piece of a line that is kept as what the board said. */
const MAX_SAID = 200;

/** A line has one of these in it, or nothing here looks at it further: most lines of a log are cheap. */
const ANY =
	/guru med|abort\(\)|assert|stack overflow|smashing|CORRUPT HEAP|task_wdt|brownout|alloc|ERR_NO_MEM|invalid header|csum err|magic byte|image hash|bootable app|flash read err|ets_main|waiting for download|AUTH_FAIL|HANDSHAKE_TIMEOUT|NO_AP_FOUND|reason='|Heap error/iu;

type Sign = readonly [pattern: RegExp, kind: (match: RegExpExecArray) => TroubleKind];

/**
 * How each trouble begins. The first that fits counts. Sources: esp_system/panic.c and port/panic_arch.c, esp_hw_support/port/brownout.c,
 * esp_system/task_wdt, freertos' vApplicationStackOverflowHook, heap/multi_heap_poisoning.c, bootloader_support, the ROMs' own messages.
 */
const SIGNS: readonly Sign[] = [
	[
		/Guru Meditation Error: Core +(\d+) panic'ed \((.*?)\)(?:\.|\s|$)/u,
		(m) => ({ kind: 'panic', core: Number(m[1]), reason: m[2]!.trim() })
	],
	[/Guru Meditation Error/u, () => ({ kind: 'panic', core: 0, reason: '' })],
	[/(?:^|\s)abort\(\) was called/u, () => ({ kind: 'abort' })],
	[/(?:^|\s)assert failed: (.*)/u, (m) => ({ kind: 'assert', said: said(m[1]) })],
	[/(?:^|\s)assertion (".*" failed.*)/u, (m) => ({ kind: 'assert', said: said(m[1]) })],
	[/stack overflow in task (.+?) has been detected/iu, (m) => ({ kind: 'stack-overflow', task: said(m[1]) })],
	[/Stack smashing protect failure/u, () => ({ kind: 'stack-smashed' })],
	[/CORRUPT HEAP: (.*)/u, (m) => ({ kind: 'heap-corrupt', said: said(m[1]) })],
	[
		/Task watchdog got triggered/u,
		() => ({ kind: 'task-watchdog', starved: [], running: [], stopped: false })
	],
	[/Brownout detector was triggered/iu, () => ({ kind: 'brownout' })],
	[
		/(?:invalid header: 0x|csum err|invalid magic byte|Image hash failed|No bootable app|Checksum failed|ets_main\.c)/iu,
		(m) => ({ kind: 'bad-image', said: said(m.input) })
	],
	[/flash read err/u, (m) => ({ kind: 'flash-read', said: said(m.input) })],
	[/^waiting for download/u, () => ({ kind: 'download-mode' })],
	[
		/ESP_ERR_NO_MEM|(?:fail(?:ed|ure)?(?: to| in)?|cannot|could not|unable to) (?:m?alloc|allocate)|(?:alloc(?:ation)?|malloc) fail|bad_alloc|Mem alloc fail/iu,
		(m) => ({ kind: 'out-of-memory', said: said(m.input) })
	],
	[
		/AUTH_FAIL|4WAY_HANDSHAKE_TIMEOUT|HANDSHAKE_TIMEOUT|NO_AP_FOUND|reason='(?:Auth|4-?Way|Handshake|Probe Request Unsuccessful)/iu,
		(m) => ({ kind: 'wifi-refused', said: said(m.input) })
	]
];

/** The trouble that a line begins; undefined where it begins none. */
export function troubleSign(text: string): TroubleKind | undefined {
	if (!ANY.test(text)) return undefined;
	for (const [pattern, kind] of SIGNS) {
		const match = pattern.exec(text);
		if (match) return kind(match);
	}
	return undefined;
}

const said = (text: string | undefined): string => (text ?? '').trim().slice(0, MAX_SAID);

const MAX_FRAMES = 64;
const ABORT_PC = /abort\(\) was called at PC (0x[\da-f]{8})(?: on core (\d+))?/u;
/** Xtensa writes PC, RISC-V MEPC (esp_system/port/arch). */
const PC = /(?:^|\s)(?:PC|MEPC) *: *(0x[\da-f]{8})/u;
const ADDRESS = /(?:^|\s)(?:EXCVADDR|MTVAL) *: *(0x[\da-f]{8})/u;
const BACKTRACE = /Backtrace:((?: ?0x[\da-f]{8}:0x[\da-f]{8})+)/u;
const ELF = /ELF file SHA256: *([\da-f]{8,64})/u;

/** What a line of a crash adds to what is known of where the program stood. */
export function addToTrace(trace: Trace, text: string): Trace {
	let now = trace;
	const abort = ABORT_PC.exec(text);
	if (abort) now = { ...now, pc: abort[1]!, ...(abort[2] && { core: Number(abort[2]) }) };
	const pc = PC.exec(text)?.[1];
	if (pc && now.pc === undefined) now = { ...now, pc };
	const address = ADDRESS.exec(text)?.[1];
	if (address && now.address === undefined) now = { ...now, address };
	const frames = BACKTRACE.exec(text)?.[1]?.trim().split(' ');
	if (frames && now.backtrace.length === 0)
		now = { ...now, backtrace: frames.slice(0, MAX_FRAMES).map((frame) => frame.slice(0, 10)) };
	if (text.includes('|<-CORRUPTED')) now = { ...now, corrupted: true };
	if (text.startsWith('Stack memory:')) now = { ...now, stackDump: true };
	const elfSha256 = ELF.exec(text)?.[1];
	if (elfSha256) now = { ...now, elfSha256 };
	if (text.includes('CORE DUMP START')) now = { ...now, coreDump: 'printed' };
	else if (/core dump has been saved/iu.test(text)) now = { ...now, coreDump: 'saved' };
	return now;
}
