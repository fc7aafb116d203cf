/**
 * Telemetry of one node as ready MQTT 3.1.1 PUBLISH packets of QoS 0 (OASIS MQTT 3.1.1, §3.3): the packet is made once and each
 * sample only rewrites its digits in place, so that offering tens of thousands a second leaves the processor to what is measured.
 */
export interface NodeMessage {
	/** The packet holding the next sample; it is overwritten by the next call. */
	next(nowMs: number): Buffer;
	/** Bytes of its payload. */
	readonly payloadBytes: number;
	/** Samples made so far. */
	readonly count: number;
}

export interface NodeOptions {
	readonly id: string;
	/** 32 bits, not 0: a new log. */
	readonly epoch: number;
	/** `walk`: as a sensor's; `count`: temperature is 100.0, 100.1, … so that each sample shows another number. */
	readonly values: 'walk' | 'count';
}

export const PAYLOAD_BYTES = 200;
/** Metrics in one sample: what the decoder makes of it, `wifi_rssi` and `uptime` among them. */
export const POINTS_PER_MESSAGE = 5;
/** The temperature of sample 0 under `count`; sample n is n/10 higher. Room for 9,000. */
export const FIRST_COUNT_TENTHS = 1000;

/** Numbers keep their width: seven digits begin here. */
const FIRST_SEQ = 1_000_000;
const FIRST_UPTIME_S = 100_000;

export function nodeMessage({ id, epoch, values }: NodeOptions): NodeMessage {
	const topic = Buffer.from(`iot/node/${id}/telemetry`);
	const bare = template(epoch, '');
	const text = template(epoch, 'x'.repeat(Math.max(0, PAYLOAD_BYTES - bare.length)));
	const head = Buffer.concat([
		Buffer.from([0x30]),
		remainingLength(2 + topic.length + text.length),
		Buffer.from([topic.length >> 8, topic.length & 0xff]),
		topic
	]);
	const packet = Buffer.concat([head, Buffer.from(text)]);
	const place = (name: string) => head.length + text.indexOf(`"${name}":`) + name.length + 3;
	const at = {
		timestamp: place('timestamp'),
		temperature: place('temperature'),
		humidity: place('humidity'),
		pressure: place('pressure'),
		rssi: place('wifi_rssi') + 1,
		uptime: place('uptime'),
		seq: place('seq')
	};
	const walk = {
		temperature: walker(2150, 1000, 9900),
		humidity: walker(4820, 1000, 9900),
		pressure: walker(10132, 10000, 10900),
		rssi: walker(61, 40, 90)
	};
	let count = 0;
	return {
		payloadBytes: text.length,
		get count() {
			return count;
		},
		next(nowMs) {
			const ms = Math.floor(nowMs);
			digits(packet, at.timestamp, 14, 3, ms);
			if (values === 'walk') digits(packet, at.temperature, 5, 2, walk.temperature());
			else digits(packet, at.temperature, 5, 1, FIRST_COUNT_TENTHS + count);
			digits(packet, at.humidity, 5, 2, walk.humidity());
			digits(packet, at.pressure, 6, 1, walk.pressure());
			digits(packet, at.rssi, 2, 0, walk.rssi());
			digits(packet, at.uptime, 6, 0, FIRST_UPTIME_S + (Math.floor(ms / 1000) % 800_000));
			digits(packet, at.seq, 7, 0, FIRST_SEQ + count);
			count++;
			return packet;
		}
	};
}

const template = (epoch: number, padding: string): string =>
	`{"timestamp":0000000000.000,"sensors":{"temperature":000.0,"humidity":00.00,"pressure":0000.0},` +
	`"wifi_rssi":-00,"uptime":000000,"epoch":${epoch},"seq":0000000,"clock":"sync","pad":"${padding}"}`;

/** A random walk between bounds, a step of at most 2 each time: what a sensor's last digit does. */
function walker(from: number, least: number, most: number): () => number {
	let value = from;
	return () => {
		value += Math.floor(Math.random() * 5) - 2;
		return (value = Math.min(most, Math.max(least, value)));
	};
}

/** Writes `value` into `width` characters with a point before the last `decimals` digits. */
function digits(to: Buffer, offset: number, width: number, decimals: number, value: number): void {
	let rest = value;
	const point = decimals === 0 ? -1 : width - 1 - decimals;
	for (let i = width - 1; i >= 0; i--) {
		if (i === point) {
			to[offset + i] = 0x2e;
			continue;
		}
		to[offset + i] = 0x30 + (rest % 10);
		rest = Math.floor(rest / 10);
	}
}

/** MQTT 3.1.1, §2.2.3: seven bits a byte, lowest first. */
export function remainingLength(length: number): Buffer {
	const bytes: number[] = [];
	for (let rest = length; ; rest >>= 7) {
		if (rest < 128) return Buffer.from([...bytes, rest]);
		bytes.push((rest & 127) | 128);
	}
}
