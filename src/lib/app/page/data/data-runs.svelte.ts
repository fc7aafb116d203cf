import { browserToGuard, guardWork, type GuardedBrowser } from '$lib/base';
import type { FieldPort } from '../field-port';
import { WorkspaceBackup } from './backup-run.svelte';
import { ExportRun } from './export-run.svelte';
import { ImportRun } from './import-run.svelte';
import { RestoreRun } from './restore-run.svelte';

/**
 * Files on their way out and in. They go on whatever screen is shown, and while one is being written the page is guarded: leaving it
 * would leave half a file.
 */
export class DataRuns {
	readonly exporting: ExportRun;
	readonly importing: ImportRun;
	readonly backup: WorkspaceBackup;
	readonly restore: RestoreRun;
	readonly #busy: boolean;

	/** For the life of the page. */
	constructor(field: FieldPort, browser: GuardedBrowser = browserToGuard()) {
		this.exporting = new ExportRun(field);
		this.importing = new ImportRun(field);
		this.backup = new WorkspaceBackup(field);
		this.restore = new RestoreRun(field);
		const runs = [this.exporting, this.importing, this.backup, this.restore];
		this.#busy = $derived(runs.some(({ busy }) => busy));
		$effect.root(() => {
			$effect(() => {
				if (!this.#busy) return;
				const end = new AbortController();
				guardWork(browser, end.signal);
				return () => end.abort();
			});
		});
	}
}

const made = new WeakMap<FieldPort, DataRuns>();

/** Those of this page: made when the screen of data is first shown, and the same whenever it is shown again. */
export function dataRuns(field: FieldPort): DataRuns {
	const known = made.get(field) ?? new DataRuns(field);
	made.set(field, known);
	return known;
}
