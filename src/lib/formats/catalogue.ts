import type { Result } from '$lib/base';
import type { ChipFamily } from './chips';

export interface CatalogueEntry {
	/** Stable, for addresses and tests. */
	readonly id: string;
	readonly name: string;
	readonly family: ChipFamily;
	/** Of its ESP Web Tools manifest, resolved. */
	readonly manifestUrl: string;
	/** False until a release has put the images in place. */
	readonly available: boolean;
}

export interface Catalogue {
	readonly entries: readonly CatalogueEntry[];
}

export interface CatalogueFault {
	readonly kind: 'not-json' | 'missing' | 'wrong-type' | 'bad-value';
	/** `builds[1].family`; empty for the whole. */
	readonly field: string;
}

/** @param url the catalogue's own address, absolute */
export declare function parseCatalogue(text: string, url: string): Result<Catalogue, CatalogueFault>;
