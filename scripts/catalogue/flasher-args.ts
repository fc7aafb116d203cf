import { isChipFamily, type ChipFamily } from '$lib/formats';

/** What ESP-IDF's build says must be flashed where. */
export interface FlasherArgs {
	/** As ESP-IDF names it: `esp32c3`. */
	readonly chip: string;
	readonly family: ChipFamily;
	/** By offset, in bytes; files relative to the build folder. */
	readonly files: readonly { readonly offset: number; readonly file: string }[];
}

/** `flasher_args.json` of a build folder, or undefined where it is not as ESP-IDF writes it or names a file outside. */
export function readFlasherArgs(text: string): FlasherArgs | undefined {
	const top = objectOf(parsed(text));
	const chip = objectOf(top?.['extra_esptool_args'])?.['chip'];
	const family = typeof chip === 'string' ? familyOf(chip) : undefined;
	const flashFiles = objectOf(top?.['flash_files']);
	if (typeof chip !== 'string' || !family || !flashFiles) return undefined;
	const files: { offset: number; file: string }[] = [];
	for (const [key, file] of Object.entries(flashFiles)) {
		const outside = typeof file !== 'string' || file.startsWith('/') || file.split('/').includes('..');
		if (outside || !/^0x[0-9a-f]+$/iu.test(key)) return undefined;
		files.push({ offset: Number(key), file });
	}
	return files.length > 0 ? { chip, family, files: files.sort((a, b) => a.offset - b.offset) } : undefined;
}

/** `esp32c3` → `ESP32-C3` */
function familyOf(chip: string): ChipFamily | undefined {
	const name = chip.toUpperCase().replace(/^ESP32(?=.)/u, 'ESP32-');
	return isChipFamily(name) ? name : undefined;
}

function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined; // told to the caller as any other file that is not ESP-IDF's
	}
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
	return typeof value === 'object' && value !== null && !Array.isArray(value)
		? (value as Readonly<Record<string, unknown>>)
		: undefined;
}
