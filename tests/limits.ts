// Set up before each of vitest's files: a wait ends what hangs, and is no measurement of the machine.
import { vi } from 'vitest';

const LIMIT_MS = 30_000;
const waitFor = vi.waitFor.bind(vi);

// `expect.poll` has a setting for this, `vi.waitFor` has none.
vi.waitFor = (callback, options = {}) => {
	const { timeout = 0, ...more } = typeof options === 'number' ? { timeout: options } : options;
	return waitFor(callback, { ...more, timeout: Math.max(timeout, LIMIT_MS) });
};
