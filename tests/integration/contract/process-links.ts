import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { startLinuxNode, type LinuxDevice } from '../linux-node';
import { expect } from 'vitest';
import { startMosquitto } from '../mosquitto';
import { bearerOf, KEYS_SET, KEYS_TAKEN, SealingCallers } from './keys';
import { AnswerQueue, type ContractDevice, type ContractLink, type Fleet } from './link';
import { openPty } from './pty';

/** One process with devices whose clock is the machine's, and one whose clock was never set; each has a cable. */
async function startFleet(fleet: Fleet, args: readonly string[]) {
	const folder = await mkdtemp(join(tmpdir(), 'fieldbench-contract-'));
	const start = async (name: string, count: number, more: readonly string[]) => {
		const cable = ['--serial-pty', join(folder, name)];
		return startLinuxNode([
			...['--id', `sim-${name}`, '--count', String(Math.max(2, count))],
			...[...more, ...cable, ...args]
		]);
	};
	const set = await start('clock', fleet.withClock, []);
	const unset = await start('no-clock', fleet.withoutClock, ['--unix-ms', '0']);
	return {
		device: (index: number, clock: boolean): LinuxDevice => (clock ? set : unset).devices[index]!,
		stop: async () => {
			await Promise.all([set.stop(), unset.stop()]);
			await rm(folder, { recursive: true, force: true });
		}
	};
}

/** Frames over the pseudo terminal, docs/protocol.md §8. */
async function atCable(device: LinuxDevice) {
	const answers = new AnswerQueue<unknown>();
	const cable = await openPty(device.pty!, { frame: (json) => answers.put(JSON.parse(json)) });
	return {
		ask: (request: string) => {
			cable.send(request);
			return answers.next(request);
		},
		close: () => cable.close()
	};
}

async function giveSecret(device: LinuxDevice): Promise<void> {
	const cable = await atCable(device);
	expect(await cable.ask(KEYS_SET)).toEqual(KEYS_TAKEN);
	cable.close();
}

const nowS = () => Date.now() / 1000;

/** Raw requests to `/api/rpc`. */
export async function httpLink(fleet: Fleet): Promise<ContractLink> {
	const nodes = await startFleet(fleet, ['--http', '0']);
	return {
		nowS,
		device: async (index, { clock, keyed }): Promise<ContractDevice> => {
			const device = nodes.device(index, clock);
			if (keyed) await giveSecret(device);
			return {
				ask: async (body, as) => {
					const answer = await fetch(`${device.http ?? ''}/api/rpc`, {
						method: 'POST',
						headers: { 'Content-Type': 'application/json', ...(await bearerOf(device.id, as)) },
						body
					});
					return answer.json() as Promise<unknown>;
				}
			};
		},
		close: nodes.stop
	};
}

export async function serialLink(fleet: Fleet): Promise<ContractLink> {
	const nodes = await startFleet(fleet, []);
	const open: { close(): void }[] = [];
	return {
		nowS,
		device: async (index, { clock, keyed }) => {
			const cable = await atCable(nodes.device(index, clock));
			open.push(cable);
			if (keyed) expect(await cable.ask(KEYS_SET)).toEqual(KEYS_TAKEN);
			return cable;
		},
		close: async () => {
			open.forEach((cable) => cable.close());
			await nodes.stop();
		}
	};
}

/** Topics of docs/protocol.md §3 through mosquitto. */
export async function mqttLink(fleet: Fleet): Promise<ContractLink> {
	// Each request waits for its answer, so Nagle's algorithm would only add 40 ms to each way.
	const broker = await startMosquitto({ extraConfig: ['set_tcp_nodelay true'] });
	const client = await mqtt.connectAsync(broker.tcpUrl);
	const online = new Map<string, () => void>();
	const answers = new Map<string, AnswerQueue<string>>();
	client.on('message', (topic, payload) => {
		const [, , id = '', leaf] = topic.split('/');
		const text = payload.toString();
		if (leaf === 'response') entry(answers, id, () => new AnswerQueue<string>()).put(text);
		else if ((JSON.parse(text) as { state?: string }).state === 'online') entry(online, id, () => () => {})();
	});
	const nodes = await startFleet(fleet, ['--broker', broker.tcpUrl]);
	return {
		nowS,
		device: async (index, { clock, keyed }) => {
			const device = nodes.device(index, clock);
			const { id } = device;
			if (keyed) await giveSecret(device);
			const up = new Promise<void>((resolve) => online.set(id, resolve));
			await client.subscribeAsync([`iot/node/${id}/response`, `iot/node/${id}/status`], { qos: 1 });
			await up; // retained, or yet to come
			const callers = new SealingCallers(id);
			return {
				ask: (request, as) =>
					callers.ask(request, as, async (text) => {
						await client.publishAsync(`iot/node/${id}/command`, text, { qos: 1 });
						return entry(answers, id, () => new AnswerQueue<string>()).next(request);
					})
			};
		},
		close: async () => {
			await nodes.stop();
			await client.endAsync();
			await broker.stop();
		}
	};
}

function entry<T>(map: Map<string, T>, key: string, make: () => T): T {
	const found = map.get(key) ?? make();
	map.set(key, found);
	return found;
}
