import type { SerialPortLike } from './port';

/** What is at the computer's end of the cable, by its USB numbers. */
export type UsbKind =
	/** A chip of its own between USB and the UART. */
	| 'bridge'
	/** The serial port and debugger that most chips since the ESP32-C3 have inside. */
	| 'serial-jtag'
	/** The chip's full USB, driven by its ROM or its program: ESP32-S2, S3, P4. */
	| 'otg'
	/** The port tells no numbers: no USB, or a browser that keeps them back. */
	| 'unknown';

/** Espressif's numbers (github.com/espressif/usb-pids): two of its products are no chip's own USB-OTG. */
const ESPRESSIF_VENDOR = 0x303a;
const SERIAL_JTAG_PRODUCT = 0x1001;
const USB_BRIDGE_PRODUCT = 0x1002;

export function usbKindOf(port: Pick<SerialPortLike, 'getInfo'>): UsbKind {
	const { usbVendorId, usbProductId } = port.getInfo();
	if (usbVendorId === undefined) return 'unknown';
	if (usbVendorId !== ESPRESSIF_VENDOR || usbProductId === USB_BRIDGE_PRODUCT) return 'bridge';
	return usbProductId === SERIAL_JTAG_PRODUCT ? 'serial-jtag' : 'otg';
}

/** A chip's own USB leaves the bus when the chip restarts, and comes back as a new port. */
export const isNativeUsb = (port: Pick<SerialPortLike, 'getInfo'>): boolean =>
	['serial-jtag', 'otg'].includes(usbKindOf(port));
