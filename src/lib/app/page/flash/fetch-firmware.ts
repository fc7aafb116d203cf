import { err, ok, type Result } from '$lib/base';
import { type BoardFacts, type FirmwarePart, type FirmwareSource, looksLikeAPage } from '$lib/flash';
import {
	type CatalogueEntry,
	type CatalogueFault,
	type ChipFamily,
	type ManifestFault,
	parseCatalogue,
	parseManifest,
	PRACTICE_FAMILY
} from '$lib/formats';

/** Why a firmware did not come. */
export type FetchFault =
	/** The network, the name, or a host that does not let other pages read it: a browser does not say which. */
	| { readonly kind: 'unreachable'; readonly url: string }
	/** An https page may not read from plain http. */
	| { readonly kind: 'mixed-content'; readonly url: string }
	| { readonly kind: 'status'; readonly url: string; readonly status: number }
	/** A web page came in the place of what was asked for. */
	| { readonly kind: 'web-page'; readonly url: string }
	| {
			readonly kind: 'cut-short';
			readonly url: string;
			readonly gotBytes: number;
			readonly wantedBytes: number;
	  }
	| { readonly kind: 'bad-catalogue'; readonly fault: CatalogueFault }
	| { readonly kind: 'bad-manifest'; readonly fault: ManifestFault }
	/** The manifest has no build for this chip. */
	| { readonly kind: 'no-build'; readonly has: readonly string[]; readonly wanted: ChipFamily };

type Fetch = typeof globalThis.fetch;

/** @param url of the catalogue, absolute */
export async function fetchCatalogue(
	url: string,
	fetch: Fetch,
	signal: AbortSignal
): Promise<Result<readonly CatalogueEntry[], FetchFault>> {
	const bytes = await download(url, fetch, signal);
	if (!bytes.ok) return bytes;
	const parsed = parseCatalogue(new TextDecoder().decode(bytes.value), url);
	return parsed.ok ? ok(parsed.value.entries) : err({ kind: 'bad-catalogue', fault: parsed.error });
}

/** Fetches a manifest, chooses the board's build and fetches its parts. Rejects only with the signal's reason. */
export async function fetchFirmware(
	url: string,
	board: BoardFacts,
	fetch: Fetch,
	signal: AbortSignal
): Promise<Result<FirmwareSource, FetchFault>> {
	const text = await download(url, fetch, signal);
	if (!text.ok) return text;
	const parsed = parseManifest(new TextDecoder().decode(text.value), url);
	if (!parsed.ok) return err({ kind: 'bad-manifest', fault: parsed.error });
	const manifest = parsed.value;
	const wanted = board.practice ? PRACTICE_FAMILY : board.chip;
	const build = manifest.builds.find(({ family }) => family === wanted);
	if (!build) {
		const has = [...manifest.builds.map(({ family }) => family), ...manifest.unknownFamilies];
		return err({ kind: 'no-build', has, wanted });
	}
	const parts: FirmwarePart[] = [];
	for (const part of build.parts) {
		const bytes = await download(part.url, fetch, signal);
		if (!bytes.ok) return bytes;
		const name = part.path.split('/').at(-1) ?? part.path;
		parts.push({ name, offset: part.offset, bytes: bytes.value, from: part.url });
	}
	return ok({
		name: manifest.name,
		version: manifest.version ?? '',
		parts,
		eraseFirst: manifest.promptErase ? 'ask' : 'never',
		...(manifest.improvWaitS !== undefined && { improvWaitS: manifest.improvWaitS })
	});
}

async function download(
	url: string,
	fetch: Fetch,
	signal: AbortSignal
): Promise<Result<Uint8Array<ArrayBuffer>, FetchFault>> {
	if (location.protocol === 'https:' && url.startsWith('http:') && !url.startsWith('http://localhost'))
		return err({ kind: 'mixed-content', url });
	try {
		const response = await fetch(url, { signal, credentials: 'omit' });
		if (!response.ok) return err({ kind: 'status', url, status: response.status });
		const bytes = new Uint8Array(await response.arrayBuffer());
		if (looksLikeAPage(bytes)) return err({ kind: 'web-page', url });
		const wantedBytes = Number(response.headers.get('content-length') ?? bytes.length);
		// A compressed answer is longer than its header says, never shorter.
		if (bytes.length < wantedBytes)
			return err({ kind: 'cut-short', url, gotBytes: bytes.length, wantedBytes });
		return ok(bytes);
	} catch (cause) {
		if (signal.aborted) throw cause;
		return err({ kind: 'unreachable', url });
	}
}
