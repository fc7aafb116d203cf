import { systemClock } from '$lib/base';
import { MemorySparseFlash, PracticeBoard, RADIO_TIMES, TYPICAL_TIMING, type Cable } from '$lib/lab';
import type { BoardCall, FromBoard, ToBoard } from './flash-board-messages';

/** The product's practice board with the times of real parts, alone in a worker, its flash in memory. */
const board = new PracticeBoard({
	...{ mac: 'fab0be0c4000', name: 'Bench', timing: TYPICAL_TIMING, clock: systemClock },
	flash: new MemorySparseFlash(4 << 20),
	random: Math.random,
	world: {
		...{ air: [], radio: RADIO_TIMES },
		connector: () => Promise.reject(new Error('this board has no network')),
		dial: () => ({ kind: 'none', note: 'no network' })
	},
	onChange: () => undefined
});
board.plug();

const tell = (message: FromBoard) => postMessage(message);
let cable: Cable | undefined;

globalThis.onmessage = ({ data: { number, call } }: MessageEvent<ToBoard>) =>
	void obey(call).then((opened) => tell({ kind: 'answer', number, opened }));

/** @returns whether the cable is open now */
async function obey(call: BoardCall): Promise<boolean> {
	switch (call.kind) {
		case 'open': {
			const opened = board.openCable(call.baud);
			if (!opened.ok) return false;
			cable = opened.value;
			cable.onBytes((bytes) => tell({ kind: 'bytes', bytes }));
			return true;
		}
		case 'write':
			await cable?.write(call.bytes);
			return true;
		case 'signals':
			cable?.setSignals(call);
			return true;
		case 'close':
			cable?.close();
			cable = undefined;
			return false;
	}
}
