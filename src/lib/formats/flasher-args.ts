import { err, ok, type Result } from '$lib/base';
import { isChipFamily, type ChipFamily } from './chips';
import { asObject, asText, readJsonObject, type FieldFault } from './json-reading';

/** What ESP-IDF's build says must be flashed where: `flasher_args.json`. */
export interface FlasherArgs {
	/** As ESP-IDF names it: `esp32c3`. */
	readonly chip: string;
	readonly family: ChipFamily;
	/** By offset, in bytes; files relative to the build folder, with `/`. */
	readonly files: readonly { readonly offset: number; readonly file: string }[];
	/** What the image headers were made for, as written: `dio`, `4MB`, `80m`. */
	readonly settings: { readonly mode?: string; readonly size?: string; readonly frequency?: string };
	/** Of esptool's `write_flash`, as written. */
	readonly writeArgs: readonly string[];
}

export type FlasherArgsFault =
	| FieldFault
	/** A file beyond the build folder. */
	| { readonly kind: 'outside'; readonly field: string }
	/** Two files at one offset. */
	| { readonly kind: 'ambiguous'; readonly field: string }
	| { readonly kind: 'unknown-chip'; readonly field: string; readonly chip: string }
	/** A part that must be encrypted by the chip while it is written. */
	| { readonly kind: 'encrypted'; readonly field: string }
	| { readonly kind: 'too-large'; readonly field: string };

/** ESP-IDF's own are below 3 KB. */
const MOST_CHARACTERS = 64 * 1024;
const MOST_FILES = 64;
const MOST_ARGS = 64;
const MOST_OFFSET = 128 * 1024 * 1024;

/** Total. Source: ESP-IDF `components/esptool_py/flasher_args.json.in`. */
export function parseFlasherArgs(text: string): Result<FlasherArgs, FlasherArgsFault> {
	if (text.length > MOST_CHARACTERS) return err({ kind: 'too-large', field: '' });
	const top = readJsonObject(text);
	if (!top.ok) return top;
	const family = chipOf(top.value['extra_esptool_args']);
	if (!family.ok) return family;
	const files = filesOf(top.value['flash_files']);
	if (!files.ok) return files;
	const settings = settingsOf(top.value['flash_settings']);
	if (!settings.ok) return settings;
	const writeArgs = argsOf(top.value['write_flash_args']);
	if (!writeArgs.ok) return writeArgs;
	const encrypted = encryptedOf(top.value);
	if (encrypted !== undefined) return err({ kind: 'encrypted', field: encrypted });
	return ok({ ...family.value, files: files.value, settings: settings.value, writeArgs: writeArgs.value });
}

function chipOf(value: unknown): Result<Pick<FlasherArgs, 'chip' | 'family'>, FlasherArgsFault> {
	const object = asObject(value, 'extra_esptool_args');
	if (!object.ok) return object;
	const field = 'extra_esptool_args.chip';
	const chip = asText(object.value['chip'], field);
	if (!chip.ok) return chip;
	// esp32c3 → ESP32-C3
	const family = chip.value.toUpperCase().replace(/^ESP32(?=[^-])/u, 'ESP32-');
	return isChipFamily(family)
		? ok({ chip: chip.value, family })
		: err({ kind: 'unknown-chip', field, chip: chip.value });
}

function filesOf(value: unknown): Result<FlasherArgs['files'], FlasherArgsFault> {
	const object = asObject(value, 'flash_files');
	if (!object.ok) return object;
	const entries = Object.entries(object.value);
	if (entries.length === 0 || entries.length > MOST_FILES)
		return err({ kind: 'bad-value', field: 'flash_files' });
	const files: { offset: number; file: string }[] = [];
	for (const [key, item] of entries) {
		const field = `flash_files[${JSON.stringify(key)}]`;
		const offset = /^(0x[0-9a-f]+|[0-9]+)$/iu.test(key) ? Number(key) : NaN;
		if (!(offset < MOST_OFFSET)) return err({ kind: 'bad-value', field });
		const path = asText(item, field);
		if (!path.ok) return path;
		const file = insidePath(path.value);
		if (file === undefined) return err({ kind: 'outside', field });
		if (files.some((other) => other.offset === offset)) return err({ kind: 'ambiguous', field });
		files.push({ offset, file });
	}
	return ok(files.sort((a, b) => a.offset - b.offset));
}

function settingsOf(value: unknown): Result<FlasherArgs['settings'], FlasherArgsFault> {
	if (value === undefined) return ok({});
	const object = asObject(value, 'flash_settings');
	if (!object.ok) return object;
	const names = { mode: 'flash_mode', size: 'flash_size', frequency: 'flash_freq' };
	const settings: Record<string, string> = {};
	for (const [name, key] of Object.entries(names)) {
		const item = object.value[key];
		if (item === undefined) continue;
		const text = asText(item, `flash_settings.${key}`);
		if (!text.ok) return text;
		settings[name] = text.value;
	}
	return ok(settings);
}

function argsOf(value: unknown): Result<readonly string[], FlasherArgsFault> {
	const field = 'write_flash_args';
	if (value === undefined) return ok([]);
	if (!Array.isArray(value)) return err({ kind: 'wrong-type', field });
	if (value.length > MOST_ARGS) return err({ kind: 'bad-value', field });
	const texts = value.filter((item) => typeof item === 'string');
	return texts.length === value.length ? ok(texts) : err({ kind: 'wrong-type', field });
}

/** The first of the named parts (`app`, `bootloader`, …) whose `encrypted` says yes. ESP-IDF writes it as text. */
function encryptedOf(top: Readonly<Record<string, unknown>>): string | undefined {
	for (const [name, value] of Object.entries(top)) {
		const part = asObject(value, name);
		const says = part.ok ? part.value['encrypted'] : undefined;
		if (says === true || says === 'true') return `${name}.encrypted`;
	}
	return undefined;
}

/** A relative path without `.` in it; undefined where it leads out. */
function insidePath(path: string): string | undefined {
	const steps = path.split(/[/\\]/u);
	if (steps[0] === '' || /^[a-z]:/iu.test(path) || steps.includes('..')) return undefined;
	return steps.filter((step) => step !== '.' && step !== '').join('/') || undefined;
}
