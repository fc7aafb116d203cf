// Turns the ESP-IDF build folders of a release into what the page's catalogue offers:
//
//   node --import tsx scripts/catalogue/collect.ts <version> <build folder>…
//
// Each folder is one `idf.py build` for one chip. Their images go to static/firmware/node/<chip>/, one ESP Web Tools manifest for all
// chips beside them, and the catalogue's entries of those chips become available.
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
	parseAppImage,
	parseCatalogue,
	parseFlasherArgs,
	parseManifest,
	type ChipFamily,
	type FlasherArgs
} from '$lib/formats';
import { manifestOf, withAvailable, type ChipBuild } from './node-manifest';

const out = fileURLToPath(new URL('../../static/firmware/', import.meta.url));

const [version, ...folders] = process.argv.slice(2);
if (!version || folders.length === 0) stop('usage: collect.ts <version> <build folder>…');
const builds: ChipBuild[] = [];
for (const folder of folders) builds.push(await collect(folder));
const manifest = manifestOf(version, builds);
if (!parseManifest(manifest, 'https://host/firmware/node/manifest.json').ok)
	stop('the manifest would not be read');
await writeFile(join(out, 'node', 'manifest.json'), manifest);
const catalogueFile = join(out, 'catalogue.json');
const catalogue = withAvailable(
	await readFile(catalogueFile, 'utf8'),
	builds.map((build) => build.family)
);
if (!parseCatalogue(catalogue, 'https://host/firmware/catalogue.json').ok)
	stop('the catalogue would not be read');
await writeFile(catalogueFile, catalogue);
process.stdout.write(`catalogue: ${builds.map((build) => build.family).join(', ')}\n`);

async function collect(folder: string): Promise<ChipBuild> {
	const read = parseFlasherArgs(await readFile(join(folder, 'flasher_args.json'), 'utf8'));
	if (!read.ok)
		return stop(`${folder}: flasher_args.json: ${read.error.kind} at ${read.error.field || 'its start'}`);
	const args = read.value;
	await mkdir(join(out, 'node', args.chip), { recursive: true });
	const parts: ChipBuild['parts'][number][] = [];
	for (const { offset, file } of args.files) {
		await checkImage(folder, file, args);
		const path = `${args.chip}/${basename(file)}`;
		await copyFile(join(folder, file), join(out, 'node', path));
		parts.push({ offset, path });
	}
	return { family: args.family, parts };
}

/** A folder that was built twice for different chips is found here and not by whoever flashes it. */
async function checkImage(folder: string, file: string, args: FlasherArgs): Promise<void> {
	const image = parseAppImage(await readFile(join(folder, file)));
	if (!image.ok) return; // the partition table and otadata are no images
	const family: ChipFamily | undefined = image.value.family;
	if (family !== args.family) stop(`${folder}/${file}: an image for ${family ?? 'no chip we know'}`);
	if (!image.value.checksumOk || image.value.hash.kind === 'wrong') stop(`${folder}/${file}: damaged`);
}

function stop(why: string): never {
	process.stderr.write(`${why}\n`);
	process.exit(1);
}
