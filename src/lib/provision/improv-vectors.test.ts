import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { concatBytes, ManualClock, toHex, utf8 } from '$lib/base';
import { BoardPort, encodeImprov } from '$lib/link';
import { FakePort } from '../../../tests/fixtures/serial/fake-port';
import { ImprovClient } from './improv-client';
import { improvOverLine } from './improv-wire';

interface ImprovCase {
	readonly name: string;
	readonly steps: readonly {
		readonly send: string;
		readonly answer: readonly { readonly is: readonly (string | number)[]; readonly hex?: string }[];
		readonly client?: {
			readonly call: 'state' | 'info' | 'scan' | 'join';
			readonly ssid?: string;
			readonly password?: string;
			readonly is: unknown;
		};
	}[];
}

const cases = JSON.parse(readFileSync('tests/vectors/improv.json', 'utf8')) as readonly ImprovCase[];
const steps = cases.flatMap(({ name, steps }) =>
	steps.map((step, i) => ({ ...step, name: `${name} (${i})` }))
);

let clock: ManualClock;
let port: FakePort;
let client: ImprovClient;
let signal: AbortSignal;

async function open(): Promise<void> {
	clock = new ManualClock();
	port = new FakePort();
	signal = new AbortController().signal;
	const leased = await new BoardPort(port, { clock }).lease('line', signal);
	const opened = leased.ok ? await leased.value.open(115_200) : leased;
	if (!opened.ok) throw new Error(opened.error.kind);
	client = new ImprovClient(improvOverLine(opened.value), { clock });
}

const settle = () => new Promise((resolve) => setImmediate(resolve));
const bytesOf = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'));

/** The one answer that has no bytes in the file is the one that tells the firmware's version. */
function packetOf({ is: [, ...rest], hex }: ImprovCase['steps'][number]['answer'][number]): Uint8Array {
	if (hex !== undefined) return bytesOf(hex);
	const [command, ...texts] = rest;
	const body = concatBytes(
		texts.map((text) => concatBytes([Uint8Array.of(utf8(String(text)).length), utf8(String(text))]))
	);
	return encodeImprov(4, concatBytes([Uint8Array.of(Number(command), body.length), body]));
}

describe('the client on improv.json', () => {
	beforeAll(() => expect(steps.some((step) => step.client)).toBe(true));

	for (const { name, send, answer, client: told } of steps) {
		if (!told) continue;
		it(name, async () => {
			await open();
			const asked =
				told.call === 'join'
					? client.join({ ssid: told.ssid ?? '', password: told.password ?? '' }, signal)
					: client[told.call](signal);
			await settle();
			expect(port.written.map((bytes) => toHex(bytes))).toEqual([send]);
			for (const packet of answer) port.say(packetOf(packet));
			await settle();
			expect(await asked).toEqual(told.is);
		});
	}
});
