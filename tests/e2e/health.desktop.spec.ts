import AxeBuilder from '@axe-core/playwright';
import mqtt from 'mqtt';
import { expect, SERVER_GONE, test } from './fixtures';
import { connectLocal } from './screens';

test('the health screen tells garbage by its kind, the broker’s own figures and its end, and keeps what it knew', async ({
	page,
	bench,
	guard,
	openBrowser
}) => {
	guard.expect(SERVER_GONE); // the broker is killed on purpose
	await bench.addNode('sim-bench-1', 'Bench 1');
	await connectLocal(page, bench);
	await page.getByRole('navigation', { name: 'Places' }).getByRole('link', { name: 'Health' }).click();
	const panel = (name: string) => page.getByRole('region', { name, exact: true });
	const session = panel('Broker and session');
	await expect(session).toContainText('Connected');
	await expect(session).toContainText(/Round trip\s*\d/u);
	await expect(panel('What the broker says of itself')).toContainText('mosquitto');
	await expect(panel('Devices')).toContainText('Bench 1');
	await expect(panel('Writing and reading')).toContainText('Write, until it is on disk');

	const client = await mqtt.connectAsync(bench.tcpUrl, { reconnectPeriod: 0 });
	client.on('error', () => undefined); // its broker goes too
	for (const garbage of ['{', '{', '[]'])
		await client.publishAsync('iot/node/fb-1/telemetry', garbage, { qos: 1 });
	const kinds = page.getByRole('table', { name: 'How often each went wrong' });
	await expect(kinds.getByRole('row', { name: 'Message Not JSON 2', exact: true })).toBeVisible();
	await expect(
		kinds.getByRole('row', { name: 'Message JSON, but not an object 1', exact: true })
	).toBeVisible();
	await expect(page.getByRole('region', { name: /^3 of [\d,]+ messages were not taken$/u })).toBeVisible();

	await bench.stopBroker();
	const told = page.getByRole('region', { name: 'The connection was closed from the other end' });
	await expect(told.or(page.getByRole('region', { name: 'Nobody answers at this address' }))).toBeVisible();
	await expect(session).toContainText('Not connected');
	const { violations } = await new AxeBuilder({ page }).analyze();
	expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`)).toEqual([]);

	await page.context().close();
	const again = (await openBrowser()).pages()[0]!;
	await again.goto('/health');
	const errors = again.getByRole('region', { name: 'Errors by kind' });
	await expect(errors.getByRole('row', { name: 'Message Not JSON 2', exact: true })).toBeVisible();
	await errors.getByRole('button', { name: 'Count anew' }).click();
	await expect(errors).toContainText('Nothing was refused');
	await again.getByText('What happened, newest first').click();
	const states = again.getByRole('table', { name: 'States of the session' });
	await expect(states).toContainText('Closed from the other end');
	await expect(states).toContainText(`Connected to ${bench.brokerName}`);
});
