import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { startLinuxNode, type LinuxDevice } from '../linux-node';
import { startMosquitto } from '../mosquitto';
import { AnswerQueue, type ContractDevice, type ContractLink, type Fleet } from './link';
import { openPty } from './pty';

/** One process with devices whose clock is the machine's, and one whose clock was never set. */
async function startFleet(fleet: Fleet, args: (name: string) => readonly string[]) {
	const start = async (name: string, count: number, more: readonly string[]) =>
		startLinuxNode(['--id', `sim-${name}`, '--count', String(Math.max(2, count)), ...more, ...args(name)]);
	const set = await start('clock', fleet.withClock, []);
	const unset = await start('no-clock', fleet.withoutClock, ['--unix-ms', '0']);
	return {
		device: (index: number, clock: boolean): LinuxDevice => (clock ? set : unset).devices[index]!,
		stop: async () => {
			await Promise.all([set.stop(), unset.stop()]);
		}
	};
}

const nowS = () => Date.now() / 1000;

/** Raw requests to `/api/rpc`. */
export async function httpLink(fleet: Fleet): Promise<ContractLink> {
	const nodes = await startFleet(fleet, () => ['--http', '0']);
	return {
		nowS,
		device: async (index, clock): Promise<ContractDevice> => {
			const base = nodes.device(index, clock).http ?? '';
			return {
				ask: async (body) => {
					const answer = await fetch(`${base}/api/rpc`, {
						method: 'POST',
						headers: { 'Content-Type': 'application/json' },
						body
					});
					return answer.json() as Promise<unknown>;
				}
			};
		},
		close: nodes.stop
	};
}

/** Frames over a pseudo terminal, docs/protocol.md §8. */
export async function serialLink(fleet: Fleet): Promise<ContractLink> {
	const folder = await mkdtemp(join(tmpdir(), 'fieldbench-contract-'));
	const nodes = await startFleet(fleet, (name) => ['--serial-pty', join(folder, name)]);
	const open: { close(): void }[] = [];
	return {
		nowS,
		device: async (index, clock) => {
			const answers = new AnswerQueue();
			const cable = await openPty(nodes.device(index, clock).pty!, {
				frame: (json) => answers.put(JSON.parse(json))
			});
			open.push(cable);
			return {
				ask: (request) => {
					cable.send(request);
					return answers.next(request);
				}
			};
		},
		close: async () => {
			open.forEach((cable) => cable.close());
			await nodes.stop();
			await rm(folder, { recursive: true, force: true });
		}
	};
}

/** Topics of docs/protocol.md §3 through mosquitto. */
export async function mqttLink(fleet: Fleet): Promise<ContractLink> {
	// Each request waits for its answer, so Nagle's algorithm would only add 40 ms to each way.
	const broker = await startMosquitto({ extraConfig: ['set_tcp_nodelay true'] });
	const client = await mqtt.connectAsync(broker.tcpUrl);
	const online = new Map<string, () => void>();
	const answers = new Map<string, AnswerQueue>();
	client.on('message', (topic, payload) => {
		const [, , id = '', leaf] = topic.split('/');
		const told = JSON.parse(payload.toString()) as { state?: string };
		if (leaf === 'status' && told.state === 'online') entry(online, id, () => () => {})();
		if (leaf === 'response') entry(answers, id, () => new AnswerQueue()).put(told);
	});
	const nodes = await startFleet(fleet, () => ['--broker', broker.tcpUrl]);
	return {
		nowS,
		device: async (index, clock) => {
			const { id } = nodes.device(index, clock);
			const up = new Promise<void>((resolve) => online.set(id, resolve));
			await client.subscribeAsync([`iot/node/${id}/response`, `iot/node/${id}/status`], { qos: 1 });
			await up; // retained, or yet to come
			return {
				ask: async (request) => {
					await client.publishAsync(`iot/node/${id}/command`, request, { qos: 1 });
					return entry(answers, id, () => new AnswerQueue()).next(request);
				}
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
