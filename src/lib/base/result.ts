/** An expected outcome: a value, or an error that is a union on `kind` and carries facts, not prose. */
export type Result<T, E> =
	{ readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

export const ok = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value });
export const err = <E>(error: E): { readonly ok: false; readonly error: E } => ({ ok: false, error });
/** The success of an act that has nothing to say. */
export const done: Result<void, never> = { ok: true, value: undefined };
