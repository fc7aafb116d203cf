/** USB makers and their parts that ESP32 boards carry. Source: the USB ID repository, usb.ids, 10c4, 1a86, 0403, 067b and 303a. */
const BRIDGES: Readonly<
	Record<number, { readonly maker: string; readonly parts: Readonly<Record<number, string>> }>
> = {
	0x10c4: { maker: 'Silicon Labs', parts: { 0xea60: 'CP210x', 0xea70: 'CP2105', 0xea71: 'CP2108' } },
	0x1a86: {
		maker: 'WCH',
		parts: { 0x7522: 'CH340K', 0x7523: 'CH340', 0x55d3: 'CH343', 0x55d4: 'CH9102' }
	},
	0x0403: {
		maker: 'FTDI',
		parts: { 0x6001: 'FT232R', 0x6010: 'FT2232', 0x6014: 'FT232H', 0x6015: 'FT231X' }
	},
	0x067b: { maker: 'Prolific', parts: { 0x2303: 'PL2303' } },
	0x303a: { maker: 'Espressif', parts: { 0x1001: 'USB of the chip itself', 0x0002: 'ESP32-S2 USB' } }
};

/** What a port calls itself: browsers tell a page the two numbers and nothing else. */
export function portName(info: { readonly vendorId?: number; readonly productId?: number }): string {
	if (info.vendorId === undefined) return 'Serial port';
	const bridge = BRIDGES[info.vendorId];
	const part = info.productId === undefined ? undefined : bridge?.parts[info.productId];
	if (bridge && part) return `${bridge.maker} ${part}`;
	return `${bridge?.maker ?? 'USB serial'} ${usbNumbers(info)}`;
}

/** "10c4:ea60", as `lsusb` writes it. */
export function usbNumbers(info: { readonly vendorId?: number; readonly productId?: number }): string {
	const hex = (n: number | undefined) => (n ?? 0).toString(16).padStart(4, '0');
	return `${hex(info.vendorId)}:${hex(info.productId)}`;
}
