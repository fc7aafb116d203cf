/** From the page to the worker with the board: a call, answered by `answer` with the same number. */
export interface ToBoard {
	readonly number: number;
	readonly call: BoardCall;
}

export type BoardCall =
	| { readonly kind: 'open'; readonly baud: number }
	| { readonly kind: 'write'; readonly bytes: Uint8Array }
	| { readonly kind: 'signals'; readonly dataTerminalReady?: boolean; readonly requestToSend?: boolean }
	| { readonly kind: 'close' };

export type FromBoard =
	| { readonly kind: 'answer'; readonly number: number; readonly opened: boolean }
	| { readonly kind: 'bytes'; readonly bytes: Uint8Array };
