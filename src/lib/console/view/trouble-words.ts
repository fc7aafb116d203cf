import type { ResetCause } from '../reset-reasons';
import type { Trouble, TroubleKind } from '../trouble';
import { panicWords, type TroubleWords } from './panic-words';

const tasks = (names: readonly string[]): string => names.join(', ');

/** What a trouble is called, what it means and what to do about it. */
export function troubleWords({ what, trace }: Pick<Trouble, 'what' | 'trace'>): TroubleWords {
	switch (what.kind) {
		case 'panic':
			return panicWords(what, trace);
		case 'abort':
			return {
				what: 'The program gave up (abort)',
				means:
					'The program itself called abort(): a check such as ESP_ERROR_CHECK failed, or C++ threw and nobody caught.',
				todo: 'The line just before it usually names the error and its place in the source.'
			};
		case 'assert':
			return {
				what: 'An assertion failed',
				means: `The program found something that must never be: ${what.said || 'it did not say what'}.`,
				todo: 'Look at that place in the source; the backtrace tells who called it.'
			};
		case 'stack-overflow':
			return {
				what: `The stack of task ${what.task} ran over`,
				means: 'The task used more stack than it was given, and has written over other memory.',
				todo: 'Give that task a larger stack where it is created, or keep large arrays off its stack.'
			};
		case 'stack-smashed':
			return {
				what: 'A function wrote past the end of an array on its stack',
				means: 'The guard value after its local variables was changed: what it returns to cannot be trusted.',
				todo: 'Look in the function at the top of the backtrace for a copy or a loop that goes too far.'
			};
		case 'heap-corrupt':
			return {
				what: 'The heap is damaged',
				means: `Something wrote outside the memory it was given, or freed it twice${what.said ? `: ${what.said}` : ''}.`,
				todo: 'The one who is caught is seldom the one who did it: turn on heap poisoning (comprehensive) to catch it earlier.'
			};
		case 'task-watchdog':
			return {
				what: what.stopped
					? 'The task watchdog stopped the program'
					: 'A task kept the processor for too long',
				means: `${what.starved.length > 0 ? `${tasks(what.starved)} did not get to run` : 'A watched task did not report in time'}${what.running.length > 0 ? `, while this ran: ${tasks(what.running)}` : ''}.`,
				todo: 'Let the busy task wait now and then (vTaskDelay, or a blocking call), or split its work.'
			};
		case 'brownout':
			return {
				what: 'The supply voltage dropped too low',
				means:
					'The chip’s brownout detector restarted it: its 3.3 V sagged, most often when the radio starts to send.',
				todo: 'Use a shorter or thicker USB cable and a port that gives 500 mA, no unpowered hub; add a capacitor at 3V3.'
			};
		case 'out-of-memory':
			return {
				what: 'Memory ran out',
				means: `The program asked for memory and got none: ${what.said}`,
				todo: 'Look for what grows with time; smaller buffers, fewer connections or PSRAM help.'
			};
		case 'bad-image':
			return {
				what: 'There is no program that can be started',
				means: `What lies in flash where a program should begin is something else: ${what.said}`,
				todo: 'Flash the board again, with bootloader, partition table and application at the offsets of this chip.'
			};
		case 'flash-read':
			return {
				what: 'The flash cannot be read',
				means: `The chip’s ROM reads nothing sensible from the flash: ${what.said}`,
				todo: 'Flash it again with mode DIO at 40 MHz; on bare ESP32 modules see that GPIO12 is not pulled high.'
			};
		case 'download-mode':
			return {
				what: 'The chip waits to be flashed',
				means:
					'It started in download mode, because BOOT (IO0 or IO9) was held low: its program does not run.',
				todo: 'Let go of BOOT and press Reset here or EN on the board; or flash it now.'
			};
		case 'wifi-refused':
			return {
				what: 'The board could not join its Wi-Fi',
				means: `The access point was not found or refused it: ${what.said}`,
				todo: 'Check the name and the password (capitals count), and that the network is on 2.4 GHz.'
			};
		case 'reset':
			return { what: RESET_WHAT[what.reset.cause], ...resetAdvice(what.reset.cause, what.reset.name) };
		case 'boot-loop':
			return {
				what: `The board keeps restarting (${what.restarts.toLocaleString('en')} times)`,
				means: `It restarts soon after each start: ${what.causes.map((cause) => RESET_WHAT[cause].toLowerCase()).join('; ')}.`,
				todo: 'The first trouble of each round, below, is the cause. If nothing else helps, erase the board and flash it again.'
			};
	}
}

export const RESET_WHAT = {
	'power-on': 'It was switched on, or EN was pressed',
	software: 'The program restarted itself',
	'deep-sleep': 'It woke from deep sleep',
	'interrupt-watchdog': 'The interrupt watchdog restarted it',
	'task-watchdog': 'The watchdog of timer group 0 restarted it',
	'rtc-watchdog': 'The RTC watchdog restarted it',
	'super-watchdog': 'The super watchdog restarted it',
	brownout: 'A sagging supply restarted it',
	glitch: 'A glitch of clock or supply restarted it',
	efuse: 'An error in its eFuses restarted it',
	usb: 'The computer restarted it over USB',
	jtag: 'A debugger restarted it',
	sdio: 'Its SDIO host restarted it',
	external: 'Its reset pin was pulled',
	unknown: 'It restarted for a reason that its ROM does not name'
} as const satisfies Record<ResetCause, string>;

function resetAdvice(cause: ResetCause, name: string): Pick<TroubleWords, 'means' | 'todo'> {
	if (cause === 'brownout' || cause === 'glitch')
		return {
			means: `The supply was not steady (${name}).`,
			todo: 'Try another cable and port, without an unpowered hub.'
		};
	if (cause === 'efuse')
		return {
			means: `The chip read its eFuses and found an error (${name}).`,
			todo: 'Check the supply; if it stays, the chip is at fault.'
		};
	if (cause.endsWith('watchdog'))
		return {
			means: `Nothing fed the watchdog in time (${name}): the program hung, or none could be started.`,
			todo: 'See what the last line before the restart was. Where no program starts at all, flash the board again.'
		};
	return { means: `The ROM says ${name}.`, todo: 'See the lines before it.' };
}

/** Which troubles a page speaks up about, and how loudly. */
export const TONES = {
	panic: 'failing',
	abort: 'failing',
	assert: 'failing',
	'stack-overflow': 'failing',
	'stack-smashed': 'failing',
	'heap-corrupt': 'failing',
	'task-watchdog': 'late',
	brownout: 'failing',
	'out-of-memory': 'late',
	'bad-image': 'failing',
	'flash-read': 'failing',
	'download-mode': 'info',
	'wifi-refused': 'late',
	reset: 'late',
	'boot-loop': 'failing'
} as const satisfies Record<TroubleKind['kind'], 'info' | 'late' | 'failing'>;
