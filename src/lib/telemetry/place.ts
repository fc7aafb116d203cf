/** A factory and what is known of the storage behind it. */
export interface StorePlace {
	readonly factory: IDBFactory;
	/** False where telemetry shares the origin's default bucket, and so its fate. */
	readonly apart: boolean;
	usage(): Promise<{
		usedBytes: number | undefined;
		quotaBytes: number | undefined;
		persisted: boolean | undefined;
	}>;
	/** Deletes all that lies here. */
	reset(name: string): Promise<void>;
	/** Deletes one database. */
	drop(name: string): Promise<void>;
}

/** Storage Buckets, https://wicg.github.io/storage-buckets/ : Chromium 122 and later, in workers too. */
interface StorageBuckets {
	open(
		name: string,
		options: { durability?: 'strict' | 'relaxed'; persisted?: boolean }
	): Promise<{
		readonly indexedDB: IDBFactory;
		estimate(): Promise<StorageEstimate>;
		persisted(): Promise<boolean>;
		/** Of windows alone. */
		persist?(): Promise<boolean>;
	}>;
	delete(name: string): Promise<void>;
}

const BUCKET = 'fieldbench-telemetry';
export const TELEMETRY_DATABASE = 'fieldbench-telemetry';

// A worker's navigator has it as a window's does; neither is in TypeScript's DOM library yet.
const buckets = () => (globalThis.navigator as unknown as { storageBuckets?: StorageBuckets }).storageBuckets;

/** The telemetry's own bucket where the browser has buckets, else the default one. */
export async function telemetryPlace(): Promise<StorePlace> {
	const storageBuckets = buckets();
	if (!storageBuckets) return defaultPlace(indexedDB);
	try {
		const bucket = await openBucket(storageBuckets);
		return {
			factory: bucket.indexedDB,
			apart: true,
			async usage() {
				const [{ usage, quota }, persisted] = await Promise.all([bucket.estimate(), bucket.persisted()]);
				return { usedBytes: usage, quotaBytes: quota, persisted };
			},
			reset: () => storageBuckets.delete(BUCKET),
			drop: (name) => dropDatabase(bucket.indexedDB, name)
		};
	} catch {
		return defaultPlace(indexedDB); // refused, as in some private windows: the promise is smaller, and stats say so
	}
}

/**
 * Asks the browser to keep the telemetry's bucket and the origin's default one, each apart: `navigator.storage` speaks of the
 * default one alone. To be called in a window, from a click: some browsers ask the person. What came of it, each tells as `persisted`.
 */
export async function askToPersist(): Promise<void> {
	const storage = globalThis.navigator.storage as Partial<StorageManager> | undefined;
	const ours = async () => (await buckets()?.open(BUCKET, { durability: 'relaxed' }))?.persist?.();
	await Promise.allSettled([ours(), storage?.persist?.()]); // one that rejects has not persisted
}

/** Persistence is asked for, and left where the browser refuses it. */
async function openBucket(buckets: StorageBuckets) {
	try {
		return await buckets.open(BUCKET, { durability: 'relaxed', persisted: true });
	} catch {
		return buckets.open(BUCKET, { durability: 'relaxed' }); // persistence needs a permission that was not given
	}
}

/** The default bucket, or a factory given by a test. */
export function defaultPlace(factory: IDBFactory): StorePlace {
	return {
		factory,
		apart: false,
		async usage() {
			const storage = globalThis.navigator?.storage as StorageManager | undefined;
			const [estimate, persisted] = await Promise.all([storage?.estimate?.(), storage?.persisted?.()]);
			return { usedBytes: estimate?.usage, quotaBytes: estimate?.quota, persisted };
		},
		reset: (name) => dropDatabase(factory, name),
		drop: (name) => dropDatabase(factory, name)
	};
}

/** Another tab has the database open and does not close it. */
export class DatabaseBlocked extends Error {}

/** Tabs close what they have open as soon as they are told; one that has not by then hangs, or is older. */
const BLOCKED_MS = 5000;

function dropDatabase(factory: IDBFactory, name: string): Promise<void> {
	return new Promise((resolve, reject) => {
		const request = factory.deleteDatabase(name);
		let timer: ReturnType<typeof setTimeout> | undefined;
		request.onblocked = () => {
			timer = setTimeout(() => reject(new DatabaseBlocked('another tab has it open')), BLOCKED_MS);
		};
		request.onsuccess = () => {
			clearTimeout(timer);
			resolve();
		};
		request.onerror = () => reject(request.error ?? new Error('the database gave no reason'));
	});
}

/** Where the store lies: a given factory, or the telemetry's own place. */
export const placeOf = ({
	indexedDB
}: {
	readonly indexedDB?: IDBFactory | undefined;
}): Promise<StorePlace> => (indexedDB ? Promise.resolve(defaultPlace(indexedDB)) : telemetryPlace());
