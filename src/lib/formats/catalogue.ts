import { err, ok, type Result } from '$lib/base';
import { isChipFamily, type ChipFamily } from './chips';
import { asList, asObject, asText, asUrl, readJsonObject, type FieldFault } from './json-reading';

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

/** The builds that come with the page: `static/firmware/catalogue.json`. */
export interface Catalogue {
	readonly entries: readonly CatalogueEntry[];
}

export type CatalogueFault = FieldFault;

const MOST_ENTRIES = 64;

/**
 * Total. Unlike a manifest it is of our own making: whatever is not as described is refused.
 * @param url the catalogue's own address, absolute
 */
export function parseCatalogue(text: string, url: string): Result<Catalogue, CatalogueFault> {
	const top = readJsonObject(text);
	if (!top.ok) return top;
	const list = asList(top.value['builds'], 'builds', MOST_ENTRIES);
	if (!list.ok) return list;
	const entries: CatalogueEntry[] = [];
	for (const [i, item] of list.value.entries()) {
		const entry = entryOf(item, `builds[${i}]`, url);
		if (!entry.ok) return entry;
		if (entries.some((e) => e.id === entry.value.id))
			return err({ kind: 'bad-value', field: `builds[${i}].id` });
		entries.push(entry.value);
	}
	return ok({ entries });
}

function entryOf(value: unknown, field: string, url: string): Result<CatalogueEntry, CatalogueFault> {
	const object = asObject(value, field);
	if (!object.ok) return object;
	const id = asText(object.value['id'], `${field}.id`);
	if (!id.ok) return id;
	const name = asText(object.value['name'], `${field}.name`);
	if (!name.ok) return name;
	const family = asText(object.value['family'], `${field}.family`);
	if (!family.ok) return family;
	if (!isChipFamily(family.value)) return err({ kind: 'bad-value', field: `${field}.family` });
	const manifest = asText(object.value['manifest'], `${field}.manifest`);
	if (!manifest.ok) return manifest;
	const manifestUrl = asUrl(manifest.value, url, `${field}.manifest`);
	if (!manifestUrl.ok) return manifestUrl;
	const available = object.value['available'];
	if (available === undefined) return err({ kind: 'missing', field: `${field}.available` });
	if (typeof available !== 'boolean') return err({ kind: 'wrong-type', field: `${field}.available` });
	return ok({
		id: id.value,
		name: name.value,
		family: family.value,
		manifestUrl: manifestUrl.value,
		available
	});
}
