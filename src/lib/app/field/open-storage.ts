import type { Clock } from '$lib/base';
import {
	buildStore,
	copyMemory,
	databaseInUse,
	dropUnused,
	openTelemetryStore,
	opfsFolder,
	parseAnnotation,
	parseSavedView,
	pickedFolder,
	resetTelemetry,
	SecondCopy,
	type CopyFolder,
	type CopyMemory,
	type StoreTrouble
} from '$lib/telemetry';
import { memoryKeep, openKeep, type Keep } from '$lib/vault';
import {
	parseAlert,
	parseBroker,
	parseCommand,
	parseEventPage,
	parseLetGo,
	parseNotice,
	parseSetting,
	parseStoredDevice,
	parseTaken
} from './stored-rows';
import type { CopyChoice } from './copy-choice';
import type { FieldStorage, Workspace } from './storage';
import { Watchers } from './watchers';

/** In the sentinel's place after a person deleted the store: what is missing then is no loss, whatever the page remembers. */
const RESET = 'reset';

export interface OpenStorageOptions {
	/** What a page kept of the store's state, null where none did. */
	readonly sentinel: string | null;
	readonly clock: Clock;
	/** A factory for both databases; the browser's own in the product. */
	readonly indexedDB?: IDBFactory;
	/** Where a second copy may lie and what is remembered of it; the browser's own in the product. */
	readonly copy?: { readonly own: CopyFolder | undefined; readonly memory: CopyMemory };
	/** What is noticed between two calls. */
	readonly onTrouble: (trouble: StoreTrouble) => void;
}

/**
 * Takes a new fence number and opens all that outlives the worker. What will not open is kept in memory, and `failing`
 * says so. Rejects where a keep that opened cannot take a fence number: without one nobody may write.
 */
export async function openStorage({
	sentinel,
	clock,
	indexedDB,
	copy: copyParts = indexedDB ? undefined : { own: opfsFolder(), memory: copyMemory() },
	onTrouble
}: OpenStorageOptions): Promise<FieldStorage> {
	const factory = indexedDB ? { indexedDB } : {};
	const opened = await openKeep({ ...factory, clock });
	const keep: Keep = opened.ok ? opened.value : memoryKeep(clock);
	const sentinels = new Watchers<string>();
	let newest: string | undefined;
	const kept = await keep.sentinel.read();
	const inUse = await databaseInUse(await keep.marks.telemetryName(), indexedDB);
	const fence = await keep.takeFence('field');
	const copy = copyParts && (await openCopy(copyParts, clock, fence));
	const telemetry = await openTelemetryStore({
		...factory,
		clock,
		name: inUse,
		...(copy ? { copy } : {}),
		fence,
		known: kept === RESET ? [] : [sentinel, kept],
		onSentinel: (text) => {
			newest = text;
			sentinels.tell(text);
			keep.sentinel.write(text).catch(() => {}); // the page's copy is the one that counts
		},
		letGo: keep.rows('let-go', parseLetGo),
		onTrouble
	});
	const durable = opened.ok && telemetry.health.kind === 'durable';
	// What a restore replaced, or did not finish.
	if (durable) void dropUnused({ indexedDB, inUse });
	return {
		settings: keep.rows('settings', parseSetting),
		brokers: keep.rows('brokers', parseBroker),
		devices: keep.rows('devices', parseStoredDevice),
		events: keep.rows('events', parseEventPage),
		outbox: keep.rows('outbox', parseCommand),
		notices: keep.rows('notices', parseNotice),
		annotations: keep.rows('annotations', parseAnnotation),
		views: keep.rows('views', parseSavedView),
		alerts: keep.rows('alerts', parseAlert),
		taken: keep.rows('taken', parseTaken),
		secrets: keep.secrets,
		telemetry: telemetry.store,
		...(copy && copyParts ? { copy: choiceOf(copy, copyParts.memory) } : {}),
		losses: telemetry.losses,
		keepLost: opened.ok && opened.value.discarded,
		failing: failureOf(opened.ok ? undefined : opened.error.kind, telemetry.health),
		...(telemetry.health.kind === 'memory'
			? {
					reset: async () => {
						const gone = await resetTelemetry({ ...factory, name: inUse });
						if (gone.ok) await keep.sentinel.write(RESET);
						return gone;
					}
				}
			: {}),
		...(durable
			? {
					workspace: {
						dump: () => keep.dump(),
						secretNames: () => keep.secretNames(),
						replace: async (change) => {
							await keep.replace(change);
							await copy?.replaced();
						},
						restored: () => keep.marks.restored(),
						build: (parts) => buildStore({ indexedDB, inUse }, parts)
					} satisfies Workspace
				}
			: {}),
		watchSentinel: (fn, signal) => sentinels.add(fn, signal, newest),
		close: async () => {
			await telemetry.store.close();
			await copy?.close();
			keep.close();
		}
	};
}

/** A folder that cannot be had from memory is none: the keep lies in the same bucket, and says that it fails. */
async function openCopy(
	{ own, memory }: NonNullable<OpenStorageOptions['copy']>,
	clock: Clock,
	fence: number
): Promise<SecondCopy> {
	const picked = await memory.picked().catch(() => undefined);
	return new SecondCopy({
		...{ own, memory, clock, fence },
		picked: picked && pickedFolder(picked, memory)
	});
}

const choiceOf = (copy: SecondCopy, memory: CopyMemory): CopyChoice => ({
	get status() {
		return copy.status;
	},
	keep: (where) =>
		where === 'nowhere'
			? copy.turnOff()
			: copy.turnOn(where === 'browser' ? undefined : pickedFolder(where, memory)),
	folder: () => memory.picked(),
	act: (act) => (act === 'look-again' ? copy.lookAgain() : copy.settle(act))
});

function failureOf(
	keep: string | undefined,
	telemetry: { kind: string; cause?: string }
): string | undefined {
	if (keep !== undefined) return `settings: ${keep}`;
	if (telemetry.kind === 'newer') return 'telemetry: newer-version';
	return telemetry.kind === 'durable' ? undefined : `telemetry: ${telemetry.cause ?? telemetry.kind}`;
}
