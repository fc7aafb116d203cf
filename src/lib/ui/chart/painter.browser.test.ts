import { expect, it } from 'vitest';
import { Painter } from './painter';
import { readColours } from './plot-colours';

it('tells every chart, and who waits for a picture, that the part that draws does not work', async () => {
	const broken = new Worker(URL.createObjectURL(new Blob(['throw new Error("not today")'])));
	const painter = new Painter(broken);
	const said: string[] = [];
	const look = { colours: readColours(document.body), calm: true };
	const canvases = () => ({
		canvas: document.createElement('canvas'),
		overlay: document.createElement('canvas')
	});
	const view = { fromMs: 0, toMs: 1000, following: false };
	const scene = { layers: [], markers: [], simulated: false, view };
	const open = () => painter.open({ ...canvases(), look, onfailed: (why) => said.push(why) }, scene);
	const picture = () =>
		painter.picture({ title: '', ...scene, ...view, colours: look.colours, pixelRatio: 1 });

	open();
	await expect(picture()).rejects.toThrow('not today');
	expect(said).toEqual([expect.stringContaining('not today')]);
	open();
	expect(said).toHaveLength(2);
	await expect(picture()).rejects.toThrow('not today');
	broken.terminate();
});
