/** How many lines are in one piece: some 16 KiB, what a fast port gives at once. */
export const floodChunk = { lines: 200 } as const;

const TAGS = ['wifi', 'mqtt_client', 'app_main', 'esp_netif_handlers', 'sensor'] as const;
const LETTERS = ['I', 'W', 'D', 'E'] as const;

/** The text of a line, as ESP-IDF writes it; different from every other one. */
export function floodLine(n: number): string {
	return `${LETTERS[n % 4]!} (${1000 + n}) ${TAGS[n % 5]!}: reading ${n} of channel ${n % 7}: ${(n * 37) % 4096} mV, rssi -${40 + (n % 50)}`;
}

const COLOURS = { I: '0;32', W: '0;33', D: '0;36', E: '0;31' } as const;

/** The piece of that number as bytes, with ESP-IDF's colours and line ends. */
export function floodBytes(chunk: number): Uint8Array<ArrayBuffer> {
	let text = '';
	for (let n = chunk * floodChunk.lines; n < (chunk + 1) * floodChunk.lines; n++)
		text += `\u001b[${COLOURS[LETTERS[n % 4]!]}m${floodLine(n)}\u001b[0m\r\n`;
	return new TextEncoder().encode(text);
}
