import type { VirtualOrder } from '../../lab/messages';
import type { getApp } from '../app.svelte';
import { labErrorWords } from '../lab-words';

/** Makes them one after the other, and says at the end what became of it; one press takes all of them back. */
export async function makeVirtual(
	app: ReturnType<typeof getApp>,
	names: readonly string[],
	make: VirtualOrder
): Promise<void> {
	const made: string[] = [];
	const undo = { label: 'Undo', run: () => void Promise.all(made.map((id) => app.lab.remove(id))) };
	for (const name of names) {
		const added = await app.lab.add(name, make);
		if (!added.ok) {
			const why = labErrorWords(added.error);
			if (made.length === 0) return app.toasts.say(why);
			return app.toasts.say(`${made.length} of ${names.length} run in this browser. ${why}`, undo);
		}
		made.push(added.value.id);
	}
	const [first = ''] = names;
	const who = names.length === 1 ? `${first} runs` : `${names.length} devices run`;
	app.toasts.say(`${who} in this browser.`, undo);
}
