import { expect, it } from 'vitest';
import { parseDeviceId } from '$lib/model';
import { parseAnnotation, parseSavedView, type Annotation } from '$lib/telemetry';
import { memoryKeep } from '$lib/vault';
import { Notebook } from './notebook';

const bench = parseDeviceId('fb-bench');
const other = parseDeviceId('fb-other');
if (!bench.ok || !other.ok) throw new Error('impossible id');
const note: Annotation = {
	...{ id: 'a', device: bench.value, fromMs: 1000, toMs: 2000, text: 'Filter changed' },
	...{ createdMs: 5, changedMs: 5 }
};
const never = new AbortController().signal;
const context = { signal: never, ports: [] };

async function notebook(keep = memoryKeep()) {
	const made = new Notebook({
		annotations: keep.rows('annotations', parseAnnotation),
		views: keep.rows('views', parseSavedView)
	});
	await made.restore();
	const told: (readonly Annotation[])[] = [];
	made.feeds.annotations(null, (all) => told.push(all), never);
	return { made, told, keep };
}

it('keeps, replaces and removes annotations, tells all who look, and outlives the worker', async () => {
	const { made, told, keep } = await notebook();
	expect(await made.calls.saveAnnotation({ ...note, text: '  Filter changed ' }, context)).toMatchObject({
		ok: true
	});
	await made.calls.saveAnnotation({ ...note, id: 'b', createdMs: 4, text: 'Moved' }, context);
	expect(told.at(-1)?.map(({ text }) => text)).toEqual(['Moved', 'Filter changed']);
	await made.calls.saveAnnotation({ ...note, text: 'New filter' }, context);
	await made.calls.removeAnnotation({ id: 'b' }, context);
	expect(told.at(-1)).toEqual([{ ...note, text: 'New filter' }]);
	expect((await notebook(keep)).told).toEqual([[{ ...note, text: 'New filter' }]]);
});

it('refuses what is none, says what the keep refused, and shows neither', async () => {
	const { made, told } = await notebook();
	for (const bad of [
		{ text: ' ' },
		{ toMs: 999 },
		{ fromMs: NaN },
		{ text: 'x'.repeat(2001) },
		{ device: 'a/b' }
	])
		expect(await made.calls.saveAnnotation({ ...note, ...bad } as Annotation, context)).toEqual({
			ok: false,
			error: { kind: 'not-valid' }
		});
	const full = memoryKeep();
	const rows = full.rows('annotations', parseAnnotation);
	const failing = new Notebook({
		annotations: { ...rows, put: () => Promise.reject(new Error('disk full')) },
		views: full.rows('views', parseSavedView)
	});
	expect(await failing.calls.saveAnnotation(note, context)).toMatchObject({
		error: { kind: 'not-stored', cause: 'Error: disk full' }
	});
	expect(told).toEqual([[]]);
});

it('forgets what was written about a forgotten device, and nothing else', async () => {
	const { made, told } = await notebook();
	await made.calls.saveAnnotation(note, context);
	await made.calls.saveAnnotation({ ...note, id: 'b', device: other.value }, context);
	const view = { id: 'v', name: 'Nights', query: 'last=1', createdMs: 1 };
	await made.calls.saveView({ ...view, device: bench.value }, context);
	const views: number[] = [];
	made.feeds.views(null, (all) => views.push(all.length), never);
	await made.forget(bench.value);
	expect(told.at(-1)?.map(({ id }) => id)).toEqual(['b']);
	expect(views).toEqual([1, 0]);
});
