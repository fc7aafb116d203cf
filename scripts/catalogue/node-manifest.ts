import type { ChipFamily } from '$lib/formats';

export interface ChipBuild {
	readonly family: ChipFamily;
	/** Paths relative to the manifest. */
	readonly parts: readonly { readonly path: string; readonly offset: number }[];
}

/** One ESP Web Tools manifest for all chips of a release. */
export function manifestOf(version: string, builds: readonly ChipBuild[]): string {
	return `${JSON.stringify(
		{
			name: 'Fieldbench node',
			version,
			new_install_prompt_erase: true,
			new_install_improv_wait_time: 10,
			builds: builds.map(({ family, parts }) => ({ chipFamily: family, parts }))
		},
		null,
		2
	)}\n`;
}

/** The catalogue's text with these chips' entries marked as available; the rest as it was. */
export function withAvailable(catalogue: string, families: readonly ChipFamily[]): string {
	const { builds } = JSON.parse(catalogue) as { builds: { family: ChipFamily; available: boolean }[] };
	const rows = builds.map((build) =>
		JSON.stringify({ ...build, available: build.available || families.includes(build.family) })
	);
	return `{\n  "builds": [\n${rows.map((row) => `    ${row}`).join(',\n')}\n  ]\n}\n`;
}
