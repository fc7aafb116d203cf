import type { PickedFile } from '$lib/flash';

/** Of the installed app: files that a person opened with it. Source: the web app launch handler's specification. */
interface LaunchQueue {
	setConsumer(consumer: (launch: { readonly files?: readonly { getFile(): Promise<File> }[] }) => void): void;
}

/**
 * Tells the files that were opened with the app from the operating system (`file_handlers` of the web manifest); in a browser that
 * has no such thing, nothing. What was opened before anyone asked waits in the queue.
 */
export function watchLaunchedFiles(
	onFiles: (files: readonly PickedFile[]) => void,
	onUnreadable: (count: number) => void,
	queue = (globalThis as { readonly launchQueue?: LaunchQueue }).launchQueue
): void {
	queue?.setConsumer(({ files = [] }) => {
		if (files.length === 0) return; // started without one
		void Promise.allSettled(files.map((file) => file.getFile())).then((read) => {
			const found = read.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
			if (found.length > 0) onFiles(found.map((file) => ({ path: file.name, file })));
			if (found.length < files.length) onUnreadable(files.length - found.length);
		});
	});
}
