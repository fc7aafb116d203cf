import { createRawSnippet } from 'svelte';
import { expect, it } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { render } from 'vitest-browser-svelte';
import Dialog from './Dialog.svelte';

const children = createRawSnippet(() => ({ render: () => '<p>Body <input aria-label="First" /></p>' }));

it('puts focus where it is wanted, and gives it back', async () => {
	const opener = document.createElement('button');
	opener.textContent = 'Open';
	document.body.append(opener);
	opener.focus();
	let closed = 0;
	const screen = await render(Dialog, {
		open: false,
		title: 'A question',
		onclose: () => closed++,
		children
	});

	await screen.rerender({ open: true });
	await expect.element(page.getByRole('dialog', { name: 'A question' })).toBeVisible();
	await expect.element(page.getByLabelText('First')).toHaveFocus();

	await screen.rerender({ open: false });
	await expect.element(opener).toHaveFocus();
	expect(closed).toBe(0);
	opener.remove();
});

it('tells its owner of Escape', async () => {
	let closed = 0;
	await render(Dialog, { open: true, title: 'A question', onclose: () => closed++, children });
	await userEvent.keyboard('{Escape}');
	await expect.poll(() => closed).toBe(1);
});
