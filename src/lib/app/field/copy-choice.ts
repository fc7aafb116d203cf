import type { CopyStatus, PickedDirectory } from '$lib/telemetry';

/** Where what is sealed is kept a second time. */
export type CopyWhere = 'nowhere' | 'browser' | PickedDirectory;

/** `look-again`: its folder may be written now. The others: what is to become of a copy of another store. */
export type CopyAct = 'look-again' | 'put-back' | 'replace';

/** The second copy, as a person has chosen it. */
export interface CopyChoice {
	readonly status: CopyStatus;
	keep(where: CopyWhere): Promise<void>;
	act(act: CopyAct): Promise<void>;
	/** That a person picked. */
	folder(): Promise<PickedDirectory | undefined>;
}
