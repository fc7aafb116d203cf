// Runs before the first paint, so that a chosen theme never flashes in the other one. A file of its own: the CSP has no inline.
// The choice is written by src/lib/app/page/theme.svelte.ts.
try {
	const choice = localStorage.getItem('fieldbench-theme');
	if (choice === 'light' || choice === 'dark') document.documentElement.dataset.theme = choice;
} catch {
	// Storage is blocked: the system's theme it is.
}
