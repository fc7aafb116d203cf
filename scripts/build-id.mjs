// One name for what the page is built from: the page shows it, workers of different builds tell each other apart by it,
// SvelteKit uses it as its version, and `npm start` builds only when it has changed.
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Everything that ends up in build/, and what decides how it gets there. */
const SOURCES = ['src', 'static', 'svelte.config.js', 'vite.config.ts', 'tsconfig.json', 'package-lock.json'];

/** Twelve hex digits of the sources' SHA-256, and of what the environment changes in a build. */
export function buildId() {
	const hash = createHash('sha256').update(process.env.BASE_PATH ?? '');
	for (const path of SOURCES.flatMap(filesOf))
		hash.update(`${path}\0`).update(readFileSync(join(root, path)));
	return hash.digest('hex').slice(0, 12);
}

/** @param {string} path @returns {string[]} */
function filesOf(path) {
	if (!statSync(join(root, path)).isDirectory()) return /\.test\.ts$/u.test(path) ? [] : [path];
	return readdirSync(join(root, path))
		.sort()
		.flatMap((name) => filesOf(`${path}/${name}`));
}
