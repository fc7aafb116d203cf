/** What a flash chip says of itself: JEDEC's "read identification" (0x9F). */
export interface FlashId {
	/** JEDEC's number of the maker, one byte. */
	readonly maker: number;
	/** The maker's own, two bytes: kind, then the capacity. */
	readonly device: number;
}

/** Makers of the flashes that Espressif's chips are sold and built with. Source: flashrom's `flashchips.h` and ESP-IDF's `spi_flash_chip_*.c`. */
const MAKERS: Readonly<Record<number, string>> = {
	0x01: 'Infineon (Spansion)',
	0x0b: 'XTX',
	0x1c: 'EON',
	0x1f: 'Renesas (Adesto)',
	0x20: 'XMC',
	0x5e: 'Zbit',
	0x68: 'Boya',
	0x85: 'Puya',
	0x8c: 'ESMT',
	0x9d: 'ISSI',
	0xa1: 'Fudan',
	0xba: 'Zetta',
	0xbf: 'Microchip (SST)',
	0xc2: 'Macronix',
	0xc8: 'GigaDevice',
	0xcd: 'TH',
	0xef: 'Winbond'
};

/** @param word as esptool-js gives it: the first byte on the wire lowest. @returns null where no flash answers */
export function flashIdOf(word: number): FlashId | null {
	const id = word & 0xffffff;
	if (id === 0 || id === 0xffffff) return null; // the lines are low or high all the time
	return { maker: id & 0xff, device: (id & 0xff00) | ((id >>> 16) & 0xff) };
}

/** "Winbond, EF 4016": what is printed in datasheets, and what other tools show. */
export function flashIdWords({ maker, device }: FlashId): string {
	const hex = (value: number, digits: number) => value.toString(16).toUpperCase().padStart(digits, '0');
	return `${MAKERS[maker] ?? 'Maker unknown'}, ${hex(maker, 2)} ${hex(device, 4)}`;
}
