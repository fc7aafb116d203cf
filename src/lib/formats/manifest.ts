import { err, ok, type Result } from '$lib/base';
import { isChipFamily, type ChipFamily } from './chips';
import { asList, asObject, asText, asUrl, readJsonObject, type FieldFault } from './json-reading';

export interface ManifestPart {
	/** As written in the manifest. */
	readonly path: string;
	/** Resolved against the manifest's address. */
	readonly url: string;
	/** Bytes from the flash's start. */
	readonly offset: number;
}

export interface ManifestBuild {
	readonly family: ChipFamily;
	/** `cdc`: for the chip's own USB; `uart`: for a bridge; absent: for both. */
	readonly serialType?: 'cdc' | 'uart';
	/** By offset. */
	readonly parts: readonly ManifestPart[];
	/** Its place in the manifest's `builds`. */
	readonly index: number;
}

/** An ESP Web Tools manifest. */
export interface FirmwareManifest {
	readonly name: string;
	/** Absent where the manifest has none. */
	readonly version?: string;
	/** In the manifest's order; of those alike in family and serial type, the first. */
	readonly builds: readonly ManifestBuild[];
	/** Families that we do not know, as written, each once. */
	readonly unknownFamilies: readonly string[];
	/** Ask before erasing at a new install; false: erase without asking. */
	readonly promptErase: boolean;
	/** Seconds that Improv may take to answer after a new install; 0: it has none. */
	readonly improvWaitS?: number;
	/** Home Assistant's integration for what the firmware makes of the board: `esphome`. */
	readonly homeAssistantDomain?: string;
	/** Where its makers may be supported. */
	readonly fundingUrl?: string;
}

export type ManifestFault =
	| FieldFault
	/** Two parts of one build begin at one place, or two builds for one chip differ. */
	| { readonly kind: 'ambiguous'; readonly field: string }
	| { readonly kind: 'too-large'; readonly field: string };

/** More is no manifest: ESP Web Tools' own are below 2 KB. */
const MOST_CHARACTERS = 256 * 1024;
const MOST_BUILDS = 64;
const MOST_PARTS = 32;
const MOST_WAIT_S = 600;
/** Beyond the largest flash that the format can name. */
const MOST_OFFSET = 128 * 1024 * 1024;

/**
 * Total. Takes what manifests in the wild bend without ambiguity (offsets as text, parts in any order, no version, families of
 * chips that we do not know), and refuses the rest, naming the field. Source: the README of ESP Web Tools.
 * @param url the manifest's own address, absolute
 */
export function parseManifest(text: string, url: string): Result<FirmwareManifest, ManifestFault> {
	if (text.length > MOST_CHARACTERS) return err({ kind: 'too-large', field: '' });
	const top = readJsonObject(text);
	if (!top.ok) return top;
	const name = asText(top.value['name'], 'name');
	if (!name.ok) return name;
	const version = versionOf(top.value['version']);
	if (!version.ok) return version;
	const promptErase = flagOf(top.value['new_install_prompt_erase'], 'new_install_prompt_erase');
	if (!promptErase.ok) return promptErase;
	const wait = waitOf(top.value['new_install_improv_wait_time']);
	if (!wait.ok) return wait;
	const domain = domainOf(top.value['home_assistant_domain']);
	if (!domain.ok) return domain;
	const funding = fundingOf(top.value['funding_url'], url);
	if (!funding.ok) return funding;
	const builds = buildsOf(top.value['builds'], url);
	if (!builds.ok) return builds;
	return ok({
		name: name.value,
		...(version.value !== undefined && { version: version.value }),
		...builds.value,
		promptErase: promptErase.value,
		...(wait.value !== undefined && { improvWaitS: wait.value }),
		...(domain.value !== undefined && { homeAssistantDomain: domain.value }),
		...(funding.value !== undefined && { fundingUrl: funding.value })
	});
}

function buildsOf(
	value: unknown,
	url: string
): Result<Pick<FirmwareManifest, 'builds' | 'unknownFamilies'>, ManifestFault> {
	const list = asList(value, 'builds', MOST_BUILDS);
	if (!list.ok) return list;
	const builds: ManifestBuild[] = [];
	const unknownFamilies = new Set<string>();
	for (const [index, item] of list.value.entries()) {
		const field = `builds[${index}]`;
		const object = asObject(item, field);
		if (!object.ok) return object;
		const family = asText(object.value['chipFamily'], `${field}.chipFamily`);
		if (!family.ok) return family;
		const known = familyOf(family.value);
		if (!known) {
			unknownFamilies.add(family.value);
			continue; // made for a chip of later years: what it holds is not ours to judge
		}
		const build = buildOf(object.value, known, index, url);
		if (!build.ok) return build;
		const before = builds.find((b) => b.family === known && b.serialType === build.value.serialType);
		if (!before) builds.push(build.value);
		else if (!sameParts(before, build.value)) return err({ kind: 'ambiguous', field: `${field}.chipFamily` });
	}
	return ok({ builds, unknownFamilies: [...unknownFamilies] });
}

/** As ESP Web Tools writes them, or in other case: `esp32-s3` can mean nothing else. */
function familyOf(text: string): ChipFamily | undefined {
	const name = text.trim().toUpperCase();
	return isChipFamily(name) ? name : undefined;
}

function buildOf(
	object: Readonly<Record<string, unknown>>,
	family: ChipFamily,
	index: number,
	url: string
): Result<ManifestBuild, ManifestFault> {
	const field = `builds[${index}]`;
	const serialType = object['serialType'];
	if (serialType !== undefined && serialType !== 'cdc' && serialType !== 'uart') {
		const kind = typeof serialType === 'string' ? 'bad-value' : 'wrong-type';
		return err({ kind, field: `${field}.serialType` });
	}
	const list = asList(object['parts'], `${field}.parts`, MOST_PARTS);
	if (!list.ok) return list;
	const parts: ManifestPart[] = [];
	for (const [i, item] of list.value.entries()) {
		const part = partOf(item, `${field}.parts[${i}]`, url);
		if (!part.ok) return part;
		if (parts.some((p) => p.offset === part.value.offset)) {
			return err({ kind: 'ambiguous', field: `${field}.parts[${i}].offset` });
		}
		parts.push(part.value);
	}
	parts.sort((a, b) => a.offset - b.offset);
	return ok({ family, ...(serialType && { serialType }), parts, index });
}

function partOf(value: unknown, field: string, url: string): Result<ManifestPart, ManifestFault> {
	const object = asObject(value, field);
	if (!object.ok) return object;
	const path = asText(object.value['path'], `${field}.path`);
	if (!path.ok) return path;
	const resolved = asUrl(path.value, url, `${field}.path`);
	if (!resolved.ok) return resolved;
	const offset = offsetOf(object.value['offset'], `${field}.offset`);
	if (!offset.ok) return offset;
	return ok({ path: path.value, url: resolved.value, offset: offset.value });
}

/** A number, or text that is one: `"0x10000"`, `"65536"`. */
function offsetOf(value: unknown, field: string): Result<number, FieldFault> {
	if (value === undefined) return err({ kind: 'missing', field });
	const isText = typeof value === 'string';
	if (!isText && typeof value !== 'number') return err({ kind: 'wrong-type', field });
	const plain = isText && /^\s*(0x[0-9a-f]+|[0-9]+)\s*$/iu.test(value);
	const offset = isText ? (plain ? Number(value) : NaN) : value;
	return Number.isInteger(offset) && offset >= 0 && offset < MOST_OFFSET
		? ok(offset)
		: err({ kind: 'bad-value', field });
}

/** `1.2` without quotes is a number to JSON and a version to who wrote it. */
function versionOf(value: unknown): Result<string | undefined, FieldFault> {
	if (isAbsent(value)) return ok(undefined);
	if (typeof value === 'string') return ok(value);
	return typeof value === 'number' ? ok(String(value)) : err({ kind: 'wrong-type', field: 'version' });
}

function flagOf(value: unknown, field: string): Result<boolean, FieldFault> {
	if (value === undefined || value === null) return ok(false);
	return typeof value === 'boolean' ? ok(value) : err({ kind: 'wrong-type', field });
}

function waitOf(value: unknown): Result<number | undefined, FieldFault> {
	const field = 'new_install_improv_wait_time';
	if (value === undefined || value === null) return ok(undefined);
	if (typeof value !== 'number') return err({ kind: 'wrong-type', field });
	return value >= 0 && value <= MOST_WAIT_S ? ok(value) : err({ kind: 'bad-value', field });
}

/** It becomes part of an address of Home Assistant's, so it is a name of theirs or none. */
function domainOf(value: unknown): Result<string | undefined, FieldFault> {
	const field = 'home_assistant_domain';
	if (isAbsent(value)) return ok(undefined);
	if (typeof value !== 'string') return err({ kind: 'wrong-type', field });
	return /^[a-z0-9_]{1,64}$/u.test(value) ? ok(value) : err({ kind: 'bad-value', field });
}

function fundingOf(value: unknown, url: string): Result<string | undefined, FieldFault> {
	const field = 'funding_url';
	if (isAbsent(value)) return ok(undefined);
	const text = asText(value, field);
	return text.ok ? asUrl(text.value, url, field) : text;
}

const isAbsent = (value: unknown): boolean => value === undefined || value === null || value === '';

const sameParts = (a: ManifestBuild, b: ManifestBuild): boolean =>
	a.parts.length === b.parts.length &&
	a.parts.every((p, i) => p.url === b.parts[i]!.url && p.offset === b.parts[i]!.offset);
