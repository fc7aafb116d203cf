import { ManualClock, textOf, utf8 } from '$lib/base';
import { testFirmware } from '../../../src/lib/lab/test-firmware';
import { VirtualDeviceHost } from '$lib/lab';
import { AnswerQueue, type ContractLink } from './link';

const UNIX_MS = 1_763_690_000_250;

/** The firmware as WebAssembly in this process, as the page has it. */
export async function loopbackLink(): Promise<ContractLink> {
	const firmware = await testFirmware();
	const hosts: VirtualDeviceHost[] = [];
	return {
		nowS: () => UNIX_MS / 1000,
		device: async (index, clock) => {
			const time = new ManualClock(clock ? UNIX_MS : 0);
			const host = await VirtualDeviceHost.load(firmware, { clock: time, monoMs: () => time.now() + 1e6 });
			if (!host.ok) throw new Error(host.error.kind);
			hosts.push(host.value);
			const answers = new AnswerQueue();
			const id = `sim-contract-${index}`;
			const device = host.value.add(
				{ id, name: id, seed: 7 },
				{
					publish: ({ topic, payload }) => {
						if (topic.endsWith('/response')) answers.put(JSON.parse(textOf(payload) ?? 'null'));
					}
				}
			);
			if (!device.ok) throw new Error(device.error.kind);
			device.value.setLink(true);
			return {
				ask: (request) => {
					device.value.deliver(device.value.commandTopic, utf8(request));
					return answers.next(request);
				}
			};
		},
		close: async () => hosts.forEach((host) => host.close())
	};
}
