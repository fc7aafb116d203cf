import { err, ok, utf8, type Result } from '$lib/base';

/** An answer of a device to a JSON-RPC 2.0 request (docs/protocol.md §4). `id` is null where it answers a short command. */
export type RpcResponse =
	| { readonly kind: 'result'; readonly id: string | null; readonly result: unknown }
	| { readonly kind: 'error'; readonly id: string | null; readonly error: RpcError };

export interface RpcError {
	readonly code: number;
	readonly message: string;
	readonly data?: unknown;
}

export interface RpcRequest {
	/** Also the idempotency key. */
	readonly id: string;
	readonly method: string;
	readonly params: Readonly<Record<string, unknown>>;
	/** ms since the epoch; the device must not carry it out later. */
	readonly expiresMs: number;
}

/** Codes that mean: the same id may be asked again, the act is neither done nor refused. */
export const RPC_EXPIRED = -32001;
export const RPC_BUSY = -32002;
/** Its key or its seal does not allow it, docs/protocol.md §5.3. */
export const RPC_NOT_ALLOWED = -32003;
/** It was begun, and how it ended was not kept: it may have been carried out. */
export const RPC_OUTCOME_UNKNOWN = -32006;
/** It was carried out; what it answered is too large to be told. */
export const RPC_ANSWER_TOO_LARGE = -32007;

/** What is put on the wire for a request. */
export function encodeRequest({ id, method, params, expiresMs }: RpcRequest): Uint8Array<ArrayBuffer> {
	const exp = Math.ceil(expiresMs / 1000); // the wire counts whole seconds
	return utf8(JSON.stringify({ jsonrpc: '2.0', id, method, params, exp }));
}

/** Total: any parsed JSON gives a response or an error. */
export function parseResponse(value: unknown): Result<RpcResponse, 'bad-response'> {
	if (typeof value !== 'object' || value === null) return err('bad-response');
	const { id, result, error } = value as Record<string, unknown>;
	if (id !== null && typeof id !== 'string') return err('bad-response');
	if (error === undefined) {
		return Object.hasOwn(value, 'result') ? ok({ kind: 'result', id, result }) : err('bad-response');
	}
	if (typeof error !== 'object' || error === null) return err('bad-response');
	const { code, message, data } = error as Record<string, unknown>;
	if (typeof code !== 'number' || !Number.isInteger(code) || typeof message !== 'string')
		return err('bad-response');
	return ok({ kind: 'error', id, error: data === undefined ? { code, message } : { code, message, data } });
}
