import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { nodeMessage, remainingLength, type NodeMessage } from './node-message';
import type { Offer, Offered } from './publisher';

/** Between two writes, ms. Shorter wakes the processor for nothing, longer makes bursts that no set of devices makes. */
const BEAT_MS = 2;
/** Written to the socket at once, at most: beyond, the broker reads too slowly and the rest is late. */
const MOST_PER_BEAT = 2000;

const [port] = process.argv.slice(2).map(Number);
if (port === undefined || process.send === undefined) throw new Error('started by publisher.ts');
const socket = connect(port, '127.0.0.1');
socket.setNoDelay(true);
await once(socket, 'connect');
socket.write(connectPacket(`bench-${process.pid}`));
await once(socket, 'data'); // CONNACK
socket.resume();
process.on('message', (offer: Offer) => {
	void run(socket, offer).then((offered) => process.send?.(offered));
});
process.send('ready');

/** Offers messages at an even rate, device after device in turn. */
async function run(to: Socket, offer: Offer): Promise<Offered> {
	const nodes = Array.from({ length: offer.devices }, (_, i) =>
		nodeMessage({ id: `${offer.idPrefix}${i}`, epoch: offer.epoch, values: offer.values })
	);
	const total = Math.round((offer.ratePerS * offer.durationMs) / 1000);
	const sentMs: number[] = [];
	const startMs = performance.now();
	let sent = 0;
	let mostLate = 0;
	while (sent < total) {
		const dueNow = Math.min(total, Math.ceil(((performance.now() - startMs) * offer.ratePerS) / 1000));
		const late = dueNow - sent;
		mostLate = Math.max(mostLate, late);
		const size = Math.min(late, MOST_PER_BEAT);
		if (size > 0) {
			const packets: Buffer[] = [];
			const nowMs = performance.timeOrigin + performance.now();
			for (let i = 0; i < size; i++) packets.push(Buffer.from(turn(nodes, sent + i).next(nowMs)));
			if (offer.stamps) for (let i = 0; i < size; i++) sentMs.push(nowMs);
			sent += size;
			if (!to.write(Buffer.concat(packets))) await once(to, 'drain');
		}
		await new Promise((resolve) => setTimeout(resolve, BEAT_MS));
	}
	return {
		sent,
		tookMs: performance.now() - startMs,
		sentMs,
		mostLateMs: (mostLate * 1000) / offer.ratePerS
	};
}

function turn(nodes: readonly NodeMessage[], index: number): NodeMessage {
	const node = nodes[index % nodes.length];
	if (!node) throw new RangeError('at least one device');
	return node;
}

/** MQTT 3.1.1, §3.1: clean session, no keep-alive. */
function connectPacket(clientId: string): Buffer {
	const id = Buffer.from(clientId);
	const rest = Buffer.concat([
		Buffer.from([0, 4]),
		Buffer.from('MQTT'),
		Buffer.from([4, 2, 0, 0, id.length >> 8, id.length & 0xff]),
		id
	]);
	return Buffer.concat([Buffer.from([0x10]), remainingLength(rest.length), rest]);
}
