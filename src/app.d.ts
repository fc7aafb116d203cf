declare global {
	/** Names the sources this was built from (scripts/build-id.mjs); the same in the page and its workers. */
	const __BUILD_ID__: string;

	namespace App {}
}

export {};
