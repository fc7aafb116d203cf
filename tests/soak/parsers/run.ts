import { parseArgs } from 'node:util';
import { soakParsers } from './soak';

/** `npm run soak:parsers -- [--runs 1000000] [--only nvs] [--seed 1 [--path 17:2]]`: an input that failed, again. */
const { values } = parseArgs({
	options: {
		runs: { type: 'string' },
		only: { type: 'string' },
		seed: { type: 'string' },
		path: { type: 'string' }
	}
});
const failure = soakParsers({
	runs: Number(values.runs ?? (values.path === undefined ? 1_000_000 : 1)),
	seed: Number(values.seed ?? Date.now() % 0x7fffffff),
	only: values.only,
	path: values.path,
	log: (line) => console.log(line)
});
if (failure !== undefined) {
	console.error(failure);
	process.exitCode = 1;
}
