import AxeBuilder from '@axe-core/playwright';
import mqtt from 'mqtt';
import { expect, test } from './fixtures';
import { connectLocal, session, view } from './screens';

test('the overview counts, warns, says what needs somebody, and leads to a device’s life', async ({
	page,
	bench
}) => {
	const hand = await mqtt.connectAsync(bench.tcpUrl, { reconnectPeriod: 0 });
	const say = (topic: string, body: object, retain = false) =>
		hand.publishAsync(`iot/node/${topic}`, JSON.stringify(body), { qos: 1, retain });
	await bench.addNode('sim-bench-1', 'Bench 1');
	const second = await bench.addNode('sim-bench-2', 'Bench 2');
	await connectLocal(page, bench);
	await say('fb-roof/status', { state: 'online', name: 'Roof', fw: '1.0.0', boot: 1 }, true);
	const seconds = Date.now() / 1000;
	const measured = { timestamp: seconds, sensors: { power: 1250 }, epoch: 7, seq: 0, clock: 'sync' };
	await say('fb-roof/telemetry', measured);

	await page.getByRole('link', { name: 'Overview' }).click();
	const simulated = page.getByRole('region', { name: 'Simulated devices' });
	await expect(simulated).toContainText('2of 2 active');
	await expect(page.getByRole('region', { name: 'Active devices' })).toContainText('1of 1 active');
	await expect(page.getByRole('region', { name: 'Power', exact: true })).toContainText('1.25kW');
	const needs = page.getByRole('region', { name: 'Needs you now' });
	await expect(needs).toContainText('Nothing');

	second.cut();
	await expect(needs).toContainText('1 simulated device offline');
	const alert = { rule: 'hot', text: 'Heat sink is hot', severity: 'critical', timestamp: seconds - 60 };
	await say('fb-roof/alerts', { ...alert, raised: true });
	await say('fb-roof/alerts', { ...alert, raised: true });
	await expect(needs).toContainText('Roof: Heat sink is hot');
	const alerts = page.getByRole('region', { name: 'Alerts' });
	await expect(alerts.getByRole('listitem')).toHaveCount(1);
	await expect(alerts).toContainText('It still holds: act now.');
	await alerts.getByRole('button', { name: /^Acknowledge.*Heat sink/u }).click();
	await expect(needs).not.toContainText('Heat sink');
	await page.reload();
	await expect(alerts).toContainText('You know of all of them');
	await expect(session(page)).toContainText(`Live on ${bench.brokerName}`);
	await say('fb-roof/alerts', { ...alert, raised: false, timestamp: seconds });
	await alerts.getByText('All (1)').click();
	await expect(alerts).toContainText('It is over. It held for 1 minute.');
	const { violations } = await new AxeBuilder({ page }).analyze();
	expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`)).toEqual([]);

	await page.getByRole('searchbox').fill('roof');
	const devices = page.getByRole('region', { name: 'Devices', exact: true });
	await expect(devices).toContainText('1 of 3');
	await devices.getByRole('link', { name: 'Roof', exact: true }).click();
	await say('fb-roof/status', { state: 'online', name: 'Roof', fw: '1.1.0', boot: 2 }, true);
	await view(page, 'Events');
	const status = page.getByRole('region', { name: 'Status' });
	await expect(status).toContainText(/100 %\s*online/u);
	await expect(status).toContainText('One restart');
	const events = page.getByRole('region', { name: 'Events', exact: true });
	await expect(events).toContainText('1.0.0 → 1.1.0');
	await events.getByRole('combobox', { name: 'Which events' }).selectOption('alerts');
	const rows = page.getByRole('table', { name: /What happened/u }).getByRole('row');
	await expect(rows).toHaveCount(3); // its head, the end, and the beginning from before the reload
	await rows.last().getByRole('link').click();
	await expect(page).toHaveURL(/view=history&from=/u);
	await hand.endAsync(true);
});
