import type { Result } from '$lib/base';
import type { CatalogueEntry, PartitionTable } from '$lib/formats';
import type {
	Backup,
	BoardFacts,
	FirmwareSource,
	FlashError,
	FlashRange,
	FlashState,
	PickedFile,
	PlanWishes,
	ReadProgress,
	ReadReport,
	RecentFirmware,
	SettingsSnapshots,
	WritePlan
} from '$lib/flash';
import type { BoardFault, BoardMake } from '$lib/lab';
import type { DeviceId } from '$lib/model';
import type { PortError, SerialLine, SerialPortLike } from '$lib/link';
import type { Setup } from '$lib/provision';
import type { SaveTarget } from '$lib/ui';
import type { SerialDoor } from './serial-ports.svelte';

/** What the Flash page needs of the rooms below it. The page is joined to them in one place, and to made-up ones in tests. */
export interface FlashWorks {
	/** `navigator.serial`, where the browser has it. */
	readonly door: SerialDoor | undefined;
	/** undefined where this page has no lab. */
	readonly practice: PracticeShelf | undefined;
	readonly firmware: FirmwareShelf;
	readonly settings: SettingsShelf;
	/** From now on that device believes what is sealed with it, base64; empty: it has none. A failure is said to the person. */
	keepSecret(device: DeviceId, secret: string): Promise<void>;
	/** A board on this port: nothing is opened yet. */
	boardOn(port: SerialPortLike): BoardAtWork;
	/** Asks where to save a file, while a click is being answered; undefined where the person did not choose. */
	pickSave(suggestedName: string): Promise<SaveTarget | undefined>;
	/** No write of this page may be cut off by a reload, a sleeping screen or an update while `during` runs. */
	guarded<T>(during: () => Promise<T>): Promise<T>;
}

/** The virtual boards of this browser. */
export interface PracticeShelf {
	watch(emit: (boards: readonly PracticeBoardView[]) => void, signal: AbortSignal): void;
	/** @returns the new board's id, or why there is none, in words */
	make(order: BoardMake): Promise<Result<string, string>>;
	remove(id: string): Promise<void>;
	act(id: string, act: PracticeAct): Promise<void>;
	/** What is wrong with it from now on. */
	misbehave(id: string, faults: readonly BoardFault[]): Promise<void>;
	openPort(id: string): SerialPortLike;
	/** The access point that its world has for practising. */
	readonly network: { readonly ssid: string; readonly password: string };
}

export type PracticeAct =
	'plug' | 'unplug' | 'boot-down' | 'boot-up' | 'en' | 'take-real-time' | 'take-no-time';

export interface PracticeBoardView {
	readonly id: string;
	readonly name: string;
	readonly mac: string;
	readonly state: 'unplugged' | 'download' | 'booting' | 'running' | 'stuck';
	/** A port of it is there to be opened. */
	readonly onBus: boolean;
	/** What it does, or why it does nothing, in a sentence. */
	readonly doing: string;
	readonly make: BoardMake;
	readonly faults: readonly BoardFault[];
	/** Its line and its flash take no time. */
	readonly instant: boolean;
}

/** A file as a person chose it, and where it goes. */
export interface PlacedFile {
	readonly name: string;
	readonly offset: number;
	readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Where firmware comes from. Failures come as words: the rooms make them from their own kinds. */
export interface FirmwareShelf {
	catalogue(signal: AbortSignal): Promise<Result<readonly CatalogueEntry[], string>>;
	/** @param usb of the board's port: some manifests have a build for each kind of cable */
	fetchManifest(
		url: string,
		board: BoardFacts,
		usb: BoardAtWork['info'],
		signal: AbortSignal
	): Promise<Result<FirmwareSource, string>>;
	fromFiles(files: readonly PlacedFile[], builtFor?: FirmwareSource['builtFor']): FirmwareSource;
	/** Folders, zips and files as a person chose them. */
	open(
		picked: readonly PickedFile[],
		board: BoardFacts,
		table: PartitionTable | undefined
	): Promise<OpenedFiles>;
	readonly recent: RecentShelf;
}

/** Firmware that was used here, kept in this browser. */
export interface RecentShelf {
	list(): Promise<Result<readonly RecentFirmware[], string>>;
	/** @returns why it was not kept, in words */
	keep(firmware: FirmwareSource, from: string): Promise<Result<void, string>>;
	take(id: string): Promise<Result<FirmwareSource, string>>;
	remove(id: string): Promise<Result<void, string>>;
}

/** Settings of boards that were kept before a write. */
export type SettingsShelf = Pick<SettingsSnapshots, 'list' | 'keep' | 'open' | 'remove'>;

/** What was found in what a person chose. */
export interface OpenedFiles {
	/** Each is a build of its own, or one loose file. */
	readonly builds: readonly {
		/** It says itself where its files go, so it is whole. */
		readonly placed: boolean;
		/** What it says that it was made for. */
		readonly builtFor?: FirmwareSource['builtFor'];
		readonly files: readonly OpenedFile[];
	}[];
	readonly backups: readonly OpenedBackup[];
	/** What was not taken and why, in words. */
	readonly faults: readonly string[];
}

/** A backup whose digest held. */
export interface OpenedBackup {
	readonly backup: Backup;
	/** What puts it back on this board, or why it does not fit, in words. */
	readonly source: Result<FirmwareSource, string>;
	/** What does not come back, in words. */
	readonly note?: string;
}

export interface OpenedFile {
	readonly name: string;
	readonly bytes: Uint8Array<ArrayBuffer>;
	/** What it is by its bytes. */
	readonly words: string;
	/** Why it cannot be flashed, in words. */
	readonly fault?: string;
	/** Where its build says that it goes. */
	readonly offset?: number;
	/** Where it is one. */
	readonly table?: PartitionTable;
	/** Where such a file belongs on this chip under this table. */
	placeOn(table: PartitionTable | undefined): number | undefined;
}

/** One board and its cable. It is used for one thing at a time. */
export interface BoardAtWork {
	readonly info: { readonly vendorId?: number; readonly productId?: number };
	/** Bits per second that a write begins with; undefined for a chip's own USB, which has none. */
	readonly baud: number | undefined;
	/** The table that is on the board now, once it was connected; undefined where it has none, or it could not be read. */
	readonly table: PartitionTable | undefined;
	/** Where it lies, bytes from the flash's start. */
	readonly tableOffset: number | undefined;
	/** A person's choice, for this kind of adapter. */
	beginAt(baud: number): void;
	/** Resets the chip into download mode and asks who it is. */
	connect(onAttempt: (attempt: number) => void, signal: AbortSignal): Promise<Result<BoardFacts, FlashError>>;
	/** What a plan must know of its flash was read, and nothing can have changed since. */
	readonly known: boolean;
	/** Reads that, unless it is known. The board was connected before; rejects with the signal's reason. */
	look(signal: AbortSignal): Promise<Result<undefined, FlashError>>;
	/** Reads it anew, the table sought at this offset before the usual ones. */
	lookAt(tableOffset: number, signal: AbortSignal): Promise<Result<undefined, FlashError>>;
	plan(firmware: FirmwareSource, wishes: PlanWishes): WritePlan;
	/** What its flash holds there, checked twice; it was connected before. @param onBytes told how many have come */
	read(
		range: FlashRange,
		onBytes: (bytes: number) => void,
		signal: AbortSignal
	): Promise<Result<Uint8Array<ArrayBuffer>, FlashError>>;
	/** The same, handed out stretch by stretch: `take` is awaited. Rejects with the signal's reason, or with what `take` throws. */
	readOut(
		range: FlashRange,
		out: {
			readonly take: (bytes: Uint8Array<ArrayBuffer>) => Promise<void> | void;
			readonly tell: (progress: ReadProgress) => void;
		},
		signal: AbortSignal
	): Promise<Result<ReadReport, FlashError>>;
	/** Ends in `done`, `cancelled` or `failed`, which is also told; the board is restarted. */
	write(plan: WritePlan, onState: (state: FlashState) => void, signal: AbortSignal): Promise<void>;
	/** The line of the program that runs on it, until `signal` aborts. @param baud 115200 unless told otherwise */
	listen(
		onText: (bytes: Uint8Array) => void,
		signal: AbortSignal,
		baud?: number
	): Promise<Result<SerialLine, PortError>>;
	/** Wi-Fi, broker and name over the line, until `signal` aborts. @param improvWaitS of the firmware that was just written */
	setUp(line: SerialLine, signal: AbortSignal, improvWaitS?: number): Setup;
	/** Brokers that this board can reach, best first; or why there is none to offer, in words. */
	brokers(signal: AbortSignal): Promise<Result<readonly OfferedBroker[], string>>;
	release(): Promise<void>;
}

/** An address of a broker as a board reaches it: never this computer's name for itself. */
export interface OfferedBroker {
	readonly uri: string;
	readonly label: string;
	readonly note?: string;
}
