import { concatBytes, err, ok, type Result } from '$lib/base';
import {
	parseCatalogue,
	parseManifest,
	recogniseBin,
	practiceFamilyOf,
	type AppDescriptor,
	type Catalogue,
	type CatalogueFault,
	type FlasherArgs,
	type FirmwareManifest,
	type ManifestBuild,
	type ManifestFault
} from '$lib/formats';
import type { BoardFacts, FirmwarePart, FirmwareSource } from './facts';
import { looksLikeAPage } from './plan-problems';
import { partFault, type PartFault } from './sources-check';

/** Why a firmware did not come. `url` is the one that failed. */
export type SourceError =
	| { readonly kind: 'bad-address'; readonly url: string }
	/** A secure page may not fetch from http. */
	| { readonly kind: 'mixed-content'; readonly url: string }
	/** The browser does not tell a host that forbids other pages from one that cannot be reached. */
	| { readonly kind: 'cors-or-network'; readonly url: string; readonly online: boolean }
	| { readonly kind: 'http-status'; readonly url: string; readonly status: number }
	/** A page came where a file should be. */
	| { readonly kind: 'html-instead'; readonly url: string }
	| { readonly kind: 'manifest-fault'; readonly url: string; readonly fault: ManifestFault }
	| { readonly kind: 'catalogue-fault'; readonly url: string; readonly fault: CatalogueFault }
	/** Fewer or more bytes came than the host had announced. */
	| {
			readonly kind: 'truncated';
			readonly url: string;
			/** Absent where the host had not said. */
			readonly wantedBytes?: number;
			readonly gotBytes: number;
	  }
	/** It came whole, and is no firmware. */
	| { readonly kind: 'part-fault'; readonly url: string; readonly fault: PartFault }
	| { readonly kind: 'too-large'; readonly url: string; readonly mostBytes: number };

export interface Fetching {
	readonly fetch: typeof fetch;
	/** Of the page that fetches: a secure one may fetch less. */
	readonly page: { readonly href: string; readonly online: boolean };
	readonly signal: AbortSignal;
}

/** No flash that we write is larger. */
const MOST_BYTES = 32 * 1024 * 1024;

/** Rejects only with the signal's reason. @param address as typed; relative ones are the page's own */
export async function loadManifest(
	address: string,
	fetching: Fetching
): Promise<Result<FirmwareManifest, SourceError>> {
	const read = await readText(address, fetching);
	if (!read.ok) return read;
	const { url, text } = read.value;
	const manifest = parseManifest(text, url);
	return manifest.ok ? manifest : err({ kind: 'manifest-fault', url, fault: manifest.error });
}

/** What comes with the app. Rejects only with the signal's reason. */
export async function loadCatalogue(
	address: string,
	fetching: Fetching
): Promise<Result<Catalogue, SourceError>> {
	const read = await readText(address, fetching);
	if (!read.ok) return read;
	const { url, text } = read.value;
	const catalogue = parseCatalogue(text, url);
	return catalogue.ok ? catalogue : err({ kind: 'catalogue-fault', url, fault: catalogue.error });
}

/**
 * The build for this board; undefined where there is none. A practice board takes its own, else the one for the chip that it
 * is on the wire, which the plan then says will not run.
 * @param usb how the board is wired, where the manifest tells builds apart by it
 */
export function pickBuild(
	manifest: FirmwareManifest,
	board: BoardFacts,
	usb?: 'cdc' | 'uart'
): ManifestBuild | undefined {
	for (const family of board.practice ? [practiceFamilyOf(board.chip), board.chip] : [board.chip]) {
		const builds = manifest.builds.filter((build) => build.family === family);
		const fit =
			builds.find((build) => build.serialType !== undefined && build.serialType === usb) ??
			builds.find((build) => build.serialType === undefined) ??
			(usb === undefined ? builds[0] : undefined);
		if (fit) return fit;
	}
	return undefined;
}

/** Fetches every part of a build. Rejects only with the signal's reason. */
export async function loadBuild(
	manifest: FirmwareManifest,
	build: ManifestBuild,
	fetching: Fetching
): Promise<Result<FirmwareSource, SourceError>> {
	const parts: FirmwarePart[] = [];
	for (const { url, path, offset } of build.parts) {
		const read = await readBytes(url, fetching);
		if (!read.ok) return read;
		const { bytes } = read.value;
		const fault = partFault(bytes, build.family);
		if (fault) return err({ kind: 'part-fault', url, fault });
		parts.push({ name: fileName(path), offset, bytes, from: url });
	}
	return ok({
		name: manifest.name,
		version: manifest.version ?? '',
		parts,
		eraseFirst: manifest.promptErase ? 'ask' : 'always',
		...(manifest.improvWaitS !== undefined && { improvWaitS: manifest.improvWaitS }),
		...(manifest.homeAssistantDomain !== undefined && { homeAssistantDomain: manifest.homeAssistantDomain }),
		...(manifest.fundingUrl !== undefined && { fundingUrl: manifest.fundingUrl })
	});
}

/**
 * Files of an own build, with the offsets that a person gave or left. It is called what its app calls itself.
 * @param builtFor what the build wants its bootloader's header to say
 */
export function loadFiles(
	files: readonly {
		readonly name: string;
		readonly offset: number;
		readonly bytes: Uint8Array<ArrayBuffer>;
	}[],
	builtFor?: FlasherArgs['settings']
): FirmwareSource {
	const parts = files.map(({ name, offset, bytes }) => ({ name, offset, bytes, from: name }));
	const app = parts.map(({ bytes }) => descriptorIn(bytes)).find((found) => found !== undefined);
	const [only] = parts;
	const unnamed = only && parts.length === 1 ? only.name : `${parts.length} files of your own`;
	return {
		name: app?.project || unnamed,
		version: app?.version ?? '',
		parts,
		eraseFirst: 'never',
		...(builtFor !== undefined && { builtFor })
	};
}

function descriptorIn(bytes: Uint8Array): AppDescriptor | undefined {
	const bin = recogniseBin(bytes);
	if (bin.kind === 'app') return bin.image.descriptor;
	return bin.kind === 'merged' ? bin.app?.image.descriptor : undefined;
}

/** Espressif's own USB, and its products that are a serial port of the chip itself. Source: ESP Web Tools. */
const ESPRESSIF_VENDOR = 0x303a;
const CDC_PRODUCTS = [0x1001, 0x1002, 0x1003, 0x0002, 0x0003];

/** How a board is wired, as manifests name it; undefined where the port tells no vendor. */
export function serialTypeOf(usb: {
	readonly vendorId?: number;
	readonly productId?: number;
}): 'cdc' | 'uart' | undefined {
	if (usb.vendorId === undefined) return undefined;
	return usb.vendorId === ESPRESSIF_VENDOR && CDC_PRODUCTS.includes(usb.productId ?? -1) ? 'cdc' : 'uart';
}

const fileName = (path: string): string => path.split(/[?#]/u)[0]!.split('/').at(-1) || path;

async function readText(
	address: string,
	fetching: Fetching
): Promise<Result<{ url: string; text: string }, SourceError>> {
	const read = await readBytes(address, fetching);
	if (!read.ok) return read;
	const { url, bytes } = read.value;
	if (looksLikeAPage(bytes)) return err({ kind: 'html-instead', url });
	return ok({ url, text: new TextDecoder().decode(bytes) });
}

async function readBytes(
	address: string,
	{ fetch, page, signal }: Fetching
): Promise<Result<{ url: string; bytes: Uint8Array<ArrayBuffer> }, SourceError>> {
	if (!URL.canParse(address, page.href)) return err({ kind: 'bad-address', url: address });
	const target = new URL(address, page.href);
	const url = target.href;
	if (target.protocol !== 'http:' && target.protocol !== 'https:') return err({ kind: 'bad-address', url });
	if (new URL(page.href).protocol === 'https:' && target.protocol === 'http:' && !isLoopback(target.hostname))
		return err({ kind: 'mixed-content', url });
	try {
		const response = await fetch(url, { signal, credentials: 'omit', referrerPolicy: 'no-referrer' });
		if (!response.ok) return err({ kind: 'http-status', url, status: response.status });
		return await body(response, url, signal);
	} catch {
		signal.throwIfAborted();
		return err({ kind: 'cors-or-network', url, online: page.online });
	}
}

async function body(
	response: Response,
	url: string,
	signal: AbortSignal
): Promise<Result<{ url: string; bytes: Uint8Array<ArrayBuffer> }, SourceError>> {
	const { headers } = response;
	const announced = headers.get('content-length');
	// What a compressed body unpacks to is not what its length says.
	const wantedBytes =
		announced !== null && headers.get('content-encoding') === null ? Number(announced) : undefined;
	if (wantedBytes !== undefined && wantedBytes > MOST_BYTES)
		return err({ kind: 'too-large', url, mostBytes: MOST_BYTES });
	const { bytes, whole } = await taken(response, signal);
	if (bytes.length > MOST_BYTES) return err({ kind: 'too-large', url, mostBytes: MOST_BYTES });
	if (!whole || (wantedBytes !== undefined && wantedBytes !== bytes.length))
		return err({
			kind: 'truncated',
			url,
			gotBytes: bytes.length,
			...(wantedBytes !== undefined && { wantedBytes })
		});
	return ok({ url: response.url || url, bytes });
}

/** What comes of a body, a little more than MOST_BYTES at most. A browser fails the read where a connection ends too early. */
async function taken(
	response: Response,
	signal: AbortSignal
): Promise<{ bytes: Uint8Array<ArrayBuffer>; whole: boolean }> {
	const pieces: Uint8Array[] = [];
	let length = 0;
	const reader = response.body?.getReader();
	try {
		while (reader && length <= MOST_BYTES) {
			const { done, value } = await reader.read();
			if (done) break;
			pieces.push(value);
			length += value.length;
		}
		return { bytes: concatBytes(pieces), whole: true };
	} catch {
		signal.throwIfAborted();
		return { bytes: concatBytes(pieces), whole: false };
	} finally {
		void reader?.cancel().catch(() => undefined); // it ended, or too much came
	}
}

/** Browsers take these for secure. */
const isLoopback = (host: string): boolean =>
	host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || host.startsWith('127.');
