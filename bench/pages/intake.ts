import { connectField } from '$lib/app/field/client';
import type { IntakeReport, Notice } from '$lib/app/field/messages';

const { signal } = new AbortController(); // as long as the page
const field = connectField({ signal });
let report: IntakeReport | undefined;
let notices: readonly Notice[] = [];
field.watch('intake', null, (value) => (report = value), signal);
field.watch('notices', null, (value) => (notices = value), signal);

globalThis.intakeBench = {
	async connect(brokerUrl) {
		const id = 'bench';
		const saved = await field.call('saveBroker', {
			profile: {
				...{ id, name: 'Bench', url: brokerUrl, username: '', hasPassword: false, protocol: 'auto' },
				...{ keepaliveS: 30, persistentSession: false, local: false }
			}
		});
		if (!saved.ok) throw new Error(saved.error.kind);
		const live = new Promise<void>((resolve) => {
			const done = new AbortController();
			const watch = (kind: string) => {
				if (kind !== 'live') return;
				done.abort();
				resolve();
			};
			field.watch('session', null, (state) => watch(state.kind), done.signal);
		});
		await field.call('connect', { id });
		await live;
	},
	commit: () => field.call('flush', null),
	async state() {
		const { samples, dropped } = await field.call('storeStats', null);
		const refused = Object.values(report?.refused ?? {}).reduce((sum, n) => sum + n, 0);
		return { samples, lost: dropped + refused, notices: notices.map(({ kind }) => kind) };
	}
};
