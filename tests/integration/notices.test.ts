import { expect, test } from 'vitest';
import { calling, startCore, untilFeed } from './field-environment';

const quota = { kind: 'failing', error: { kind: 'quota', usedBytes: 9, quotaBytes: 10 } } as const;

test('a full store is told once, stays dismissed while it lasts, and is told again when it comes back', async () => {
	const core = await startCore();
	const notices = () => untilFeed(core, 'notices', null, () => true);
	core.storeTrouble(quota);
	expect(await notices()).toMatchObject([{ kind: 'quota' }]);
	await core.handlers.calls.dismissNotice({ id: 'quota' }, calling);
	core.storeTrouble(quota);
	expect(await notices()).toStrictEqual([]);
	core.storeTrouble({ kind: 'recovered' });
	core.storeTrouble(quota);
	expect(await notices()).toMatchObject([{ kind: 'quota' }]);
	await core.close();
});
